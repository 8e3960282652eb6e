"""Schemas: what requests and answers look like."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

MIN_PRECISION = "How often a cause that is stated must be right: fewer causes, and surer ones."


def whole_characters(text: str) -> str:
    """Refuses a text with half of a character in it, which no file and no answer can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("string_unicode", "half of a character (a lone surrogate)") from error
    return text


def _only_one(text: Any) -> Any:
    return text[0] if isinstance(text, list) and len(text) == 1 else text


Text = Annotated[StrictStr, AfterValidator(whole_characters)]
ListedText = Annotated[Text, BeforeValidator(_only_one)]  # or a list of one text, as batches of some clients hold them


def only(given: str, left_out: str, form: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of an object that has one of two members."""
    return {"required": [given], "properties": {given: form, left_out: {"type": "null"}}}


class ClassifyRequest(BaseModel):
    """One comment in `text`, or many in `texts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"texts": ["Ringte tre ganger, ingen ringte tilbake", "All good, thanks!"]}],
            "oneOf": [
                only("text", "texts", {"type": "string"}),
                only("texts", "text", {"type": "array"}),
            ],
        },
    )

    text: Text | None = None
    texts: Annotated[list[Text] | None, Field(min_length=1)] = None
    evidence: StrictBool = Field(default=True, description="Whether predictions hold `evidence`.")
    probabilities: StrictBool = Field(default=True, description="Whether predictions hold `probabilities`.")

    min_precision: float | None = Field(
        default=None,
        ge=0.5,
        le=0.99,
        strict=True,
        description=MIN_PRECISION,
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.text is None) == (self.texts is None):
            raise ValueError('give either "text" or "texts"')
        return self

    @property
    def comments(self) -> list[str]:
        """The comments, whichever way they came."""
        return self.texts if self.texts is not None else [self.text or ""]

    @property
    def left_out(self) -> set[str]:
        """The members that predictions are to lack."""
        return {name for name in ("evidence", "probabilities") if not getattr(self, name)}


class EvidenceOut(BaseModel):
    """Words that state a cause: characters `start` to `end` (excluded) of the comment."""

    cause: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]


class PredictionOut(BaseModel):
    """What the model says of one comment."""

    cause: str = Field(description="The most probable stated cause, or `none`.")
    causes: list[str] = Field(description="Every stated cause, the most probable first.")
    evidence: list[EvidenceOut] = Field(
        default=[], description="The words that state each cause; absent if the request says so."
    )
    confidence: float = Field(ge=0, le=1)
    probabilities: dict[str, float] = Field(
        default={}, description="Calibrated probability of each cause; absent if the request says so."
    )
    language: str = Field(description="Language code of the comment.")
    needs_review: bool = Field(description="Whether a person should look.")
    truncated: bool = Field(description="Whether the comment was too long to be read to its end.")
    model_version: str


class ClassifyResponse(BaseModel):
    """One prediction a comment, in the order of the request."""

    model_version: str
    predictions: list[PredictionOut]


class Health(BaseModel):
    """Whether the server is up, and with which model."""

    status: str
    model_version: str | None = None


ABOUT_STATUS = "about:blank"  # RFC 9457: there is no more to know than the status


class Problem(BaseModel):
    """An error, as RFC 9457 problem details (application/problem+json)."""

    type: str = Field(
        default=ABOUT_STATUS,
        description="`about:blank`; 429: `urn:recontact:problem:key-rate` or `urn:recontact:problem:unfinished-jobs`.",
    )
    title: str
    status: int
    detail: str
    error: Annotated[str | None, Field(description="The same as `detail`, under /predict and /v2.")] = None
