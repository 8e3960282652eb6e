"""Metrics: what a server counts for Prometheus. No label and no value holds anything of a comment's text."""

import time
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recontact.prediction import Prediction
from recontact_serving.problems import GONE, problem
from recontact_serving.request_log import QUIET, request_id, tell, tell_failure, working_for

UNKNOWN_ROUTE = "unknown"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The counts of one server, in a registry of its own."""

    def __init__(self) -> None:
        """Starts all counts at zero."""
        self.registry = own = CollectorRegistry()
        self.requests = Counter("recontact_requests", "Requests answered.", ("route", "status"), registry=own)
        self.seconds = Histogram(
            "recontact_request_seconds", "From request to answer.", ("route",), buckets=SECONDS, registry=own
        )
        self.model = Info("recontact_model", "The model in service.", registry=own)
        self.jobs = Gauge("recontact_jobs", "Jobs of all servers of the database.", ("state",), registry=own)
        self.waiting = Gauge("recontact_requests_waiting", "Requests taken and not answered yet.", registry=own)
        self.turn_comments = Histogram(
            "recontact_turn_comments", "Comments computed in one turn.", buckets=SIZES, registry=own
        )
        self.turn_seconds = Histogram("recontact_turn_seconds", "Duration of a turn.", buckets=SECONDS, registry=own)
        self.pieces = Counter("recontact_pieces", "Pieces of comments computed, about.", registry=own)
        self.comments = Counter("recontact_comments", "Comments answered.", registry=own)
        self.causes = Counter("recontact_causes", "Causes found; none where none is.", ("cause",), registry=own)
        self.languages = Counter("recontact_languages", "Languages of comments.", ("language",), registry=own)
        self.reviews = Counter("recontact_reviews", "Answers that a person should look at.", registry=own)
        self.truncated = Counter("recontact_truncated", "Comments too long to be read to their end.", registry=own)

    def watch(self, waiting: Callable[[], float]) -> None:
        """Sets where the number of waiting requests is read."""
        self.waiting.set_function(waiting)

    def turn(self, comments: int, pieces: int, seconds: float) -> None:
        """Counts what was computed at once."""
        self.turn_comments.observe(comments)
        self.turn_seconds.observe(seconds)
        self.pieces.inc(pieces)

    def answered(self, predictions: Sequence[Prediction]) -> None:
        """Counts answers."""
        self.comments.inc(len(predictions))
        for prediction in predictions:
            for cause in prediction.causes or (prediction.cause,):
                self.causes.labels(cause).inc()
            self.languages.labels(prediction.language).inc()
            self.reviews.inc(prediction.needs_review)
            self.truncated.inc(prediction.truncated)

    def text(self) -> bytes:
        """All counts in Prometheus' text format."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts requests by route and status, and how long each took, and logs them. A path that is no route is `unknown`.

    What nobody expected ends here, as a 500: further out, its message would reach the log, and may quote a comment.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Callable[[], Iterable[str]]) -> None:
        self.app, self.metrics, self.paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and counts its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), GONE
        headers = dict(scope["headers"])
        id = request_id(headers.get(b"x-request-id"))

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", id.encode())]
            await send(message)

        try:
            with working_for(request=id):
                await self.app(scope, receive, counted)
        except Exception as error:
            tell_failure(error, {"request": id})
            if status == GONE:
                failed = problem(scope["path"], 500, "the server failed on this request; its log says more")
                await failed(scope, receive, counted)
        finally:
            route, seconds = self._route(scope), time.perf_counter() - begun
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            if route not in QUIET:
                size = headers.get(b"content-length", b"")
                tell(
                    "request", id=id, method=scope["method"], route=route, status=status, ms=round(1000 * seconds),
                    bytes=int(size) if size.isdigit() else None, key=scope.get("state", {}).get("caller") or None,
                )  # fmt: skip

    def _route(self, scope: Scope) -> str:
        """The template of the route that was asked, also of what was refused before it."""
        route = scope.get("route")
        if route is not None:
            return str(getattr(route, "path", UNKNOWN_ROUTE))
        return next((path for path in self.paths() if compile_path(path)[0].match(scope["path"])), UNKNOWN_ROUTE)
