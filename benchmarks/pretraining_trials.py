"""Short pretraining runs that differ in one thing each: body, masked words, balance of the languages.

All begin from the word embeddings of START, an encoder folder as `recontact pretrain` keeps it in `start` (put the
`vocabulary.json` of that run beside it as `tokenizer.json`), and read about as many pieces times layers. Prints one
row a run: translations found among the 200 NTREX pairs that runs watch, and macro-F1 of a linear probe on the labelled
comments of five languages: learnt from a third of the training split, chosen on half of the validation split, scored on
the other.
    python benchmarks/pretraining_trials.py CORPUS TEACHER START OUT [steps]
The teacher's answers of the first run serve them all, and stay in OUT.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from transformers import AutoModel, BertModel, set_seed

from recontact_data.labels import label_matrix, load_labelled
from recontact_data.ngram_baseline import macro_f1
from recontact_data.taxonomy import load_taxonomy
from recontact_training.pretrain import pretrain
from recontact_training.probe import LONGEST, linear_probe
from recontact_training.recipe import PretrainRecipe, load_recipe
from recontact_training.sentence_vectors import SentenceEncoder


def at_random(model: BertModel) -> None:
    """Layers that know nothing."""
    set_seed(13)
    model.encoder = type(model)(model.config).encoder


def every_other(model: BertModel) -> None:
    """Half of the layers."""
    keep(model, range(1, len(model.encoder.layer), 2))


def twice(model: BertModel) -> None:
    """Each layer twice."""
    keep(model, [k for k in range(len(model.encoder.layer)) for _ in range(2)])


def keep(model: BertModel, layers: Any) -> None:
    """The named layers, one after the other."""
    states = [model.encoder.layer[k].state_dict() for k in layers]
    model.config.num_hidden_layers = len(states)
    model.encoder.layer = nn.ModuleList(type(model.encoder.layer[0])(model.config) for _ in states)
    for layer, state in zip(model.encoder.layer, states, strict=True):
        layer.load_state_dict(state)


PROBED = ("nb", "da", "bg", "zh", "en")
TRIALS: dict[str, tuple[Callable[[BertModel], None] | None, float, dict[str, Any]]] = {
    "as in the recipe": (None, 1.0, {}),
    "no masked words": (None, 1.0, {"distill_share": 1.0}),
    "no distillation": (None, 1.0, {"distill_share": 0.0}),
    "six layers at random": (at_random, 1.0, {}),
    "three layers": (every_other, 2.0, {}),
    "twelve layers": (twice, 0.5, {}),
    "all languages alike": (None, 1.0, {"languages": None}),
}


def probe(encoder: SentenceEncoder) -> float:
    """Macro-F1 of a linear probe on half of the validation split."""
    taxonomy = load_taxonomy()
    train, validation = (
        [row for row in load_labelled(split=split) if row.language in PROBED] for split in ("train", "validation")
    )
    train = train[::3]
    rows = [*train, *validation]
    vectors = dict(zip([row.id for row in rows], encoder([row.text for row in rows]), strict=True))
    chosen, scored = validation[::2], validation[1::2]
    return macro_f1(label_matrix(scored, taxonomy), linear_probe(vectors, taxonomy)(train, chosen, scored))


def progress(line: str) -> None:
    """Says what a run is at, apart from the table."""
    sys.stderr.write(f"{line}\n")


def hand_on(source: Path, to: Path) -> None:
    """Gives a folder the teacher's answers that another one holds."""
    for file in ("teacher.f16", "teacher.json"):
        if (source / file).exists() and not (to / file).exists():
            (to / file).hardlink_to(source / file)


def main() -> None:
    """Prints the table, a row when each run is done."""
    corpus, teacher, start, out = map(Path, sys.argv[1:5])
    recipe = load_recipe("pretrain-minilm", PretrainRecipe)
    steps = int(sys.argv[5]) if len(sys.argv) > 5 else 200
    plain = replace(
        recipe, bag_steps=0, code_switched_share=0.0, traditional_share=0.0, warmup_steps=20, checkpoint_minutes=60.0
    )
    for name, (change, longer, dials) in TRIALS.items():
        own = round(steps * longer)
        folder = out / f"{name.replace(' ', '-')}-{own}"
        if not (folder / "encoder").exists():
            folder.mkdir(parents=True, exist_ok=True)
            hand_on(out, folder)
            model = AutoModel.from_pretrained(start)
            if change:
                change(model)
            model.save_pretrained(folder / "body")
            shutil.copyfile(start / "tokenizer.json", folder / "body" / "tokenizer.json")
            alike = {"languages": dict.fromkeys(recipe.languages, 1.0)} if "languages" in dials else {}
            pretrain(
                corpus,
                replace(plain, steps=own, **{**dials, **alike}),
                teacher,
                folder,
                folder / "body",
                progress,
            )
            hand_on(folder, out)
        found = json.loads((folder / "retrieval.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        del found["step"]
        sys.stdout.write(
            f"{name:24} retrieval {np.mean(list(found.values())):.3f} lowest {min(found.values()):.2f} "
            f"probe {probe(SentenceEncoder(folder / 'encoder', LONGEST)):.3f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
