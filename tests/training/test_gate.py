"""The gate: what it lets through, and what it says of what it does not."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.torch import load_file, save_file

from recontact.artifact import GRAPH, WEIGHTS, fingerprints, read_manifest, write_manifest
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import load_taxonomy
from recontact_training.compare import Comparison, compare_predictions
from recontact_training.gate import judge, losses

TAXONOMY = load_taxonomy()


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the toy model's folder, to change."""
    return shutil.copytree(model_folder, tmp_path / "copy")


def sign(folder: Path) -> None:
    write_manifest(folder, replace(read_manifest(folder), files=fingerprints(folder)))


def test_a_better_model_passes(model_folder: Path, spoiled_folder: Path, rows: list[LabelledComment]) -> None:
    verdict = judge(model_folder, spoiled_folder, rows)
    assert verdict.objections == ()
    assert verdict.comparison is not None
    assert verdict.comparison.macro_f1.difference > 0.3


def test_a_worse_model_is_objected_to_over_all_and_in_each_language(
    model_folder: Path, spoiled_folder: Path, rows: list[LabelledComment]
) -> None:
    verdict = judge(spoiled_folder, model_folder, rows)
    assert [objection.check for objection in verdict.objections] == ["quality", "quality"]
    over_all, in_english = map(str, verdict.objections)
    assert over_all.startswith("macro-F1 over all: 0.")
    assert "current 0.9" in over_all or "current 1.0" in over_all
    assert "allowed -0.020; train on more" in over_all
    assert in_english.startswith("macro-F1 in en: 0.")
    assert f"{len(rows)} comments" in in_english


def test_a_model_passes_beside_itself_and_where_nothing_is_in_service(
    model_folder: Path, rows: list[LabelledComment]
) -> None:
    assert judge(model_folder, model_folder, rows, margin=0).objections == ()
    alone = judge(model_folder, None, rows)
    assert (alone.objections, alone.comparison) == ((), None)


def test_a_changed_file_is_objected_to(copy: Path, model_folder: Path, rows: list[LabelledComment]) -> None:
    with (copy / "config.json").open("a") as file:
        file.write("\n")
    (objection,) = judge(copy, model_folder, rows).objections
    assert (objection.check, objection.final) == ("checksums", False)
    assert "config.json differs from the manifest" in str(objection)


def test_a_model_that_cannot_be_opened_is_objected_to_for_good(
    copy: Path, model_folder: Path, rows: list[LabelledComment]
) -> None:
    (copy / GRAPH).write_bytes((copy / GRAPH).read_bytes()[:100])
    found = judge(copy, model_folder, rows).objections
    assert [(objection.check, objection.final) for objection in found] == [("checksums", False), ("opening", True)]


def test_weights_that_the_graph_does_not_have_are_objected_to(
    copy: Path, model_folder: Path, rows: list[LabelledComment]
) -> None:
    weights = load_file(copy / WEIGHTS)
    weights["classifier.bias"] += 0.1  # so small a weight lies in the graph too
    save_file(weights, copy / WEIGHTS, metadata={"format": "pt"})
    sign(copy)
    (objection,) = judge(copy, model_folder, rows).objections
    assert objection.check == "graph"
    assert "off the trained weights by up to 0.0" in str(objection)
    assert "allowed 0.001); train the model again" in str(objection)


def test_a_graph_that_answers_nan_is_objected_to(copy: Path, rows: list[LabelledComment]) -> None:
    graph = onnx.load(copy / GRAPH, load_external_data=False)
    for tensor in graph.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL and list(tensor.dims) == [len(TAXONOMY)]:
            tensor.CopyFrom(numpy_helper.from_array(np.full(len(TAXONOMY), np.nan, np.float32), tensor.name))
    onnx.save(graph, copy / GRAPH)
    sign(copy)
    (objection,) = judge(copy, None, rows).objections
    assert objection.check == "graph"
    assert "by up to nan" in str(objection)


def test_a_current_model_that_cannot_be_measured_is_said(
    copy: Path, model_folder: Path, rows: list[LabelledComment]
) -> None:
    (copy / GRAPH).unlink()
    for current in (copy, copy / "missing"):
        (objection,) = judge(model_folder, current, rows).objections
        assert (objection.check, objection.final) == ("comparison", False)
        assert "cannot be measured against the current model" in str(objection)


def test_no_rows_are_refused(model_folder: Path) -> None:
    with pytest.raises(LabelError, match="no comments"):
        judge(model_folder, None, [])


def compared(language_rows: int, wrong: int, stated: bool = True) -> Comparison:
    """A perfect model against one that misses `wrong` of the Norwegian comments; 300 English ones are right."""
    labels = ("no_help",) if stated else ()
    codes = ["en"] * 300 + ["nb"] * language_rows
    made = [LabelledComment(id=str(k), text="x", language=c, labels=labels, primary="x") for k, c in enumerate(codes)]
    truth = label_matrix(made, TAXONOMY)
    poorer = truth.copy()
    poorer[300 : 300 + wrong] = False
    return compare_predictions(poorer, truth, made, TAXONOMY)


def test_a_language_counts_from_fifty_comments_on() -> None:
    assert [str(o).split(":")[0] for o in losses(compared(50, 5), 0.02)] == ["macro-F1 in nb"]
    assert list(losses(compared(49, 5), 0.02)) == []


def test_a_loss_of_the_margin_itself_passes_and_more_does_not() -> None:
    comparison = compared(50, 5)
    loss = -comparison.languages["nb"].difference
    assert list(losses(comparison, loss)) == []
    assert len(list(losses(comparison, loss - 1e-9))) == 1


def test_comments_that_state_nothing_do_not_let_a_model_pass() -> None:
    (objection,) = losses(compared(50, 0, stated=False), 0.02)
    assert "none of the 350 comments states a cause" in str(objection)
