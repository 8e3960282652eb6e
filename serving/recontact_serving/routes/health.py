"""Health: whether the server lives, and whether it can answer."""

from fastapi import APIRouter, Request

from recontact_serving.schemas import Health

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Health:
    """The process is up."""
    return Health(status="live")


@router.get("/ready")
async def ready(request: Request) -> Health:
    """The model is loaded; requests will be answered."""
    return Health(status="ready", model_version=request.app.state.scheduler.classifier.model_version)
