"""The same HTTP application on Ray Serve, for several machines: one replica is one server behind Ray's proxies."""

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from recontact_data.errors import MissingExtraError
from recontact_serving.app import create_app
from recontact_serving.keys import check_there_is_one
from recontact_serving.settings import Settings, load_settings

if TYPE_CHECKING:
    from ray.serve import Application

# Ray's own limit is five. A replica refuses by how long a request would wait, so Ray shall hold none back from it.
AT_ONCE = 1000
HELD_BACK = 1000  # requests a proxy keeps while no replica has room, as when one is replaced
COME_BACK = 5.0  # seconds after which that may be over
HEALTH_EVERY = 2.0  # seconds between Ray's looks at a replica
LAST_REQUESTS = 30.0  # seconds a replica has for what it took, as with `recontact serve`
TRIES = 3  # times that a replica may fail to start before Ray gives up


class Arguments(BaseModel):
    """What `serve run recontact_serving.ray_serve:build name=value …` or `args` of a config file may say.

    Attributes:
        model: Model folder or registry, under the same path on every machine; None for that of RECONTACT_MODEL.
        replicas: Servers among which requests are divided.
        cpus: Cores that Ray sets aside for each; it computes on as many, unless RECONTACT_WORKERS says otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Path | None = None
    replicas: int = Field(default=1, ge=1)
    cpus: int = Field(default=1, ge=1)


class Replica:
    """One server of the deployment.

    Attributes:
        app: Its application, which Ray makes and keeps.
    """

    app: FastAPI

    async def check_health(self) -> None:
        """Ray asks this from time to time, and replaces a replica that fails; the same test as `/health/ready`.

        Raises:
            ClosedError: no requests are taken.
        """
        self.app.state.scheduler.check_open()


def build(arguments: Arguments) -> "Application":
    """Builds the Ray Serve application; every replica gets the settings of the process that builds it.

    Raises:
        MissingExtraError: Ray is not installed.
        RecontactError: a setting is not valid, or keys are needed and there is none.
    """
    try:
        from ray import serve
    except ModuleNotFoundError as error:
        raise MissingExtraError("Ray Serve", "ray") from error

    settings = settings_for(arguments)
    check_there_is_one(settings, "Ray Serve", "RECONTACT_KEYS=none")
    deployment = serve.deployment(
        serve.ingress(lambda: create_app(settings))(Replica),
        name="recontact",
        num_replicas=arguments.replicas,
        ray_actor_options={"num_cpus": arguments.cpus},
        max_ongoing_requests=AT_ONCE,
        max_queued_requests=HELD_BACK,
        backpressure_config={"status_code": 503, "retry_after_s": COME_BACK},
        health_check_period_s=HEALTH_EVERY,
        graceful_shutdown_timeout_s=LAST_REQUESTS,
        max_constructor_retry_count=TRIES,
    )
    return deployment.bind()


def settings_for(arguments: Arguments) -> Settings:
    """The settings of the environment, fit for a replica.

    Ray's proxy listens, not the application, which sees every request come from Ray and can not tell who is outside:
    unless RECONTACT_KEYS says `none`, keys are needed. Paths are made absolute, since replicas run in other folders.

    Raises:
        RecontactError: a setting is not valid.
    """
    settings = load_settings() if arguments.model is None else load_settings(model=arguments.model)
    return settings.model_copy(
        update={
            "model": settings.model and settings.model.resolve(),
            "data": settings.data.resolve(),
            "workers": settings.workers or arguments.cpus,
            "keys": "none" if settings.keys == "none" else "required",
        }
    )
