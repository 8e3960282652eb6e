"""Averaging: one model from several that were fine-tuned from the same encoder.

Their weights lie in one basin, so their weighted mean is often better than each, at the price of one
(Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models", section 2).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from recontact.artifact import EVIDENCE, TAXONOMY, WEIGHTS, read_manifest
from recontact.calibration import Calibration
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment
from recontact_data.splits import with_splits
from recontact_data.taxonomy import load_taxonomy
from recontact_training.export import calibrate, export, last_layer
from recontact_training.finetune import check_out, score
from recontact_training.heads import load_two_heads, round_to_half
from recontact_training.recipe import FinetuneRecipe, recipe_from

Weights = dict[str, Tensor]


def average_models(
    folders: Sequence[Path],
    shares: Sequence[float],
    rows: Sequence[LabelledComment],
    out: Path,
    name: str = "recontact",
) -> Path:
    """Averages models, calibrates the mean anew and writes its folder.

    Args:
        folders: Two models or more, of the same shape and the same causes.
        shares: Weight of each in the mean; scaled to sum to one.
        rows: The labelled comments they were trained on; the validation split calibrates the mean.
        out: The folder to make.
        name: The model's name.

    Returns:
        `out`.

    Raises:
        ModelError: the models do not go together, or `out` is taken.
    """
    check_out(out)
    if len(folders) < 2 or len(shares) != len(folders) or min(shares) <= 0:
        raise ModelError("give two models or more, and one positive share for each")
    manifests = [read_manifest(folder) for folder in folders]
    taxonomy = load_taxonomy(folders[0] / TAXONOMY)
    if any(load_taxonomy(folder / TAXONOMY).ids != taxonomy.ids for folder in folders):
        raise ModelError("the models know different causes; average models of one taxonomy")
    recipe = recipe_from(dict(manifests[0].recipe), FinetuneRecipe, str(folders[0]))
    model, tokenizer = load_two_heads(folders[0], taxonomy, recipe, torch.ones(len(taxonomy)))
    head = next(key for key, layer in model.model.named_modules() if layer is last_layer(model.model))
    model.model.load_state_dict(_mean([uncalibrated(folder, head) for folder in folders], shares))
    model.evidence.load_state_dict(_mean([load_file(folder / EVIDENCE) for folder in folders], shares))
    round_to_half(model.eval())
    reads = manifests[0].max_length
    rows = with_splits(rows)
    validation = [row for row in rows if row.split == "validation"]
    logits = score(model, tokenizer, [row.text for row in validation], reads)
    calibration = calibrate(logits, validation, taxonomy, recipe.review_precision)
    parts = [
        {"version": manifest.version, "share": share, "recipe": manifest.recipe}
        for manifest, share in zip(manifests, shares, strict=True)
    ]
    export(
        model.model, model.evidence, tokenizer, calibration, out,
        rows=rows, recipe={"average_of": parts}, name=name, max_length=reads, taxonomy_file=folders[0] / TAXONOMY,
    )  # fmt: skip
    return out


def uncalibrated(folder: Path, head: str) -> Weights:
    """Weights of a model without the scale and shift that calibration folded into its last layer."""
    weights = {key: weight.float() for key, weight in load_file(folder / WEIGHTS).items()}
    calibration = Calibration.load(folder)
    scale, shift = torch.tensor(calibration.scale), torch.tensor(calibration.shift)
    weights[f"{head}.weight"] = weights[f"{head}.weight"] / scale[:, None]
    weights[f"{head}.bias"] = (weights[f"{head}.bias"] - shift) / scale
    return weights


def _mean(models: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> Weights:
    if any({k: w.shape for k, w in model.items()} != {k: w.shape for k, w in models[0].items()} for model in models):
        raise ModelError("the models have different shapes; average models fine-tuned from the same encoder")
    total = sum(shares)
    return {
        key: torch.stack([share / total * model[key].float() for model, share in zip(models, shares, strict=True)]).sum(
            0
        )
        for key in models[0]
    }
