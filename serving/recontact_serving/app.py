"""The HTTP application."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from recontact import CauseClassifier, __version__
from recontact_serving import problems
from recontact_serving.routes import classify, health
from recontact_serving.settings import Settings, load_settings

DESCRIPTION = "Finds why customers had to contact customer service again, in free-text comments of 20 languages."


def create_app(settings: Settings | None = None, classifier: CauseClassifier | None = None) -> FastAPI:
    """Makes the application; the model is loaded and tried before the first request comes.

    Args:
        settings: The server's settings; None to read the environment.
        classifier: An open model; None to open the one of the settings.

    Raises:
        ModelError: the model cannot be loaded.
    """
    settings = settings or load_settings()
    # FastAPI's own /docs fetches its scripts from a CDN; these come with the package.
    app = FastAPIOffline(title="recontact", version=__version__, description=DESCRIPTION, redoc_url=None)
    app.state.settings = settings
    app.state.classifier = classifier or CauseClassifier.load(settings.model)
    app.state.classifier.classify(["warm-up"])
    problems.install(app)
    app.include_router(classify.router)
    app.include_router(health.router)
    app.add_middleware(problems.BodyLimit, max_bytes=settings.max_body_bytes)
    return app
