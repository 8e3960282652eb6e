"""The client of the HTTP API, in two manners: `Client` waits for each answer, `AsyncClient` is awaited."""

from recontact_serving.client.answers import Cause, Health, Job, Taxonomy
from recontact_serving.client.asynchronous import AsyncClient
from recontact_serving.client.blocking import Client
from recontact_serving.client.errors import ApiError, JobError, UnreachableError

__all__ = [
    "ApiError",
    "AsyncClient",
    "Cause",
    "Client",
    "Health",
    "Job",
    "JobError",
    "Taxonomy",
    "UnreachableError",
]
