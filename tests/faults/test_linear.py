"""The checker itself: it lets through what may be, and finds what may not."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import pytest

from tests.faults.linear import Done, linearized


def write(called: float, answered: float, value: int) -> Done[int]:
    return Done(called, answered, lambda _: value, f"write {value}")


def read(called: float, answered: float, value: int) -> Done[int]:
    return Done(called, answered, lambda state: state if state == value else None, f"read {value}")


GOOD: dict[str, list[Done[int]]] = {
    "one after the other": [write(0, 1, 1), read(2, 3, 1)],
    "a read during a write sees either": [write(0, 10, 1), read(1, 2, 0), read(3, 4, 1)],
    "two writes at once, in either order": [write(0, 10, 1), write(0, 10, 2), read(11, 12, 1)],
    "what was never answered has happened": [write(0, inf, 1), read(5, 6, 0), read(7, 8, 1)],
    "what was never answered has not happened": [write(0, inf, 1), read(5, 6, 0)],
}
BAD: dict[str, list[Done[int]]] = {
    "a stale read": [write(0, 1, 1), read(2, 3, 0)],
    "a read that goes back": [write(0, 10, 1), read(1, 2, 1), read(3, 4, 0)],
    "a lost write": [write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)],
    "what nobody wrote": [write(0, 1, 1), read(2, 3, 7)],
    "what was never answered happens before it was asked": [read(0, 1, 1), write(2, inf, 1)],
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD.keys())
def test_finds_an_order(history: list[Done[int]]) -> None:
    order = linearized(history, 0)
    assert order is not None
    replay(order, 0)


@pytest.mark.parametrize("history", BAD.values(), ids=BAD.keys())
def test_finds_that_there_is_none(history: list[Done[int]]) -> None:
    assert linearized(history, 0) is None


def replay(order: list[Done[int]], state: int) -> None:
    step: Callable[[int], int | None]
    for one in order:
        step = one.step
        after = step(state)
        assert after is not None
        state = after
