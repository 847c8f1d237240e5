"""The last good answer, asked for anew now and then, and used for a stated time while haymow is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from haymow.errors import HaymowError, Unavailable

T = TypeVar("T")

log = logging.getLogger(__name__)


class _Known(NamedTuple, Generic[T]):
    value: T
    confirmed_at: float  # when haymow last gave it
    asked_at: float  # when haymow was last asked


class Kept(Generic[T]):
    """What `ask` answered last. Used from several threads, of which one at a time asks.

    It is asked again when the answer is older than `refresh` seconds. When that fails with Unavailable, the last answer
    is used until it is `keep_for` seconds old, and haymow is tried again every `refresh` seconds; any other error means
    that the answer does not hold any more. `now` is a clock in seconds that never goes back.
    """

    def __init__(
        self, ask: Callable[[], T], refresh: float, keep_for: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._refresh = refresh
        self._keep_for = keep_for
        self._now = now
        self._known: _Known[T] | None = None
        self._turn = Lock()

    def fresh(self) -> T | None:
        """The last answer when it needs no asking."""
        known = self._known
        if known is None:
            return None
        due = known.confirmed_at if self._is_too_old(known) else known.asked_at
        return known.value if self._now() - due < self._refresh else None

    def get(self) -> T:
        """The answer to use now. Raises what `ask` raises."""
        fresh = self.fresh()
        if fresh is not None:
            return fresh
        known = self._known
        may_wait = known is None or self._is_too_old(known)
        if not self._turn.acquire(blocking=may_wait):
            assert known is not None
            return known.value  # somebody else is asking, and this one is still good
        try:
            return self._asked()
        finally:
            self._turn.release()

    def take_over(self, other: Kept[T]) -> None:
        """Know what `other` knows, for as long as that is good."""
        self._known = other._known

    def _asked(self) -> T:
        fresh = self.fresh()  # whoever had the turn before may have asked
        if fresh is not None:
            return fresh
        try:
            value = self._ask()
        except Unavailable as error:
            return self._instead(error)
        except HaymowError:
            self._known = None
            raise
        now = self._now()
        self._known = _Known(value, now, now)
        return value

    def _instead(self, error: Unavailable) -> T:
        known = self._known
        if known is None:
            raise error
        if self._is_too_old(known):
            raise Unavailable(
                f"{error.message} The model's definition was kept for {self._keep_for:g} seconds "
                "(`keep_definition_for`), which are over."
            ) from error
        now = self._now()
        self._known = known._replace(asked_at=now)
        left = self._keep_for - (now - known.confirmed_at)
        log.warning("%s Meanwhile the last definition is used, for %.0f seconds more.", error.message, left)
        return known.value

    def _is_too_old(self, known: _Known[T]) -> bool:
        return self._now() - known.confirmed_at > self._keep_for
