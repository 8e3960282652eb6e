"""Classification: comments in, predictions out."""

from fastapi import APIRouter

from recontact_serving.answering import Answering
from recontact_serving.problems import responses
from recontact_serving.schemas import ClassifyRequest, ClassifyResponse, PredictionOut

router = APIRouter(prefix="/v1", tags=["classification"])


@router.post("/classify", responses=responses(400, 413, 422, 503))
async def classify(body: ClassifyRequest, answer: Answering) -> ClassifyResponse:
    """Finds the causes that each comment states."""
    predictions = await answer(body.comments)
    return ClassifyResponse(
        model_version=predictions[0].model_version,
        predictions=[PredictionOut.model_validate(prediction.to_dict()) for prediction in predictions],
    )
