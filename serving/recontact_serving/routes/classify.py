"""Classification: comments in, predictions out."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect

from recontact.prediction import Prediction
from recontact_serving.batching import Batcher
from recontact_serving.metrics import Metrics
from recontact_serving.problems import TooLargeError, responses
from recontact_serving.schemas import ClassifyRequest, ClassifyResponse, PredictionOut
from recontact_serving.settings import Settings

router = APIRouter(prefix="/v1", tags=["classification"])


def get_batcher(request: Request) -> Batcher:
    """What computes comments."""
    batcher: Batcher = request.app.state.batcher
    return batcher


def get_metrics(request: Request) -> Metrics:
    """What counts."""
    metrics: Metrics = request.app.state.metrics
    return metrics


def get_settings(request: Request) -> Settings:
    """The server's settings."""
    settings: Settings = request.app.state.settings
    return settings


ServerBatcher = Annotated[Batcher, Depends(get_batcher)]
ServerMetrics = Annotated[Metrics, Depends(get_metrics)]
ServerSettings = Annotated[Settings, Depends(get_settings)]


@router.post("/classify", responses=responses(400, 413, 422, 503))
async def classify(
    body: ClassifyRequest, request: Request, batcher: ServerBatcher, metrics: ServerMetrics, settings: ServerSettings
) -> ClassifyResponse:
    """Finds the causes that each comment states."""
    comments = body.comments
    if len(comments) > settings.max_texts:
        raise TooLargeError(f"a request may hold {settings.max_texts} texts, this one has {len(comments)}; split it")
    longest = max(map(len, comments))
    if longest > settings.max_characters:
        raise TooLargeError(f"a text may have {settings.max_characters} characters, one has {longest}; shorten it")
    predictions = await _while_connected(request, batcher, comments)
    metrics.answered(predictions)
    return ClassifyResponse(
        model_version=predictions[0].model_version,
        predictions=[PredictionOut.model_validate(prediction.to_dict()) for prediction in predictions],
    )


async def _while_connected(request: Request, batcher: Batcher, comments: Sequence[str]) -> list[Prediction]:
    """The answers, which are no longer worked on once the client has gone.

    Raises:
        ClientDisconnect: it has.
    """
    answers = asyncio.ensure_future(batcher.classify(comments))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((answers, gone), return_when=asyncio.FIRST_COMPLETED)
        if not answers.done():
            raise ClientDisconnect
        return answers.result()
    finally:
        answers.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
