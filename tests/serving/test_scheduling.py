"""Requests that come at once share the cores: none waits for another's thousand, or fails with it."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from recontact import CauseClassifier
from recontact.prediction import Rule, none_prediction
from recontact_serving.scheduling import ClosedError, FailedError, OverloadedError, Scheduler

TEXTS = ["they never called back", "friendly and quick!!", "", "køen var for lang 😡"]
PLAIN = none_prediction(Rule(("a",), None, 0.0), "slow@1")  # type: ignore[arg-type]


class Slow:
    """A model that takes its time, and fails on one text; notes what it was asked."""

    def __init__(self, seconds: float = 0.0, version: str = "slow@1") -> None:
        self.seconds, self.version, self.asked = seconds, version, list[str]()
        self.free = threading.Event()
        self.free.set()

    def answer_in_steps(self, text: str) -> Generator[int, None, Any]:
        self.asked.append(text)
        assert self.free.wait(10)
        for _ in range(50 if text == "endless" else 1):
            time.sleep(self.seconds)
            yield 256 if text == "endless" else 10
        if text == "poison":
            raise ValueError(f"{text} it was")
        if text == "panic":
            raise BaseException("no Exception")
        if text == "stop":
            next(iter(()))
        return replace(PLAIN, language=text, model_version=self.version)


@contextmanager
def scheduler_of(model: Any, **limits: Any) -> Iterator[Scheduler]:
    """A scheduler that is closed in the end; held models are set free."""
    scheduler = Scheduler(model, **{"workers": 2, "max_wait": 60.0, "max_bytes": 10**6, **limits})
    try:
        yield scheduler
    finally:
        if isinstance(model, Slow):
            model.free.set()
        scheduler.close()


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")


def test_requests_at_once_get_the_models_own_answers_in_order(classifier: CauseClassifier) -> None:
    asked = [TEXTS, TEXTS[::-1], TEXTS[:1] * 9, [], TEXTS[2:3]]

    async def all_at_once() -> list[Any]:
        with scheduler_of(classifier) as scheduler:
            return await asyncio.gather(*(scheduler.classify(texts) for texts in asked))

    assert asyncio.run(all_at_once()) == [classifier.classify(texts) for texts in asked]


def test_one_comment_does_not_wait_for_another_requests_thousand() -> None:
    model = Slow(0.001)

    async def run() -> int:
        with scheduler_of(model) as scheduler:
            many = asyncio.create_task(scheduler.classify([f"some longer comment, number {k}" for k in range(1000)]))
            await until(lambda: len(model.asked) > 20)
            await scheduler.classify(["one"])
            assert not many.done()
            done_before = len(model.asked)
            assert [answer.language[-3:] for answer in (await many)[-2:]] == ["998", "999"]
            return done_before

    assert asyncio.run(run()) < 300


@pytest.mark.parametrize("bad", ["poison", "panic", "stop"])
def test_a_request_that_fails_fails_alone_and_its_worker_lives(bad: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> list[Any]:
        with scheduler_of(Slow(0.001), workers=1) as scheduler:
            asked = (["a"] * 50, [bad, "b"], ["c"] * 50, ["d", bad])
            found = await asyncio.gather(*(scheduler.classify(texts) for texts in asked), return_exceptions=True)
            return [*found, await scheduler.classify(["after"])]

    first, failed, third, failed_too, after = asyncio.run(run())
    assert [len(first), len(third), len(after)] == [50, 50, 1]
    assert [type(failed), type(failed_too)] == [FailedError, FailedError]
    assert "in _turn" in caplog.text
    assert "it was" not in caplog.text.replace('f"{text} it was"', "") + str(failed)


def test_one_comment_does_not_wait_for_the_end_of_a_long_one() -> None:
    model = Slow(0.005)

    async def run() -> None:
        with scheduler_of(model, workers=1) as scheduler:
            long = asyncio.create_task(scheduler.classify(["endless"]))
            await until(lambda: bool(model.asked))
            await scheduler.classify(["short"])
            assert not long.done()
            assert (await long)[0].language == "endless"

    asyncio.run(run())


def test_blank_comments_do_not_spoil_what_is_known_of_the_pace() -> None:
    async def run() -> None:
        with scheduler_of(Slow(0.002)) as scheduler:
            for _ in range(50):
                await scheduler.classify(["word " * 40])
            before = scheduler.wait(10), (await scheduler.classify([" " * 20_000] * 20))
            held = [asyncio.create_task(scheduler.classify(["word " * 40] * 50)) for _ in range(2)]
            await asyncio.sleep(0)
            assert 0.02 < scheduler.wait(1000) < 2
            assert before[0] == 0
            await asyncio.gather(*held)

    asyncio.run(run())


def test_what_a_client_that_left_asked_is_dropped() -> None:
    model = Slow(0.002)

    async def run() -> None:
        with scheduler_of(model) as scheduler:
            left = asyncio.create_task(scheduler.classify(["left " * 50] * 500))
            await until(lambda: len(model.asked) > 4)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            assert scheduler.waiting == len(scheduler._waiting) == 0
            await scheduler.classify(["stayed"])

    asyncio.run(run())
    assert len(model.asked) < 100
    assert model.asked[-1] == "stayed"


def test_more_than_can_be_answered_soon_is_refused_at_once_until_it_can() -> None:
    model = Slow()
    model.free.clear()

    async def run() -> None:
        with scheduler_of(model, max_wait=0.1) as scheduler:
            taken: list[asyncio.Task[Any]] = []
            while not any(task.done() for task in taken):
                taken.append(asyncio.create_task(scheduler.classify(["word " * 40])))
                await asyncio.sleep(0)
            with pytest.raises(OverloadedError, match="requests are before this one") as refused:
                await taken.pop()
            assert refused.value.retry_after >= 1
            assert 2 < scheduler.waiting < 100
            model.free.set()
            assert [len(answers) for answers in await asyncio.gather(*taken)] == [1] * len(taken)
            assert len(await scheduler.classify(["now"])) == 1

    asyncio.run(run())


def test_beside_a_job_requests_are_taken_and_answered_soon() -> None:
    model = Slow(0.002)

    async def run() -> None:
        with scheduler_of(model, max_wait=0.05) as scheduler:
            job = asyncio.create_task(scheduler.classify(["word " * 40] * 1000, patient=True))
            await until(lambda: len(model.asked) > 60)
            for _ in range(20):
                done_before = len(model.asked)
                await asyncio.wait_for(scheduler.classify(["one"]), 2)
                assert len(model.asked) - done_before < 15  # a whole turn of both workers would be more than 50
            assert not job.done()
            job.cancel()

    asyncio.run(run())


def test_beside_a_very_long_comment_requests_are_taken_and_answered_soon() -> None:
    model = Slow(0.02)

    async def run() -> None:
        with scheduler_of(model, max_wait=0.2) as scheduler:
            long = asyncio.create_task(scheduler.classify(["endless"]))
            await until(lambda: bool(model.asked))
            scheduler._taken.copy().pop().left = 5_000  # as of 20,000 characters
            await asyncio.gather(*(scheduler.classify(["short"]) for _ in range(6)))
            assert not long.done()
            long.cancel()

    asyncio.run(run())


def test_one_request_is_taken_however_large_but_not_another_beside_it() -> None:
    model = Slow()
    model.free.clear()

    async def run() -> None:
        with scheduler_of(model, max_bytes=4000) as scheduler:
            large = asyncio.create_task(scheduler.classify(["word " * 200] * 5))
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError, match="send fewer"):
                await scheduler.classify(["word " * 200] * 5)
            model.free.set()
            assert len(await large) == 5

    asyncio.run(run())


def test_a_scheduler_that_closes_finishes_what_it_took_and_takes_no_more() -> None:
    model = Slow(0.002)

    async def run() -> None:
        scheduler = Scheduler(model, workers=2, max_wait=60.0, max_bytes=10**6)  # type: ignore[arg-type]
        taken = asyncio.create_task(scheduler.classify(["comment"] * 100))
        await asyncio.sleep(0)
        await asyncio.to_thread(scheduler.close)
        assert len(await taken) == 100
        with pytest.raises(ClosedError):
            await scheduler.classify(["too late"])
        scheduler.open()
        assert len(await scheduler.classify(["open again"])) == 1
        scheduler.close()

    asyncio.run(run())


def test_a_request_keeps_the_model_it_began_with() -> None:
    old, new = Slow(0.002, "old@1"), Slow(version="new@2")

    async def run() -> None:
        with scheduler_of(old) as scheduler:
            begun = asyncio.create_task(scheduler.classify(["comment"] * 60))
            await until(lambda: len(old.asked) > 2)
            scheduler.classifier = new  # type: ignore[assignment]
            (after,) = await scheduler.classify(["later"])
            assert after.model_version == "new@2"
            assert {answer.model_version for answer in await begun} == {"old@1"}

    asyncio.run(run())
