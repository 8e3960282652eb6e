"""Models: which there are, which one answers, and putting another one in service."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from recontact.artifact import Manifest
from recontact_data.errors import ModelError
from recontact_serving.model_switch import ModelSwitch
from recontact_serving.problems import responses

router = APIRouter(prefix="/v1/models", tags=["models"])


class ModelOut(BaseModel):
    """A model."""

    version: str
    created: str
    current: bool = Field(description="Whether it answers now.")
    trained_on: int | None = Field(description="Comments it was trained on.")


class ModelList(BaseModel):
    """The models that this server can put in service."""

    current: str
    models: list[ModelOut]


class Wanted(BaseModel):
    """The model that shall answer."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[str, Field(max_length=200, examples=["recontact@0123456789ab"])]


@router.get("", summary="List the models")
async def all_models(request: Request) -> ModelList:
    """The models of the registry that the server was given, or its only one."""
    switch = _switch(request)
    return ModelList(
        current=switch.current,
        models=[_described(found, switch.current) for found in await asyncio.to_thread(switch.manifests)],
    )


@router.get("/current", summary="The current model")
async def current(request: Request) -> ModelOut:
    """The model that answers."""
    return _described(request.app.state.scheduler.classifier.manifest, _switch(request).current)


@router.put("/current", summary="Switch the model", responses=responses(400, 409, 415, 422))
async def put_in_service(body: Wanted, request: Request) -> ModelOut:
    """Has another model answer, in this process. No request fails; those on their way keep their model."""
    try:
        await _switch(request).to(body.version)
    except ModelError as error:
        raise HTTPException(409, str(error)) from None
    return await current(request)


def _switch(request: Request) -> ModelSwitch:
    switch: ModelSwitch = request.app.state.models
    return switch


def _described(manifest: Manifest, current: str) -> ModelOut:
    data: dict[str, Any] = dict(manifest.data)
    version = manifest.model_version
    return ModelOut(version=version, created=manifest.created, current=version == current, trained_on=data.get("train"))
