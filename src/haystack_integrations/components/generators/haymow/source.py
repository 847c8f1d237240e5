"""Where a HaymowChatGenerator gets the generator that does the work: from haymow's endpoint, or from a definition."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

Parameters = dict[str, Any]

DENIED: Final = "generation_kwargs may not set this: it would change where the call goes, as whom, or what is asked."


@dataclass(frozen=True, slots=True)
class Choice:
    """The generator to use now. `build` makes it, the same one as long as `key` is the same.

    `accepted` gives the generation_kwargs of a call as the generator is to get them, or raises Invalid; within
    `explaining`, what the generator raises is put into haymow's words where they say more.
    """

    key: Hashable
    build: Callable[[], Any]
    accepted: Callable[[Parameters], Parameters]
    explaining: Callable[[], AbstractContextManager[None]]


class Source(Protocol):
    """One of the two modes."""

    def known(self) -> Choice | None:
        """The choice when it takes no question to haymow; never blocks."""

    def choice(self) -> Choice:
        """The choice, for which haymow may be asked. Blocks. Raises HaymowError."""

    def take_over(self, before: Source) -> None:
        """Go on from what the source of the process knew that this one was forked from."""

    def close(self) -> None:
        """Close the connections to haymow; the next question opens new ones."""
