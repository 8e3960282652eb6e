"""Answering: the one way from the comments of a request to predictions, whatever the route."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from recontact import CauseClassifier
from recontact.prediction import Prediction
from recontact_data.errors import ModelError
from recontact_serving.metrics import Metrics
from recontact_serving.problems import TooLargeError
from recontact_serving.scheduling import Scheduler
from recontact_serving.settings import Settings

FEW = 8  # comments whose answers are written faster than handed to a thread


class Answerer:
    """Answers the comments of one request.

    Attributes:
        classifier: The model that was in service when the request came.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.app.state.settings
        self._scheduler: Scheduler = request.app.state.scheduler
        self._metrics: Metrics = request.app.state.metrics
        self.classifier: CauseClassifier = self._scheduler.classifier

    async def __call__(self, comments: Sequence[str], min_precision: float | None = None) -> list[Prediction]:
        """Predictions of comments, in order; no longer worked on once the client has gone.

        Args:
            comments: The comments.
            min_precision: How often a cause that is stated must be right; None to cut where the model does.

        Raises:
            HTTPException: the model was never measured for a precision.
            TooLargeError: there are too many comments, or they are too long.
            OverloadedError: too much waits already.
            FailedError: a comment could not be computed.
            ClientDisconnect: the client has gone.
        """
        self._check(comments)
        self.classifier = at_precision(self.classifier, min_precision)
        predictions = await self._while_connected(comments)
        self._metrics.answered(predictions)
        return predictions

    def _check(self, comments: Sequence[str]) -> None:
        most, long = self._settings.max_texts, self._settings.max_characters
        if len(comments) > most:
            raise TooLargeError(f"a request may hold {most} texts, this one has {len(comments)}; split it")
        if (longest := max(map(len, comments), default=0)) > long:
            raise TooLargeError(f"a text may have {long} characters, one has {longest}; shorten it")
        if (together := sum(map(len, comments))) > (most := self._settings.max_request_characters):
            raise TooLargeError(
                f"the texts of a request may have {most} characters together, these have {together}; split it, "
                "or send a job"
            )

    async def _while_connected(self, comments: Sequence[str]) -> list[Prediction]:
        answers = asyncio.ensure_future(self._scheduler.classify(comments, self.classifier))
        gone = asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait((answers, gone), return_when=asyncio.FIRST_COMPLETED)
            if not answers.done():
                raise ClientDisconnect
            return answers.result()
        finally:
            answers.cancel()
            gone.cancel()

    async def _gone(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


def at_precision(classifier: CauseClassifier, wanted: float | None) -> CauseClassifier:
    """The same model, cut where a cause that is stated is right as often as wanted; None for where it cuts itself.

    Raises:
        HTTPException: it was never measured for a precision.
    """
    try:
        return classifier if wanted is None else classifier.at_precision(wanted)
    except ModelError as error:
        raise HTTPException(409, f"min_precision: {error}") from error


async def get_answerer(request: Request) -> Answerer:
    """The answerer of a request."""
    return Answerer(request)


Answering = Annotated[Answerer, Depends(get_answerer)]


async def rendered(make: Callable[[], Any], comments: int) -> Response:
    """JSON of what `make` gives; that of many comments is made in another thread, so that nobody waits for it."""

    def content() -> bytes:
        return json.dumps(make(), ensure_ascii=False, separators=(",", ":")).encode()

    made = content() if comments <= FEW else await run_in_threadpool(content)
    return Response(made, media_type="application/json")
