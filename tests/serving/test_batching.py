"""Requests that come at once share the cores: none waits for another's thousand, or fails with it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from recontact import CauseClassifier
from recontact.prediction import Rule, none_prediction
from recontact_serving.batching import Batcher, ClosedError, OverloadedError

TEXTS = ["they never called back", "friendly and quick!!", "", "køen var for lang 😡"]
PLAIN = none_prediction(Rule(("a",), None, 0.0), "slow@1")  # type: ignore[arg-type]


class Slow:
    """A model that takes its time, and fails on one text; notes what it was asked."""

    def __init__(self, seconds: float = 0.0, version: str = "slow@1") -> None:
        self.seconds, self.version, self.asked = seconds, version, list[str]()
        self.free = threading.Event()
        self.free.set()

    def answer(self, text: str) -> Any:
        self.asked.append(text)
        assert self.free.wait(10)
        time.sleep(self.seconds)
        if text == "poison":
            raise ValueError("this one")
        return replace(PLAIN, language=text, model_version=self.version)


@contextmanager
def batcher_of(model: Any, **limits: Any) -> Iterator[Batcher]:
    """A batcher that is closed in the end; held models are set free."""
    batcher = Batcher(model, **{"workers": 2, "max_wait": 60.0, "max_bytes": 10**6, **limits})
    try:
        yield batcher
    finally:
        if isinstance(model, Slow):
            model.free.set()
        batcher.close()


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")


def test_requests_at_once_get_the_models_own_answers_in_order(classifier: CauseClassifier) -> None:
    asked = [TEXTS, TEXTS[::-1], TEXTS[:1] * 9, [], TEXTS[2:3]]

    async def all_at_once() -> list[Any]:
        with batcher_of(classifier) as batcher:
            return await asyncio.gather(*(batcher.classify(texts) for texts in asked))

    assert asyncio.run(all_at_once()) == [classifier.classify(texts) for texts in asked]


def test_one_comment_does_not_wait_for_another_requests_thousand() -> None:
    model = Slow(0.001)

    async def run() -> int:
        with batcher_of(model) as batcher:
            many = asyncio.create_task(batcher.classify([f"some longer comment, number {k}" for k in range(1000)]))
            await until(lambda: len(model.asked) > 20)
            await batcher.classify(["one"])
            assert not many.done()
            done_before = len(model.asked)
            assert [answer.language[-3:] for answer in (await many)[-2:]] == ["998", "999"]
            return done_before

    assert asyncio.run(run()) < 300


def test_a_request_that_fails_fails_alone() -> None:
    async def run() -> list[Any]:
        with batcher_of(Slow(0.001)) as batcher:
            asked = (["a"] * 50, ["poison", "b"], ["c"] * 50, ["d", "poison"])
            return await asyncio.gather(*(batcher.classify(texts) for texts in asked), return_exceptions=True)

    first, failed, third, failed_too = asyncio.run(run())
    assert [len(first), len(third)] == [50, 50]
    assert isinstance(failed, ValueError)
    assert isinstance(failed_too, ValueError)


def test_what_a_client_that_left_asked_is_dropped() -> None:
    model = Slow(0.002)

    async def run() -> None:
        with batcher_of(model) as batcher:
            left = asyncio.create_task(batcher.classify(["left " * 50] * 500))
            await until(lambda: len(model.asked) > 4)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            assert batcher.waiting == 0
            await batcher.classify(["stayed"])

    asyncio.run(run())
    assert len(model.asked) < 100
    assert model.asked[-1] == "stayed"


def test_more_than_can_be_answered_soon_is_refused_at_once_until_it_can() -> None:
    model = Slow()
    model.free.clear()

    async def run() -> None:
        with batcher_of(model, max_wait=0.1) as batcher:
            taken: list[asyncio.Task[Any]] = []
            while not any(task.done() for task in taken):
                taken.append(asyncio.create_task(batcher.classify(["word " * 40])))
                await asyncio.sleep(0)
            with pytest.raises(OverloadedError, match="requests wait already") as refused:
                await taken.pop()
            assert refused.value.retry_after >= 1
            assert 2 < batcher.waiting < 100
            model.free.set()
            assert [len(answers) for answers in await asyncio.gather(*taken)] == [1] * len(taken)
            assert len(await batcher.classify(["now"])) == 1

    asyncio.run(run())


def test_one_request_is_taken_however_large_but_not_another_beside_it() -> None:
    model = Slow()
    model.free.clear()

    async def run() -> None:
        with batcher_of(model, max_bytes=4000) as batcher:
            large = asyncio.create_task(batcher.classify(["word " * 200] * 5))
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError, match="send fewer"):
                await batcher.classify(["word " * 200] * 5)
            model.free.set()
            assert len(await large) == 5

    asyncio.run(run())


def test_a_batcher_that_closes_finishes_what_it_took_and_takes_no_more() -> None:
    model = Slow(0.002)

    async def run() -> None:
        batcher = Batcher(model, workers=2, max_wait=60.0, max_bytes=10**6)  # type: ignore[arg-type]
        taken = asyncio.create_task(batcher.classify(["comment"] * 100))
        await asyncio.sleep(0)
        await asyncio.to_thread(batcher.close)
        assert len(await taken) == 100
        with pytest.raises(ClosedError):
            await batcher.classify(["too late"])

    asyncio.run(run())


def test_a_request_keeps_the_model_it_began_with() -> None:
    old, new = Slow(0.002, "old@1"), Slow(version="new@2")

    async def run() -> None:
        with batcher_of(old) as batcher:
            begun = asyncio.create_task(batcher.classify(["comment"] * 60))
            await until(lambda: len(old.asked) > 2)
            batcher.classifier = new  # type: ignore[assignment]
            (after,) = await batcher.classify(["later"])
            assert after.model_version == "new@2"
            assert {answer.model_version for answer in await begun} == {"old@1"}

    asyncio.run(run())
