"""Answering: the one way from the comments of a request to predictions, whatever the route."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from recontact import CauseClassifier
from recontact.prediction import Prediction
from recontact_serving.batching import Batcher
from recontact_serving.metrics import Metrics
from recontact_serving.problems import TooLargeError
from recontact_serving.settings import Settings


class Answerer:
    """Answers the comments of one request."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.app.state.settings
        self._batcher: Batcher = request.app.state.batcher
        self._metrics: Metrics = request.app.state.metrics

    @property
    def classifier(self) -> CauseClassifier:
        """The model in service."""
        return self._batcher.classifier

    async def __call__(self, comments: Sequence[str]) -> list[Prediction]:
        """Predictions of comments, in order; no longer worked on once the client has gone.

        Raises:
            TooLargeError: there are too many comments, or one is too long.
            OverloadedError: too much waits already.
            ClientDisconnect: the client has gone.
        """
        self._check(comments)
        predictions = await self._while_connected(comments)
        self._metrics.answered(predictions)
        return predictions

    def _check(self, comments: Sequence[str]) -> None:
        most, long = self._settings.max_texts, self._settings.max_characters
        if len(comments) > most:
            raise TooLargeError(f"a request may hold {most} texts, this one has {len(comments)}; split it")
        if (longest := max(map(len, comments), default=0)) > long:
            raise TooLargeError(f"a text may have {long} characters, one has {longest}; shorten it")

    async def _while_connected(self, comments: Sequence[str]) -> list[Prediction]:
        answers = asyncio.ensure_future(self._batcher.classify(comments))
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


Answering = Annotated[Answerer, Depends(Answerer)]
