"""The last good answer: when it is asked for anew, and how long it is used while nobody answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from haymow.errors import NotFound, Unavailable
from haystack_integrations.components.generators.haymow.kept import Kept
from tests.clocks import Stopwatch
from tests.pipelines.house import LOGGER
from tests.waiting import wait_until


class Asked:
    """Answers 1, 2, 3 and so on, unless `trouble` is set."""

    def __init__(self) -> None:
        self.times = 0
        self.trouble: Exception | None = None

    def __call__(self) -> int:
        self.times += 1
        if self.trouble:
            raise self.trouble
        return self.times


def kept(refresh: float = 60.0, keep_for: float = 600.0) -> tuple[Kept[int], Asked, Stopwatch]:
    asked, clock = Asked(), Stopwatch()
    return Kept(asked, refresh, keep_for, clock), asked, clock


def test_it_is_asked_again_when_it_is_old_and_not_before() -> None:
    answer, asked, clock = kept()
    assert answer.fresh() is None
    assert [answer.get(), answer.get(), answer.fresh()] == [1, 1, 1]
    clock.advance(59.9)
    assert answer.get() == 1
    clock.advance(0.1)
    assert answer.fresh() is None
    assert answer.get() == 2
    assert asked.times == 2


def test_it_is_asked_each_time_where_that_is_wanted() -> None:
    answer, _, _ = kept(refresh=0)
    assert [answer.get(), answer.get(), answer.fresh()] == [1, 2, None]


def test_while_nobody_answers_the_last_one_is_used_for_the_stated_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger=LOGGER)
    answer, asked, clock = kept()
    answer.get()
    asked.trouble = Unavailable("haymow is away.")
    clock.advance(599)
    assert answer.get() == 1
    assert caplog.messages == ["haymow is away. Meanwhile the last definition is used, for 1 seconds more."]
    clock.advance(2)
    with pytest.raises(Unavailable, match=r"haymow is away\. .* kept for 600 seconds .*, which are over"):
        answer.get()
    asked.trouble = None
    assert answer.get() == asked.times


def test_whoever_is_away_is_not_asked_with_every_call() -> None:
    answer, asked, clock = kept()
    answer.get()
    asked.trouble = Unavailable("haymow is away.")
    clock.advance(60)
    assert [answer.get() for _ in range(5)] == [1] * 5
    assert asked.times == 2
    clock.advance(60)
    answer.get()
    assert asked.times == 3


def test_the_stated_time_runs_from_the_last_answer_not_from_the_last_try() -> None:
    answer, asked, clock = kept()
    answer.get()
    asked.trouble = Unavailable("haymow is away.")
    for _ in range(10):
        clock.advance(60)
        assert answer.get() == 1
    clock.advance(60)
    with pytest.raises(Unavailable):
        answer.get()


def test_without_an_answer_ever_the_trouble_is_told() -> None:
    answer, asked, _ = kept()
    asked.trouble = Unavailable("haymow is away.")
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"^haymow is away\.$"):
            answer.get()
    assert asked.times == 2


def test_an_answer_that_holds_no_more_is_forgotten() -> None:
    answer, asked, clock = kept()
    answer.get()
    clock.advance(60)
    asked.trouble = NotFound("There is no such model.")
    with pytest.raises(NotFound):
        answer.get()
    asked.trouble = Unavailable("haymow is away.")
    with pytest.raises(Unavailable):
        answer.get()


def test_while_one_thread_asks_the_others_use_what_there_is() -> None:
    answer, release, entered, clock, ask = _slow()
    assert answer.get() == 1
    clock.advance(60)
    entered.clear()
    release.clear()
    thread = threading.Thread(target=answer.get)
    thread.start()
    assert entered.wait(5)
    assert answer.get() == 1
    release.set()
    thread.join()
    assert answer.get() == 2
    assert ask.times == 2


def test_threads_that_have_nothing_wait_for_one_answer() -> None:
    answer, release, entered, _, ask = _slow()
    release.clear()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(answer.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    release.set()
    wait_until(lambda: len(found) == 8)
    assert (found, ask.times) == ([1] * 8, 1)


def _slow() -> tuple[Kept[int], threading.Event, threading.Event, Stopwatch, Asked]:
    release, entered = threading.Event(), threading.Event()
    release.set()
    clock, asked = Stopwatch(), Asked()

    def ask() -> int:
        entered.set()
        assert release.wait(5)
        return asked()

    slow: Callable[[], int] = ask
    return Kept(slow, 60.0, 600.0, clock), release, entered, clock, asked
