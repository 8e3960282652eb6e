"""Recalibration: a model keeps what it learnt, and is fitted to the comments of whoever uses it.

Scale, shift, cuts and review bound are found anew. Nothing else changes, so a hundred labelled comments
of one's own, which are too few to train on, are of use already.
"""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from recontact.artifact import TAXONOMY, WEIGHTS, read_manifest, verify, write_manifest
from recontact.calibration import FILE, Calibration
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy
from recontact_training.average import uncalibrated
from recontact_training.evaluate import check_rows
from recontact_training.export import calibrate, calibration_warnings, export, last_layer
from recontact_training.finetune import check_out, score
from recontact_training.heads import TwoHeads, load_two_heads
from recontact_training.lesson import FEWEST
from recontact_training.recipe import FinetuneRecipe

CHUNK = 32


def recalibrate(
    folder: Path,
    rows: Sequence[LabelledComment],
    out: Path,
    *,
    review_precision: float = FinetuneRecipe.review_precision,
    report: Callable[[str], None] = lambda message: None,
    advance: Callable[[int], None] = lambda comments: None,
) -> Path:
    """Calibrates a model anew and writes it to a new folder, which appears whole or not at all.

    Args:
        folder: A model folder.
        rows: Labelled comments that the model was not trained on, all of which are used.
        out: The folder to make; must not hold files yet.
        review_precision: Share of the answers without `needs_review` that must be right.
        report: Called with each warning.
        advance: Called with the number of comments just scored.

    Returns:
        `out`.

    Raises:
        LabelError: there are too few comments, or a label is no cause of the model.
        ModelError: the model is damaged, or `out` is taken.
    """
    manifest = verify(folder)
    check_out(out)
    taxonomy = load_taxonomy(folder / TAXONOMY)
    check_rows(rows, taxonomy)
    if len(rows) < FEWEST:
        raise LabelError(f"{len(rows)} labelled comments are too few to calibrate on; give at least {FEWEST}")
    model, tokenizer = load_two_heads(folder, taxonomy, FinetuneRecipe(), torch.ones(len(taxonomy)))
    head = next(key for key, layer in model.model.named_modules() if layer is last_layer(model.model))
    model.model.load_state_dict(uncalibrated(folder, head))
    model.eval()
    logits = []
    for start in range(0, len(rows), CHUNK):
        texts = [row.text for row in rows[start : start + CHUNK]]
        logits.append(torch.from_numpy(score(model, tokenizer, texts, manifest.max_length)))
        advance(len(texts))
    calibration = calibrate(torch.cat(logits).numpy(), rows, taxonomy, review_precision)
    for message in calibration_warnings(calibration, len(rows)):
        report(message)
    _write(model, tokenizer, calibration, rows, folder, out)
    return out


def _write(
    model: TwoHeads,
    tokenizer: PreTrainedTokenizerBase,
    calibration: Calibration,
    rows: Sequence[LabelledComment],
    folder: Path,
    out: Path,
) -> None:
    """Writes the model of a folder with another calibration, and says so in its manifest."""
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        made = Path(work) / "model"
        export(
            model.model, model.evidence, tokenizer, calibration, made,
            rows=rows, recipe=manifest.recipe, name=manifest.name, max_length=manifest.max_length,
            taxonomy_file=folder / TAXONOMY,
        )  # fmt: skip
        written = read_manifest(made)
        figures = _figures(calibration, len(rows), written.data["sha256"], manifest.model_version)
        # The same scale and shift with other cuts is another model, in the very same weights.
        version = hashlib.sha256((written.files[WEIGHTS] + written.files[FILE]).encode()).hexdigest()[:12]
        data = {**manifest.data, "calibration": figures}
        write_manifest(made, replace(written, version=version, data=data, metrics=manifest.metrics))
        if out.exists():
            out.rmdir()
        made.rename(out)


def _figures(calibration: Calibration, count: int, fingerprint: str, model: str) -> dict[str, str | int | float | None]:
    """What the manifest says of a calibration, beside what the model was trained on."""
    return {
        "of": model,
        "comments": count,
        "sha256": fingerprint,
        "review_wanted": calibration.review_wanted,
        "review_precision": calibration.review_precision,
        "review_coverage": calibration.review_coverage,
    }
