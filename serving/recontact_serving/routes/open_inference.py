"""Open Inference Protocol, version 2 (REST): health, metadata and inference for clients of KServe, Triton and the like.

One input, `text` (BYTES, one string a comment); outputs of which a request may choose some, else it gets all.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from recontact import __version__
from recontact.prediction import Prediction
from recontact_serving.answering import Answerer, Answering
from recontact_serving.problems import responses
from recontact_serving.schemas import ListedText, Text

router = APIRouter(prefix="/v2", tags=["compatible"])
INPUT = "text"
PLATFORM = "recontact_onnx"
Column = tuple[str, Callable[[Prediction], Any]]
COLUMNS: dict[str, Column] = {
    "cause": ("BYTES", lambda p: p.cause),
    "causes": ("BYTES", lambda p: ";".join(p.causes)),
    "confidence": ("FP64", lambda p: p.confidence),
    "language": ("BYTES", lambda p: p.language),
    "needs_review": ("BOOL", lambda p: p.needs_review),
    "truncated": ("BOOL", lambda p: p.truncated),
}
PROBABILITIES = "probabilities"


class TensorMetadata(BaseModel):
    """Name, type and shape of a tensor; -1 stands for any number of comments."""

    name: str
    datatype: str
    shape: list[int]


class ServerMetadata(BaseModel):
    """What server this is."""

    name: str = "recontact"
    version: str = __version__
    extensions: list[str] = []


class ModelMetadata(BaseModel):
    """What the model takes and gives; the columns of `probabilities` are the causes in `properties`."""

    name: str
    versions: list[str]
    platform: str = PLATFORM
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    properties: dict[str, str]


class Ready(BaseModel):
    """Whether requests will be answered."""

    name: str | None = None
    ready: bool = True


class Live(BaseModel):
    """Whether the process is up."""

    live: bool = True


class InputTensor(BaseModel):
    """The comments."""

    name: Text
    datatype: Text
    shape: Annotated[list[int], Field(min_length=1, max_length=2)]
    data: list[ListedText]


class WantedOutput(BaseModel):
    """An output that is asked for."""

    name: Text


class InferRequest(BaseModel):
    """One tensor of comments, and the outputs wanted of them."""

    id: Text | None = None
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=1)]
    outputs: list[WantedOutput] | None = None


class OutputTensor(TensorMetadata):
    """One output of all comments, row by row."""

    data: list[Any]


class InferResponse(BaseModel):
    """The outputs, in the order in which they were asked for."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]


@router.get("/health/live")
async def live() -> Live:
    """The process is up."""
    return Live()


@router.get("/health/ready", response_model_exclude_none=True)
async def ready() -> Ready:
    """The model is loaded; requests will be answered."""
    return Ready()


@router.get("")
async def server_metadata() -> ServerMetadata:
    """Name and version of the server."""
    return ServerMetadata()


@router.get("/models/{name}/ready", responses=responses(404, 422))
@router.get("/models/{name}/versions/{version}/ready", include_in_schema=False)
async def model_ready(answer: Answering, name: str, version: str | None = None) -> Ready:
    """The model is loaded."""
    _check_model(answer, name, version)
    return Ready(name=name)


@router.get("/models/{name}", responses=responses(404, 422))
@router.get("/models/{name}/versions/{version}", include_in_schema=False)
async def model_metadata(answer: Answering, name: str, version: str | None = None) -> ModelMetadata:
    """Inputs and outputs of the model."""
    _check_model(answer, name, version)
    causes = answer.classifier.taxonomy.ids
    outputs = [TensorMetadata(name=column, datatype=kind, shape=[-1]) for column, (kind, _) in COLUMNS.items()]
    outputs.append(TensorMetadata(name=PROBABILITIES, datatype="FP32", shape=[-1, len(causes)]))
    return ModelMetadata(
        name=name,
        versions=[answer.classifier.manifest.version],
        inputs=[TensorMetadata(name=INPUT, datatype="BYTES", shape=[-1])],
        outputs=outputs,
        properties={"causes": ";".join(causes)},
    )


@router.post(
    "/models/{name}/infer", responses=responses(400, 404, 413, 415, 422, 500, 503), response_model_exclude_none=True
)
@router.post("/models/{name}/versions/{version}/infer", include_in_schema=False, response_model_exclude_none=True)
async def infer(answer: Answering, name: str, body: InferRequest, version: str | None = None) -> InferResponse:
    """Answers a tensor of comments."""
    _check_model(answer, name, version)
    wanted = [output.name for output in body.outputs] if body.outputs else [*COLUMNS, PROBABILITIES]
    texts = _checked_texts(body.inputs[0], wanted)
    predictions = await answer(texts)
    return InferResponse(
        model_name=name,
        model_version=predictions[0].model_version.rpartition("@")[2],
        id=body.id,
        outputs=[_output(column, predictions) for column in wanted],
    )


def _check_model(answer: Answerer, name: str, version: str | None) -> None:
    manifest = answer.classifier.manifest
    if name != manifest.name or version not in (None, manifest.version):
        asked = name if version is None else f"{name}@{version}"
        raise HTTPException(404, f"no model {asked!r}; the one in service is {manifest.name}@{manifest.version}")


def _checked_texts(tensor: InputTensor, wanted: Sequence[str]) -> list[str]:
    texts = tensor.data
    size = tensor.shape[0] * (tensor.shape[1] if len(tensor.shape) == 2 else 1)
    if (tensor.name, tensor.datatype) != (INPUT, "BYTES"):
        raise HTTPException(422, f"give one input {INPUT!r} of type BYTES, not {tensor.name!r} of {tensor.datatype!r}")
    if size != len(texts) or tensor.shape[1:] not in ([], [1]) or not texts:
        raise HTTPException(422, f"shape {tensor.shape} does not go with {len(texts)} texts; give [n], n from 1")
    if len(wanted) > len(set(wanted)):
        raise HTTPException(422, "an output is asked for twice; name each once")
    if unknown := [name for name in wanted if name not in COLUMNS and name != PROBABILITIES]:
        raise HTTPException(422, f"no output {unknown[0]!r}; choose of {', '.join([*COLUMNS, PROBABILITIES])}")
    return texts


def _output(name: str, predictions: Sequence[Prediction]) -> OutputTensor:
    if name == PROBABILITIES:
        rows = [list(prediction.probabilities.values()) for prediction in predictions]
        flat = [value for row in rows for value in row]
        return OutputTensor(name=name, datatype="FP32", shape=[len(rows), len(rows[0])], data=flat)
    kind, value_of = COLUMNS[name]
    values = [value_of(prediction) for prediction in predictions]
    return OutputTensor(name=name, datatype=kind, shape=[len(values)], data=values)
