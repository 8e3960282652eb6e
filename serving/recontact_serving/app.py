"""The HTTP application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from recontact import CauseClassifier, __version__
from recontact.estimator import usable_cores
from recontact_serving import problems
from recontact_serving.body_limit import BodyLimit
from recontact_serving.door import Door
from recontact_serving.jobs.desk import open_desk
from recontact_serving.keys import Keys
from recontact_serving.metrics import CountRequests, Metrics
from recontact_serving.model_switch import ModelSwitch
from recontact_serving.openapi import describe
from recontact_serving.routes import classify, health, jobs, metrics, models, open_inference, predict, root, taxonomy
from recontact_serving.scheduling import Scheduler
from recontact_serving.settings import LOOPBACK, Settings, load_settings
from recontact_serving.store.database import open_store

DESCRIPTION = "Finds why customers had to contact customer service again, in free-text comments of 20 languages."

CORS_HEADERS = ["authorization", "content-type", "idempotency-key", "x-api-key"]
# For /docs and clients made from it; whether a key is needed, the door knows.
BEARER = HTTPBearer(
    auto_error=False, description="An API key (`recontact keys create`), where the server asks for one."
)


def create_app(settings: Settings | None = None, classifier: CauseClassifier | None = None) -> FastAPI:
    """Makes the application; the model is loaded and tried before the first request comes.

    Args:
        settings: The server's settings; None to read the environment.
        classifier: An open model; None to open the one of the settings.

    Raises:
        ModelError: the model cannot be loaded.
    """
    settings = settings or load_settings()
    model = classifier or CauseClassifier.load(settings.model)
    model.classify(["warm-up"])
    counts = Metrics()
    scheduler = Scheduler(
        model, settings.workers or usable_cores(), settings.max_wait_ms / 1000, settings.max_waiting_bytes, counts.turn
    )
    counts.watch(lambda: scheduler.waiting)
    store = open_store(settings) if settings.jobs or settings.keys_needed else None
    desk = open_desk(settings, scheduler, store) if store and settings.jobs else None

    switch = ModelSwitch(scheduler, settings.model)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        scheduler.open()
        if desk:
            desk.runner.open()
        following = asyncio.create_task(switch.follow())
        yield
        following.cancel()
        if desk:
            await desk.runner.close()
        await run_in_threadpool(scheduler.close)

    # FastAPI's own /docs fetches its scripts from a CDN; these come with the package.
    app = FastAPIOffline(
        title="recontact",
        version=__version__,
        description=DESCRIPTION,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,  # behind a proxy that ends TLS, it would send people to http
        strict_content_type=False,  # some clients name none; pages of others are kept out by the door
        dependencies=[Depends(BEARER)],
    )
    app.state.settings, app.state.scheduler, app.state.metrics = settings, scheduler, counts
    app.state.jobs, app.state.models = desk, switch
    problems.install(app)
    for module in (classify, jobs, models, taxonomy, predict, open_inference, health, metrics, root):
        app.include_router(module.router)
    describe(app)
    uploads = {jobs.router.prefix: settings.max_upload_bytes}
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, uploads=uploads)
    app.add_middleware(
        Door,
        keys=Keys(store) if store else None,
        needed=settings.keys_needed,
        hosts=(*LOOPBACK, *settings.allowed_hosts) if settings.local and not settings.keys_needed else None,
        origins=settings.cors_origins,
        # Not on loopback: browsers would ask every port of localhost by HTTPS for a year.
        https_alone=settings.tls_certificate is not None and not settings.local,
    )
    app.add_middleware(
        CountRequests, metrics=counts, paths=lambda: app.openapi()["paths"]
    )  # it counts what the others refuse
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=CORS_HEADERS
        )
    return app
