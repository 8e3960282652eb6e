"""Classification: comments in, predictions out."""

from typing import Any

from fastapi import APIRouter, Response

from recontact_serving.answering import Answering, rendered
from recontact_serving.problems import responses
from recontact_serving.schemas import ClassifyRequest, ClassifyResponse

router = APIRouter(prefix="/v1", tags=["classification"])


@router.post("/classify", response_model=ClassifyResponse, responses=responses(400, 409, 413, 415, 422, 500, 503))
async def classify(body: ClassifyRequest, answer: Answering) -> Response:
    """Finds the causes that each comment states."""
    predictions, left_out = await answer(body.comments, body.min_precision), body.left_out

    def content() -> dict[str, Any]:
        return {
            "model_version": predictions[0].model_version,
            "predictions": [
                {name: value for name, value in prediction.to_dict().items() if name not in left_out}
                for prediction in predictions
            ],
        }

    return await rendered(content, len(predictions))
