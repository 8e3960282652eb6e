"""Fine-tuning: from an encoder and labelled comments to a model folder."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase, TrainerCallback

from recontact.artifact import BUNDLED, taxonomy_file_of
from recontact.text import cut_windows
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy, load_taxonomy
from recontact_training.checkpoints import PartialRun
from recontact_training.export import calibrate, calibration_warnings, export
from recontact_training.heads import TwoHeads, round_to_half
from recontact_training.lesson import Lesson, check_labels, make_lesson
from recontact_training.recipe import FinetuneRecipe, load_recipe
from recontact_training.replay import OldRows
from recontact_training.run_folder import fingerprint, hash_of
from recontact_training.training_loop import train_heads

Report = Callable[[str], None]
MAY_CHANGE = ("checkpoint_minutes",)


@torch.inference_mode()
def score(
    model: TwoHeads, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> NDArray[np.float64]:
    """Logits of each comment, shape (n, n_causes); of long ones merged over windows, as the model is used."""
    found = []
    device = next(model.parameters()).device
    for text in texts:
        pieces = cut_windows(tokenizer(text, truncation=False, verbose=False).encodings[0], max_length)
        rows = [torch.tensor([window.ids], device=device) for window in pieces.windows]
        logits = torch.cat([model(ids, torch.ones_like(ids))["logits"] for ids in rows]).amax(0)
        found.append(logits.double().cpu().numpy())
    return np.stack(found)


def finetune(
    rows: Sequence[LabelledComment],
    base: str | Path,
    out: Path,
    *,
    recipe: FinetuneRecipe | None = None,
    taxonomy_file: Path | None = None,
    name: str = "recontact",
    old: OldRows | None = None,
    report: Report = lambda message: None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Path:
    """Trains a model on labelled comments and writes its folder; call again to go on where it was stopped.

    Rows without a split get one: 70 % train, 15 % validation (calibration and cuts), 15 % test (unused).

    Args:
        rows: Labelled comments.
        base: An encoder folder, a hub name or a recontact model.
        out: The folder to make; must not hold files yet. Until it is whole, checkpoints lie in `out`.partial.
        recipe: The dials; None for `finetune.yaml`.
        taxonomy_file: The user's own causes; None for those of the base, or the bundled ones.
        name: The model's name in `model_version`.
        old: What the base has learnt from; the recipe's `replay_rows` of them are mixed in.
        report: Called with each progress line.
        callbacks: Trainer callbacks, such as a progress bar.

    Returns:
        `out`.

    Raises:
        LabelError: there are no training or validation rows, or a label is unknown.
        ModelError: the base cannot be loaded, `out` is taken, or another run was stopped there.
    """
    recipe = recipe or load_recipe("finetune", FinetuneRecipe)
    taxonomy_file = taxonomy_file_of(base, taxonomy_file)
    taxonomy = load_taxonomy(taxonomy_file)
    check_out(out)
    check_labels(rows, taxonomy)
    lesson = make_lesson(rows, old or OldRows(), recipe, taxonomy)
    for message in lesson.warnings(taxonomy):
        report(message)
    with PartialRun(out, _sources(lesson, base, taxonomy, recipe)) as run:
        if run.step:
            report(f"goes on from step {run.step}, where a checkpoint was made")
        heads, tokenizer = train_heads(lesson.train, base, taxonomy, recipe, run, callbacks, lesson.visits)
        round_to_half(heads.cpu())
        report(f"calibrating on {len(lesson.validation)} comments, then writing the model")
        longest = int(getattr(heads.model.config, "max_position_embeddings", recipe.max_length))
        reads = min(recipe.max_length, longest)
        logits = score(heads, tokenizer, [row.text for row in lesson.validation], reads)
        calibration = calibrate(logits, lesson.validation, taxonomy, recipe.review_precision)
        for message in calibration_warnings(calibration, len(lesson.validation)):
            report(message)
        export(
            heads.model, heads.evidence, tokenizer, calibration, out,
            taxonomy_file=taxonomy_file, rows=lesson.rows, recipe=asdict(recipe), name=name, max_length=reads,
            origin=lesson.origin(base),
        )  # fmt: skip
    return out


def _sources(lesson: Lesson, base: str | Path, taxonomy: Taxonomy, recipe: FinetuneRecipe) -> dict[str, str]:
    """What a run depends on: with any of it changed, its checkpoints are of no use."""
    dials = {dial: value for dial, value in asdict(recipe).items() if dial not in MAY_CHANGE}
    return {
        "labels": hash_of(row.to_json() for row in (*lesson.rows, *lesson.sentences)),
        "base": fingerprint(Path(base)) or str(base),
        "causes": ", ".join(taxonomy.ids),
        "recipe": json.dumps(dials),
    }


def check_out(out: Path) -> None:
    """Says before a long run, not after it, that a model cannot be written.

    Raises:
        ModelError: `out` holds something, or its parent is not writable.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} is not an empty folder; choose a new folder with -o, or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent):
            pass
    except OSError as error:
        raise ModelError(f"cannot write in {out.parent} ({error.strerror}); choose another folder with -o") from error


def fit_classifier(
    texts: Sequence[str], labels: Sequence[Sequence[str]], base: str | Path | None, recipe: str | Path, out: Path
) -> Path:
    """Fine-tunes on plain texts and labels, for `CauseClassifier.fit`; returns `out`."""
    if len(texts) != len(labels):
        raise LabelError(f"{len(texts)} texts and {len(labels)} label lists; give one list a text")
    rows = [
        LabelledComment(
            id=str(k), text=text, language="und", labels=tuple(stated), primary=stated[0] if stated else "none"
        )
        for k, (text, stated) in enumerate(zip(texts, labels, strict=True))
    ]
    return finetune(rows, BUNDLED if base is None else base, out, recipe=load_recipe(recipe, FinetuneRecipe))
