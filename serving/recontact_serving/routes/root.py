"""What stands at the server's own address: which server this is, and where to read on."""

from typing import Any

from fastapi import APIRouter

from recontact import __version__

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def root() -> dict[str, Any]:
    """Says where everything else is; the paths are relative, so that they hold below a proxy's path too."""
    return {
        "name": "recontact",
        "version": __version__,
        "docs": "docs",
        "openapi": "openapi.json",
        "health": "health/ready",
        "classify": "v1/classify",
    }
