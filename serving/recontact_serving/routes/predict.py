"""Prediction in the schema of text-embeddings-inference, so that its clients work here without a change."""

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictInt, Tag

from recontact.prediction import Prediction
from recontact_serving.answering import Answering, rendered
from recontact_serving.problems import TooLargeError, responses
from recontact_serving.schemas import ListedText, Text

router = APIRouter(tags=["compatible"])
LEAST = 1e-7  # of a probability, of which no logit would be finite otherwise


class PipelineParameters(BaseModel):
    """What clients of a Transformers pipeline add."""

    top_k: StrictInt | None = Field(
        default=None, ge=1, description="Labels of each text, highest first; all if left out."
    )
    function_to_apply: Literal["sigmoid", "none"] | None = Field(
        default=None, description="`none` for logits. Causes do not exclude each other, so there is no `softmax`."
    )


class PredictRequest(BaseModel):
    """One text, or many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"inputs": "Ringte tre ganger, ingen ringte tilbake"}, {"inputs": ["a", "b"]}]}
    )

    inputs: Annotated[
        Annotated[Text, Tag("text")] | Annotated[list[ListedText], Field(min_length=1), Tag("texts")],
        Discriminator(lambda inputs: "texts" if isinstance(inputs, list) else "text"),
    ]
    raw_scores: StrictBool = Field(default=False, description="Logits instead of probabilities.")
    truncate: StrictBool | None = Field(
        default=None, description="Whether a text too long to be read to its end may be cut."
    )
    parameters: PipelineParameters | None = None

    @property
    def texts(self) -> list[str]:
        """The texts, whichever way they came."""
        return [self.inputs] if isinstance(self.inputs, str) else self.inputs


class Score(BaseModel):
    """A cause and its probability, or its logit."""

    label: str
    score: float


@router.post(
    "/predict", response_model=list[Score] | list[list[Score]], responses=responses(400, 413, 415, 422, 500, 503)
)
async def predict(body: PredictRequest, answer: Answering) -> Response:
    """Scores of every cause, the highest first: a list for one text, a list of lists for several.

    A list of strings is several texts: a pair of texts means nothing to this model. With `parameters`, which clients
    of a Transformers pipeline send, one text is answered by a list of lists too, as they expect.
    """
    predictions = await answer(body.texts)
    if not body.truncate and any(prediction.truncated for prediction in predictions):
        raise TooLargeError("a text is too long to be read to its end; shorten it, or allow `truncate`")
    given = body.parameters or PipelineParameters()
    raw = body.raw_scores or given.function_to_apply == "none"

    def content() -> list[Any]:
        scores = [_scores(prediction, raw)[: given.top_k] for prediction in predictions]
        return scores[0] if isinstance(body.inputs, str) and body.parameters is None else scores

    return await rendered(content, len(predictions))


def _scores(prediction: Prediction, raw: bool) -> list[dict[str, Any]]:
    values = np.array(list(prediction.probabilities.values()), dtype=np.float64)
    kept = values.clip(LEAST, 1 - LEAST)
    shown = np.log(kept) - np.log1p(-kept) if raw else values
    causes = list(prediction.probabilities)
    return [{"label": causes[k], "score": float(shown[k])} for k in np.argsort(-values, kind="stable")]
