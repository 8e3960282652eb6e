"""Metrics: counts for Prometheus."""

import contextlib

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Requests, waiting ones, latencies, comments, causes, languages, reviews and jobs, in Prometheus' text format."""
    counts, desk = request.app.state.metrics, request.app.state.jobs
    counts.model.info({"version": request.app.state.models.current})
    if desk is not None:
        with contextlib.suppress(SQLAlchemyError):  # the database is away: the last counts stand
            for state, jobs in (await run_in_threadpool(desk.records.by_state)).items():
                counts.jobs.labels(state).set(jobs)
    return Response(counts.text(), media_type=CONTENT_TYPE_LATEST)
