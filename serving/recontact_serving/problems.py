"""Problems: every error leaves the server as RFC 9457 problem details, translated here alone."""

import math
from http import HTTPStatus
from random import randint
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from recontact_serving.jobs.files import UnfitFormatError
from recontact_serving.jobs.inspection import UploadError, UploadTooLargeError
from recontact_serving.jobs.intake import ReusedKeyError, TooManyJobsError
from recontact_serving.json_bodies import not_json, what_is_wrong
from recontact_serving.scheduling import ClosedError, FailedError, OverloadedError
from recontact_serving.schemas import ABOUT_STATUS, Problem

MEDIA_TYPE = "application/problem+json"
ERROR_MEMBER = ("/predict", "/v2")  # routes whose clients look for the reason in the member `error`
RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}  # since RFC 9110
UNPARSED = "There was an error parsing the body"  # as FastAPI says it
GONE = 499  # the client went away before there was an answer
JOB_OVER = 30  # seconds after which one of many jobs may be over
RESTART = 5  # seconds in which a server that stops may be back
SPREAD = 0.25  # by which Retry-After is stretched at random, so that those refused together do not come back together
KEY_RATE = "urn:recontact:problem:key-rate"
UNFINISHED_JOBS = "urn:recontact:problem:unfinished-jobs"
TITLES = {KEY_RATE: "The key's rate is used up", UNFINISHED_JOBS: "Too many unfinished jobs"}


class TooLargeError(Exception):
    """A request is over a limit; the message names the limit."""


def phrase(status: int) -> str:
    """The name of a status, the same in all versions of Python."""
    return RENAMED.get(status) or HTTPStatus(status).phrase


def problem(
    path: str, status: int, detail: str, headers: dict[str, str] | None = None, type: str = ABOUT_STATUS
) -> JSONResponse:
    """A problem-details answer; `type` is one of `TITLES` where the status alone does not tell a program enough."""
    error = detail if path.startswith(ERROR_MEMBER) else None
    title = TITLES.get(type) or phrase(status)
    said = Problem(type=type, title=title, status=status, detail=detail, error=error)
    content = said.model_dump(exclude_none=True)
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def retry_after(wait: float) -> dict[str, str]:
    """The header that says when to ask again: after `wait` seconds, or somewhat later, never sooner."""
    least = max(1, math.ceil(wait))
    return {"Retry-After": str(least + randint(0, math.ceil(least * SPREAD)))}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of the problems a route may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": phrase(status), "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Registers the translation of every error."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TooLargeError, _too_large)
    app.add_exception_handler(UploadTooLargeError, _too_large)
    app.add_exception_handler(UploadError, _unreadable)
    app.add_exception_handler(ReusedKeyError, _unreadable)
    app.add_exception_handler(UnfitFormatError, _unfit)
    app.add_exception_handler(TooManyJobsError, _too_many)
    app.add_exception_handler(OverloadedError, _overloaded)
    app.add_exception_handler(ClosedError, _closed)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(FailedError, _failed)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Says what is wrong and where, without repeating the comment."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["loc"][:1] == ("body",) and (reason := not_json(request)):
        return problem(request.scope["path"], 415, reason)
    if first["type"] == "missing" and first["loc"] == ("body",):
        return problem(request.scope["path"], 422, "the body is empty; send JSON")
    if first["type"] == "json_invalid":
        return problem(request.scope["path"], 400, what_is_wrong(error.__cause__))
    if first["type"] == "string_unicode":
        return problem(request.scope["path"], 400, "a text holds half of a character (a lone surrogate); mend it")
    where = ".".join(str(part) for part in first["loc"] if part != "body" and not _is_branch(part)) or "body"
    where = where.encode("utf-8", "backslashreplace").decode("utf-8")
    return problem(request.scope["path"], 422, f"{where}: {first['msg'].removeprefix('Value error, ')}")


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path, headers = request.scope["path"], dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The router names the methods of one route; others may have the same path.
        headers["Allow"] = ", ".join(_methods(request.app, path)) or headers.get("Allow", "")
        return problem(path, error.status_code, f"this route knows {headers['Allow']}", headers)
    if error.detail == UNPARSED:
        if reason := not_json(request):
            return problem(path, 415, reason)
        return problem(path, 400, what_is_wrong(error.__cause__))
    return problem(path, error.status_code, str(error.detail), headers)


def _is_branch(part: str | int) -> bool:
    """Whether a part of a place is no field but one of the forms that a field may have, in pydantic's words."""
    return isinstance(part, str) and part.startswith("literal[")


def _methods(app: FastAPI, path: str) -> list[str]:
    described = app.openapi()["paths"].items()
    return sorted({m.upper() for route, methods in described if compile_path(route)[0].match(path) for m in methods})


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 413, str(error))


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 422, str(error))


async def _unfit(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 409, str(error))


async def _too_many(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 429, str(error), retry_after(JOB_OVER), UNFINISHED_JOBS)


async def _overloaded(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OverloadedError)
    return problem(request.scope["path"], 503, str(error), retry_after(error.retry_after))


async def _closed(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 503, str(error), retry_after(RESTART))


async def _gone(_: Request, error: Exception) -> Response:
    return Response(status_code=GONE)  # nobody reads it, but it is counted


async def _failed(request: Request, error: Exception) -> JSONResponse:
    return problem(request.scope["path"], 500, "the server failed on this request; its log says more")
