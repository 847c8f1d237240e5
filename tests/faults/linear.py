"""A linearizability checker after Wing and Gong, with Lowe's memory of what was tried (no Python library is kept up).

A history is linearizable when its operations can be put into one order in which each seems to happen at one moment
between its call and its answer. Who was not answered may have been done at any later moment, or never.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True)
class Done(Generic[S]):
    """An operation: `step` gives the state after it when it may happen in a state with the answer it had, else None.

    `answered` is infinite where no answer came.
    """

    called: float
    answered: float
    step: Callable[[S], S | None]
    what: str = ""


def linearized(history: Sequence[Done[S]], state: S) -> list[Done[S]] | None:
    """An order in which the history makes sense, from `state`; None when there is none."""
    done = sorted(history, key=lambda one: one.called)
    order: list[tuple[int, S]] = []
    tried: set[tuple[int, S]] = set()
    taken, place = 0, 0  # `taken` has a bit for each operation that is in the order
    while True:
        if all(taken >> number & 1 or one.answered == inf for number, one in enumerate(done)):
            return [done[number] for number, _ in order]
        found = _next(done, taken, place, state, tried)
        if found is not None:
            number, after = found
            order.append((number, state))
            taken, state, place = taken | 1 << number, after, 0
        elif order:  # none can be the next one: the last was not the right one
            number, state = order.pop()
            taken, place = taken & ~(1 << number), number + 1
        else:
            return None


def _next(done: Sequence[Done[S]], taken: int, place: int, state: S, tried: set[tuple[int, S]]) -> tuple[int, S] | None:
    """The next operation, at `place` or behind it, that may come first of those that are left."""
    left = [number for number in range(len(done)) if not taken >> number & 1]
    first_answer = min(done[number].answered for number in left)
    for number in left:
        if number < place:
            continue
        if done[number].called > first_answer:
            return None  # another one was over before this one began
        after = done[number].step(state)
        if after is not None and (taken | 1 << number, after) not in tried:
            tried.add((taken | 1 << number, after))
            return number, after
    return None
