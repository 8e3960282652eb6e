"""Run folder: what a pretraining run keeps on disk, so that it goes on as if nothing had stopped it."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch

from recontact.artifact import sha256
from recontact_data.errors import CorpusError, RecipeError
from recontact_training.recipe import PretrainRecipe

MAY_CHANGE = ("steps", "checkpoint_minutes")


def fingerprint(folder: Path) -> str:
    """What tells one encoder folder from another: the hashes of its weights and of its tokenizer."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin"), *folder.glob("tokenizer.json")])
    return " ".join(sha256(file)[:16] for file in files)


def hash_of(lines: Iterable[str]) -> str:
    """What tells one text from another, line by line."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def corpus_listing(folder: Path) -> dict[str, str]:
    """Hashes of the files of a corpus folder that a run learns from, by their path in it.

    Raises:
        CorpusError: the folder does not exist, or holds no file of a corpus.
    """
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder at {folder}; it must hold mono/, parallel/ and dict/")
    parts = ("mono", "parallel", "dict")
    found = {
        str(file.relative_to(folder)): sha256(file)[:16] for part in parts for file in sorted((folder / part).glob("*"))
    }
    if not found:
        raise CorpusError(f"the corpus folder {folder} holds no text; it must hold files in mono/, parallel/ and dict/")
    return found


class RunFolder:
    """The folder of one run.

    Attributes:
        path: Where it is.
        half: Whether the run computes in half precision, as found out when it began.

    Raises:
        RecipeError: the folder holds a run of another recipe, corpus, teacher, start or number of processes.
    """

    def __init__(self, path: Path, recipe: PretrainRecipe, sources: dict[str, Any], half: bool) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        dials = {name: value for name, value in asdict(recipe).items() if name not in MAY_CHANGE}
        dials["languages"] = list(recipe.languages.items())  # their order too decides every draw
        wanted = json.loads(json.dumps({**dials, **sources}))
        file = path / "run.json"
        if file.exists():
            known = json.loads(file.read_text(encoding="utf-8"))
            self.half = bool(known.pop("half"))
            usual = {field.name: field.default for field in fields(PretrainRecipe)}  # a run may be older than a dial
            if changed := sorted(n for n in {*known, *wanted} if known.get(n, usual.get(n)) != wanted.get(n)):
                raise RecipeError(f"{path} holds a run whose {changed[0]} was another; give another folder with -o")
        else:
            self.half = half
            self.write("run.json", json.dumps({**wanted, "half": half}, indent=2))

    def write(self, name: str, text: str) -> None:
        """Writes a file, whole or not at all."""
        partial = self.path / f"{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.path / name)

    def save_start(self, model: Any) -> Path:
        """Keeps the encoder that the run begins with; returns its folder."""
        partial, whole = self.path / "start.partial", self.path / "start"
        shutil.rmtree(partial, ignore_errors=True)
        model.save_pretrained(partial)
        return partial.rename(whole)

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        """Keeps the state of a run."""
        torch.save(state, self.path / "checkpoint.partial")
        (self.path / "checkpoint.partial").replace(self.path / "checkpoint.pt")

    def checkpoint(self, device: torch.device) -> dict[str, Any] | None:
        """The state last kept; None if there is none."""
        file = self.path / "checkpoint.pt"
        return torch.load(file, map_location=device, weights_only=True) if file.exists() else None

    def log(self, entry: dict[str, Any]) -> None:
        """Adds a line to `retrieval.jsonl`."""
        with (self.path / "retrieval.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
