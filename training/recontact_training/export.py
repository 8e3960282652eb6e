"""Export: a trained model becomes a folder that needs no torch to run.

The weights are stored once, in half precision, in `model.safetensors`. The ONNX graph holds none of
its own: its initializers point into that file, are widened to single precision when the graph is
opened, and so both formats compute from the same numbers in half the space.
"""

import hashlib
import json
import shutil
import struct
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from recontact.artifact import (
    EVIDENCE,
    GRAPH,
    TAXONOMY,
    WEIGHTS,
    Manifest,
    fingerprints,
    sha256,
    write_manifest,
)
from recontact.calibration import (
    Calibration,
    best_threshold,
    expected_threshold,
    fit_confidence,
    fit_scale_and_shift,
    review_bound,
    sigmoid,
)
from recontact.precision import precision_curve
from recontact.prediction import Rule
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import BUNDLED as BUNDLED_TAXONOMY
from recontact_data.taxonomy import NONE, Taxonomy
from recontact_training.saved_tokenizer import save_tokenizer

SMALLEST_SHARED = 1024


def calibrate(
    logits: NDArray[np.float64], rows: Sequence[LabelledComment], taxonomy: Taxonomy, review_precision: float
) -> Calibration:
    """Finds scale, shift and thresholds of each cause, and the review bound, on validation rows.

    Args:
        logits: Shape (n, n_causes).
        rows: The n validation rows.
        taxonomy: The causes.
        review_precision: Share of answers without review whose cause the comment must really state; vouched for
            with the doubt of `review_bound`.
    """
    truth = label_matrix(rows, taxonomy)
    fits = [fit_scale_and_shift(logits[:, k], truth[:, k]) for k in range(len(taxonomy))]
    scale, shift = np.array(fits).T
    probabilities = sigmoid(logits * scale + shift)
    # The best cut on a few hundred rows is noisy, the expected one is not but trusts the model: halfway.
    thresholds = [
        (best_threshold(probabilities[:, k], truth[:, k]) + expected_threshold(probabilities[:, k])) / 2
        for k in range(len(taxonomy))
    ]
    rule = Rule(taxonomy.ids, np.asarray(thresholds, dtype=np.float32), 0.0)
    single = probabilities.astype(np.float32)
    first = [(rule.ranked(p) or (NONE,))[0] for p in single]
    right = np.array([cause in (row.labels or (NONE,)) for cause, row in zip(first, rows, strict=True)])
    behind, named = (np.array(found) for found in zip(*(rule.behind(p) for p in single), strict=True))
    fit = fit_confidence(behind, named, right)
    confidence = np.array([fit(*answer) for answer in zip(behind.tolist(), named.tolist(), strict=True)])
    bound, reached, coverage = review_bound(confidence, right, review_precision)
    return Calibration(
        tuple(scale),
        tuple(shift),
        tuple(thresholds),
        bound,
        reached,
        review_wanted=review_precision,
        review_coverage=coverage,
        curve=precision_curve(probabilities, truth),
        confidence=fit,
    )


def calibration_warnings(calibration: Calibration, count: int) -> list[str]:
    """What a person should know of a calibration on `count` comments."""
    if calibration.review_coverage:
        return []
    return [
        f"none of the answers to {count} validation comments can be vouched for to be right in "
        f"{calibration.review_wanted}: all will need review; label more comments, or lower review_precision"
    ]


class _Graph(nn.Module):
    """What the exported graph computes: both heads of one comment."""

    def __init__(self, model: PreTrainedModel, evidence: nn.Linear) -> None:
        super().__init__()
        self.model, self.evidence = model, evidence

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (batch, n_causes) and logits of the pieces (batch, length, n_causes)."""
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
        return out.logits, self.evidence(out.hidden_states[-1])


def fold(classifier: nn.Linear, calibration: Calibration) -> None:
    """Puts the calibration into the last layer: its logits become scale * logit + shift."""
    scale = torch.tensor(calibration.scale, dtype=torch.float32)
    with torch.no_grad():
        classifier.weight.mul_(scale[:, None])
        classifier.bias.mul_(scale).add_(torch.tensor(calibration.shift, dtype=torch.float32))


def export(
    model: PreTrainedModel,
    evidence: nn.Linear,
    tokenizer: PreTrainedTokenizerBase,
    calibration: Calibration,
    out: Path,
    *,
    rows: Sequence[LabelledComment],
    recipe: Mapping[str, Any],
    name: str,
    max_length: int,
    taxonomy_file: Path | None = None,
    origin: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Writes a model folder; it appears whole or not at all.

    Args:
        model: The sequence classifier, not yet calibrated.
        evidence: The head of the pieces.
        tokenizer: A fast tokenizer.
        calibration: What to fold into the last layer, and the cuts.
        out: The folder to make.
        rows: The rows of every split, for the manifest's fingerprint.
        recipe: The dials, for the manifest.
        name: The model's name.
        max_length: Pieces of a comment it reads.
        taxonomy_file: The causes; None for the bundled ones.
        origin: What it was made from, for the manifest.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        folder = Path(work) / "model"
        folder.mkdir()
        fold(last_layer(model), calibration)
        save_tokenizer(tokenizer, folder)
        model.config.dtype = torch.float32
        model.config.architectures = [type(model).__name__]  # servers choose by it what a folder can do
        model.config.save_pretrained(folder)
        save_file(_halves(model), folder / WEIGHTS, metadata={"format": "pt"})
        save_file({k: v.detach().clone() for k, v in evidence.state_dict().items()}, folder / EVIDENCE)
        export_graph(model, evidence, folder)
        calibration.save(folder)
        shutil.copyfile(taxonomy_file or BUNDLED_TAXONOMY, folder / TAXONOMY)
        for path in folder.iterdir():
            path.chmod(0o644)  # safetensors writes for its owner alone
        write_manifest(folder, _manifest(folder, rows, recipe, name, max_length, origin))
        if out.exists():
            out.rmdir()
        folder.rename(out)


def last_layer(model: PreTrainedModel) -> nn.Linear:
    """The layer whose outputs are the causes' logits."""
    linear = [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == model.config.num_labels]
    return linear[-1]


