"""Health: whether the server lives, and whether it can answer."""

from fastapi import APIRouter, Request

from recontact_serving.problems import responses
from recontact_serving.schemas import Health

router = APIRouter(prefix="/health", tags=["health"])


@router.head("/live", include_in_schema=False)
@router.get("/live")
async def live() -> Health:
    """The process is up."""
    return Health(status="live")


@router.head("/ready", include_in_schema=False)
@router.get("/ready", responses=responses(503))
async def ready(request: Request) -> Health:
    """The model is loaded and the server is not stopping: requests will be answered."""
    request.app.state.scheduler.check_open()
    return Health(status="ready", model_version=request.app.state.scheduler.classifier.model_version)
