"""Jobs: a file of comments is sent, classified while nobody waits at the line, and fetched in any format."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from pydantic import ValidationError
from pydantic.json_schema import SkipJsonSchema
from starlette.datastructures import FormData, UploadFile

from recontact_serving.answer_columns import AnswerColumns
from recontact_serving.answering import at_precision
from recontact_serving.jobs.desk import JobDesk
from recontact_serving.jobs.files import JobFolder
from recontact_serving.jobs.intake import Sent
from recontact_serving.jobs.records import State
from recontact_serving.jobs.schemas import Format, JobForm, JobList, JobOut, JobRequest
from recontact_serving.json_bodies import not_json, what_is_wrong
from recontact_serving.problems import responses
from recontact_serving.store.tables import Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

FIELDS = 16
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl; charset=utf-8",
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": JobForm.model_json_schema()},
            "application/json": {"schema": JobRequest.model_json_schema()},
        },
    }
}
NONE: dict[int | str, dict[str, Any]] = {204: {"description": "There are none."}}
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=128, description="The same for a job that is sent again in doubt."),
]


async def get_desk(request: Request) -> JobDesk:
    """The desk of the server, unless it takes no jobs."""
    desk: JobDesk | None = request.app.state.jobs
    if desk is None:
        raise HTTPException(404, "this server takes no jobs (RECONTACT_JOBS)")
    return desk


async def get_owner(request: Request) -> str:
    """Whose jobs a request is about: those of its key."""
    return str(request.state.caller)


Desk = Annotated[JobDesk, Depends(get_desk)]
Owner = Annotated[str, Depends(get_owner)]


@router.post(
    "",
    summary="Send a job",
    status_code=202,
    responses=responses(400, 404, 409, 413, 415, 422, 429),
    openapi_extra=BODY,
)
async def create(request: Request, response: Response, desk: Desk, owner: Owner, idempotency_key: Key = None) -> JobOut:
    """Sends a file (multipart/form-data), or comments or rows (application/json), to be classified."""
    async with _sent(request) as (form, file):
        sent = Sent(
            owner=owner, name=form.name, text_column=form.text_column, format=form.format, encoding=form.encoding,
            skip_bad_rows=form.skip_bad_rows, evidence=form.evidence,
            redact=form.redact or request.app.state.settings.redact, min_precision=form.min_precision,
            idempotency_key=idempotency_key or None,
        )  # fmt: skip
        classifier = at_precision(request.app.state.scheduler.classifier, form.min_precision)
        reserved = AnswerColumns(classifier.taxonomy, form.evidence).names
        job = await desk.intake.take(sent, file, reserved)
    desk.runner.wake()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return JobOut.of(job)


@router.get("", summary="List your jobs", responses=responses(404, 422))
async def mine(
    desk: Desk,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JobList:
    """Your jobs, newest first."""
    jobs = await asyncio.to_thread(desk.records.of, owner, limit, offset)
    return JobList(jobs=[JobOut.of(job) for job in jobs])


@router.get("/{id}", summary="Look at a job", responses=responses(404, 422))
async def status(id: str, desk: Desk, owner: Owner) -> JobOut:
    """How far a job is."""
    return JobOut.of(await _job(desk, id, owner))


@router.post("/{id}/cancel", summary="Cancel a job", responses=responses(404, 422))
async def cancel(id: str, desk: Desk, owner: Owner) -> JobOut:
    """Stops a job that is not finished; its files stay until they expire or are deleted."""
    job = await asyncio.to_thread(desk.records.cancel, id, owner)
    return JobOut.of(_there(job))


@router.delete("/{id}", summary="Delete a job", status_code=204, responses=responses(404, 422))
async def delete(id: str, desk: Desk, owner: Owner) -> None:
    """Removes a job and all its files, finished or not."""
    job = await _job(desk, id, owner)
    await asyncio.to_thread(desk.records.delete, job.id, owner)
    await asyncio.to_thread(JobFolder(desk.root, job.id).remove)


@router.get("/{id}/result", summary="Fetch a result", response_class=FileResponse, responses=responses(404, 409, 422))
async def result(
    id: str,
    desk: Desk,
    owner: Owner,
    format: Annotated[Format | SkipJsonSchema[None], Query(description="That of the file if absent.")] = None,
) -> FileResponse:
    """The rows that were sent, in their order, with the answers beside them."""
    job = await _job(desk, id, owner)
    if job.state != State.done:
        raise HTTPException(409, f"the job is {job.state}; it has results once it is done")
    wanted = format or job.format
    path = await asyncio.to_thread(JobFolder(desk.root, job.id).result, job, wanted)
    return _file(path, f"{Path(job.name).stem}.causes.{wanted}", wanted)


@router.get(
    "/{id}/bad-rows", summary="Fetch the broken rows", response_class=FileResponse, responses=NONE | responses(404, 422)
)
async def bad_rows(id: str, desk: Desk, owner: Owner) -> Response:
    """The broken rows that were set aside (`skip_bad_rows`); 204 if there are none."""
    job = await _job(desk, id, owner)
    path = JobFolder(desk.root, job.id).bad_rows(job.format)
    if not job.bad_rows or not path.exists():
        return Response(status_code=204)
    return _file(path, f"{Path(job.name).stem}.bad-rows.{job.format}", job.format)


def _file(path: Path, name: str, format: str) -> FileResponse:
    return FileResponse(path, filename=name, media_type=MEDIA_TYPES[format])


async def _job(desk: JobDesk, id: str, owner: str) -> Job:
    return _there(await asyncio.to_thread(desk.records.get, id, owner))


def _there(job: Job | None) -> Job:
    if job is None:
        raise HTTPException(404, "you have no such job; it may have expired")
    return job


@asynccontextmanager
async def _sent(request: Request) -> AsyncIterator[tuple[JobForm, BinaryIO | list[dict[str, Any]]]]:
    """What a request sent: how it is to be read, and the file or the rows."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            async with request.form(max_files=1, max_fields=FIELDS) as form:
                yield _form(form)
        elif reason := not_json(request):
            raise HTTPException(415, f"{reason}; files are sent as multipart/form-data")
        else:
            body = JobRequest.model_validate(_json(await request.body()))
            yield body.form(), body.listed()
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False, include_url=False)) from None


def _form(form: FormData) -> tuple[JobForm, BinaryIO]:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise HTTPException(422, "file: the file is missing; send it in a field named file")
    fields = {name: value for name, value in form.items() if name != "file"}
    return JobForm.model_validate(fields | {"name": file.filename or ""}), file.file


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, what_is_wrong(error)) from None