def _halves(model: PreTrainedModel) -> dict[str, Tensor]:
    """Weights in half precision; the last layer, which carries the calibration, in full."""
    last = last_layer(model)
    full = {id(last.weight), id(last.bias)}
    return {
        name: weight.detach().clone().contiguous() if id(weight) in full else weight.detach().half().contiguous()
        for name, weight in model.state_dict(keep_vars=True).items()
    }


def _manifest(
    folder: Path,
    rows: Sequence[LabelledComment],
    recipe: Mapping[str, Any],
    name: str,
    max_length: int,
    origin: Mapping[str, Any],
) -> Manifest:
    counts = {split: sum(row.split == split for row in rows) for split in ("train", "validation", "test")}
    return Manifest(
        name=name,
        version=sha256(folder / WEIGHTS)[:12],
        created=datetime.now(UTC).date().isoformat(),
        max_length=max_length,
        files=fingerprints(folder),
        data={**counts, "sha256": rows_fingerprint(rows), **origin},
        recipe=dict(recipe),
    )


def rows_fingerprint(rows: Sequence[LabelledComment]) -> str:
    """sha256 over the ids, splits, texts and labels of comments, in any order."""
    lines = sorted(f"{row.id}\t{row.split}\t{row.text}\t{';'.join(row.labels)}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def export_graph(model: PreTrainedModel, evidence: nn.Linear, folder: Path) -> None:
    """Writes `model.onnx` into a folder that holds `model.safetensors`."""
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    length = torch.export.Dim("length", min=1, max=int(model.config.max_position_embeddings))
    shapes = {"input_ids": {1: length}, "attention_mask": {1: length}}
    attention = model.config._attn_implementation
    model.set_attn_implementation("eager")
    program = torch.onnx.export(
        _Graph(model, evidence).eval(), (ids, torch.ones_like(ids)), dynamo=True, verbose=False,
        input_names=["input_ids", "attention_mask"], output_names=["logits", "evidence"], dynamic_shapes=shapes,
    )  # fmt: skip
    model.set_attn_implementation(attention)
    assert program is not None
    graph = program.model_proto
    share_weights(graph, folder)
    onnx.save(graph, folder / GRAPH)


def share_weights(graph: onnx.ModelProto, folder: Path) -> None:
    """Points the large initializers of a graph into `model.safetensors`, casting and transposing as needed."""
    stored = _stored_tensors(folder / WEIGHTS)
    kept, nodes = [], []
    for initializer in graph.graph.initializer:
        array = numpy_helper.to_array(initializer)
        match = _match(array, stored) if array.size >= SMALLEST_SHARED and array.dtype == np.float32 else None
        if match is None:
            kept.append(initializer)
            continue
        name, turned = match
        if all(k.name != f"{name}.stored" for k in kept):
            kept.append(_external(name, stored[name]))
        cast = f"{initializer.name}.cast" if turned else initializer.name
        nodes.append(helper.make_node("Cast", [f"{name}.stored"], [cast], to=TensorProto.FLOAT))
        if turned:
            nodes.append(helper.make_node("Transpose", [cast], [initializer.name], perm=[1, 0]))
    graph.graph.ClearField("initializer")
    graph.graph.initializer.extend(kept)
    own = list(graph.graph.node)
    graph.graph.ClearField("node")
    graph.graph.node.extend(nodes + own)


Stored = tuple[NDArray[Any], int, int]


def _stored_tensors(path: Path) -> dict[str, Stored]:
    """Array, byte offset and length of each tensor of a safetensors file."""
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + size + edge for edge in entry["data_offsets"])
            kind = {"F16": np.float16, "F32": np.float32}[entry["dtype"]]
            array = np.frombuffer(raw[start:end], dtype=kind).reshape(entry["shape"])
            found[name] = (array, start, end - start)
    return found


def _match(array: NDArray[Any], stored: Mapping[str, Stored]) -> tuple[str, bool] | None:
    """The stored tensor an initializer equals, and whether it is turned."""
    for name, (other, _, _) in stored.items():
        if other.shape == array.shape and np.array_equal(other.astype(np.float32), array):
            return name, False
        if other.ndim == 2 and other.T.shape == array.shape and np.array_equal(other.T.astype(np.float32), array):
            return name, True
    return None


def _external(name: str, stored: Stored) -> TensorProto:
    array, offset, length = stored
    tensor = TensorProto(name=f"{name}.stored", data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
    tensor.dims.extend(array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
