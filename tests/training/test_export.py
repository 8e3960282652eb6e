"""Export: a folder that holds its weights once and knows all its files."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from recontact.artifact import read_manifest, verify
from recontact.calibration import Calibration
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy
from recontact_training import export
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe


def test_the_graph_holds_no_large_weights_of_its_own(model_folder: Path) -> None:
    graph = onnx.load(model_folder / "model.onnx", load_external_data=False).graph
    shared = [tensor for tensor in graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]
    own = [tensor for tensor in graph.initializer if tensor.data_location != onnx.TensorProto.EXTERNAL]
    places = {entry.value for tensor in shared for entry in tensor.external_data if entry.key == "location"}
    assert places == {"model.safetensors"}
    assert len(shared) >= 12
    floats = [tensor for tensor in own if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)]
    assert all(np.prod(tensor.dims) < export.SMALLEST_SHARED for tensor in floats)


def test_the_manifest_knows_every_file_of_the_folder(model_folder: Path) -> None:
    files = {path.name for path in model_folder.iterdir()}
    assert set(read_manifest(model_folder).files) == files - {"manifest.json"}
    assert {"config.json", "model.safetensors", "tokenizer.json", "causes.yaml", "model.onnx"} <= files
    verify(model_folder)


def test_nothing_in_the_folder_is_a_pickle(model_folder: Path) -> None:
    assert {path.suffix for path in model_folder.iterdir()} <= {".json", ".safetensors", ".onnx", ".yaml"}


def test_a_folded_calibration_scales_and_shifts_each_causes_logit() -> None:
    layer = torch.nn.Linear(4, 2)
    states = torch.randn(3, 4)
    before = layer(states)
    export.fold(layer, Calibration((2.0, 0.5), (1.0, -1.0), (0.5, 0.5), 0.5, 0.8))
    expected = before * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, -1.0])
    torch.testing.assert_close(layer(states), expected)


def test_calibration_on_validation_rows_cuts_where_the_causes_part(rows: list[LabelledComment]) -> None:
    taxonomy = load_taxonomy()
    truth = np.array([[cause in row.labels for cause in taxonomy.ids] for row in rows])
    found = export.calibrate(np.where(truth, 3.0, -3.0), rows, taxonomy, review_precision=0.8)
    scaled = np.where(truth, 3.0, -3.0) * found.scale + found.shift
    stated = truth.any(0)
    cut = 1 / (1 + np.exp(-scaled)) >= np.array(found.thresholds)
    assert (cut[:, stated] == truth[:, stated]).all()
    assert found.review_precision == found.review_coverage == 1.0


def test_an_export_that_fails_leaves_no_model_but_what_training_goes_on_from(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(export, "export_graph", failing)
    with pytest.raises(OSError, match="disk is full"):
        finetune(rows, encoder, tmp_path / "made" / "model", recipe=FinetuneRecipe(epochs=1))
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["model.partial"]
    monkeypatch.undo()
    finetune(rows, encoder, tmp_path / "made" / "model", recipe=FinetuneRecipe(epochs=1))
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["model"]
