"""Artifact: a model folder, its manifest, and whether it is whole."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from recontact_data.errors import ModelError
from recontact_data.output_file import reach_disk

FORMAT = 1
MANIFEST = "manifest.json"
BUNDLED = Path(__file__).resolve().parent / "bundled"
GRAPH = "model.onnx"
WEIGHTS = "model.safetensors"
EVIDENCE = "evidence.safetensors"
TAXONOMY = "causes.yaml"


@dataclass(frozen=True)
class Manifest:
    """What a model folder says of itself.

    Attributes:
        name: The model's name.
        version: First twelve digits of the weights' sha256: same weights, same version. Of a model that was
            calibrated anew, of the sha256 over those of weights and calibration.
        created: Date, ISO 8601.
        max_length: Pieces of a comment that the model reads.
        files: sha256 of every other file of the folder, by name.
        data: Number of rows by split and a sha256 over them; the base, and how many of the rows it had learnt from.
        recipe: The dials of the training run.
        metrics: Figures found when it was made.
        format: Version of this form.
    """

    name: str
    version: str
    created: str
    max_length: int
    files: dict[str, str]
    data: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def model_version(self) -> str:
        """Name and version, as predictions carry it."""
        return f"{self.name}@{self.version}"


def taxonomy_file_of(base: str | Path, own: Path | None = None) -> Path | None:
    """Where the causes lie that a model trained from a base knows; None for the bundled ones.

    Args:
        base: An encoder folder, a hub name or a recontact model.
        own: The user's own causes, which come first.
    """
    if own is None and (Path(base) / MANIFEST).is_file():
        return Path(base) / TAXONOMY
    return own


def sha256(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest of a folder whose other files are all there."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def fingerprints(folder: Path) -> dict[str, str]:
    """sha256 of every file of a folder but the manifest, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST}


def read_manifest(folder: Path) -> Manifest:
    """Reads the manifest of a model folder.

    Raises:
        ModelError: there is no folder, no manifest, or one of another format.
    """
    if not folder.is_dir():
        raise ModelError(f"no model folder at {folder}; give the folder that `recontact train -o` wrote")
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
            raise ModelError(f"{folder} has format {content['format']}; this version reads format {FORMAT}")
        return Manifest(**content)
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no recontact model: it has no {MANIFEST}") from error
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{folder / MANIFEST} is damaged ({error}); copy the model again") from error


def verify(folder: Path) -> Manifest:
    """Checks that every file of a model folder is there and unchanged.

    Raises:
        ModelError: a file is missing or differs from the manifest.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelError(f"{folder} lacks {name}; copy the model again")
        if sha256(path) != expected:
            raise ModelError(f"{path} differs from the manifest; copy the model again")
    return manifest


def copy_model(source: Path, target: Path, manifest: Manifest) -> None:
    """Copies the files that a verified manifest names to a new folder, and has them reach the disk.

    Raises:
        ModelError: the copy differs from the manifest.
    """
    target.mkdir()  # not a temporary folder of the library, which only its owner may read
    for name in (*manifest.files, MANIFEST):
        shutil.copyfile(source / name, target / name)
        reach_disk(target / name)
    reach_disk(target)
    if verify(target) != manifest:
        raise ModelError(f"{source} changed while it was copied; copy it again")
