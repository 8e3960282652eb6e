"""Classification: comments in, predictions out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from recontact import CauseClassifier
from recontact_serving.problems import TooLargeError, responses
from recontact_serving.schemas import ClassifyRequest, ClassifyResponse, PredictionOut
from recontact_serving.settings import Settings

router = APIRouter(prefix="/v1", tags=["classification"])


def get_classifier(request: Request) -> CauseClassifier:
    """The model in service."""
    classifier: CauseClassifier = request.app.state.classifier
    return classifier


def get_settings(request: Request) -> Settings:
    """The server's settings."""
    settings: Settings = request.app.state.settings
    return settings


Classifier = Annotated[CauseClassifier, Depends(get_classifier)]
ServerSettings = Annotated[Settings, Depends(get_settings)]


@router.post("/classify", responses=responses(400, 413, 422))
async def classify(request: ClassifyRequest, classifier: Classifier, settings: ServerSettings) -> ClassifyResponse:
    """Finds the causes that each comment states."""
    comments = request.comments
    if len(comments) > settings.max_texts:
        raise TooLargeError(f"a request may hold {settings.max_texts} texts, this one has {len(comments)}; split it")
    longest = max(map(len, comments))
    if longest > settings.max_characters:
        raise TooLargeError(f"a text may have {settings.max_characters} characters, one has {longest}; shorten it")
    predictions = await run_in_threadpool(classifier.classify, comments)
    return ClassifyResponse(
        model_version=classifier.model_version,
        predictions=[PredictionOut.model_validate(prediction.to_dict()) for prediction in predictions],
    )
