"""Schemas of jobs: what is sent, and what is said of them."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StrictBool, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from recontact_serving.jobs.records import State
from recontact_serving.schemas import MIN_PRECISION, Text, only, whole_characters
from recontact_serving.store.tables import Job

REDACT = (
    "Mask personal data in the comments before anything is kept; other columns stay. Broken rows are not kept then."
)
TEXT = "text"  # the column of comments that came without rows


def _whole_row(row: dict[str, Any]) -> dict[str, Any]:
    whole_characters(json.dumps(row, ensure_ascii=False))
    return row


Row = Annotated[dict[str, Any], AfterValidator(_whole_row)]
Format = Literal["csv", "tsv", "xlsx", "parquet", "jsonl"]


class NoNull:
    """Leaves null out of the schema of a field that may be absent: a form has none."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of what it is where it is there."""
        said = handler(schema)
        return next(one for one in said["anyOf"] if one != {"type": "null"})


class JobForm(BaseModel):
    """A file, as multipart/form-data."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=lambda schema: (
            schema["properties"].update(file={"type": "string", "format": "binary"}) or schema.update(required=["file"])
        ),
    )

    name: SkipJsonSchema[Annotated[str, Field(min_length=1)]]
    text_column: Annotated[
        str | None, NoNull(), Field(description="Column of the comments; needed where it is not plain.")
    ] = None
    format: Annotated[
        Format | None, NoNull(), Field(description="What the suffix of the file's name says if absent.")
    ] = None
    encoding: Annotated[
        str | None, NoNull(), Field(max_length=32, description="Of CSV, TSV, JSONL; found if absent.")
    ] = None
    skip_bad_rows: Annotated[bool, Field(description="Set broken rows aside rather than refuse the file.")] = False
    evidence: Annotated[bool, Field(description="Add the words that state each cause.")] = False
    redact: Annotated[bool, Field(description=REDACT)] = False
    min_precision: Annotated[float | None, NoNull(), Field(ge=0.5, le=0.99, description=MIN_PRECISION)] = None


class JobRequest(BaseModel):
    """Comments in `texts`, or rows with other columns beside the comment in `rows`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"texts": ["Ringte tre ganger", "All good, thanks!"]}],
            "oneOf": [only("texts", "rows", {"type": "array"}), only("rows", "texts", {"type": "array"})],
        },
    )

    texts: Annotated[list[Text] | None, Field(min_length=1)] = None
    rows: Annotated[list[Row] | None, Field(min_length=1)] = None
    text_column: Text | None = None
    evidence: StrictBool = False
    redact: Annotated[StrictBool, Field(description=REDACT)] = False
    min_precision: Annotated[float | None, Field(ge=0.5, le=0.99, strict=True, description=MIN_PRECISION)] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.texts is None) == (self.rows is None):
            raise ValueError('give either "texts" or "rows"')
        return self

    def form(self) -> JobForm:
        """How they are to be read."""
        column = TEXT if self.texts is not None else self.text_column
        return JobForm(
            name="comments.jsonl", text_column=column, format="jsonl", evidence=self.evidence, redact=self.redact,
            min_precision=self.min_precision,
        )  # fmt: skip

    def listed(self) -> list[dict[str, Any]]:
        """One row a comment."""
        return [{TEXT: text} for text in self.texts] if self.texts is not None else self.rows or []


class JobOut(BaseModel):
    """A job."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    state: State
    name: str = Field(description="The file's name.")
    format: str
    text_column: str
    rows: int = Field(description="Rows that are to be classified.")
    rows_done: int
    bad_rows: int = Field(description="Broken rows that were set aside.")
    evidence: bool
    redacted: dict[str, int] | None = Field(
        description="Comments in which personal data was masked: all, and by kind; null where none was to be."
    )
    min_precision: float | None = Field(description="How often a cause that is stated must be right, if that was said.")
    model_version: str | None = Field(description="The model that answers, once the job runs.")
    error: str | None = Field(description="Why it failed.")
    summary: dict[str, Any] | None = Field(description="Comments by cause and by language, and how many need review.")
    created_at: datetime = Field(validation_alias="created")
    started_at: datetime | None = Field(validation_alias="started")
    finished_at: datetime | None = Field(validation_alias="finished")
    expires_at: datetime | None = Field(
        validation_alias="expires", description="When it is removed with all its files."
    )

    @classmethod
    def of(cls, job: Job) -> Self:
        """What is said of a job."""
        return cls.model_validate(job)


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobOut]
