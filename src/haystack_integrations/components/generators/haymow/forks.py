"""What a process that was forked must not share with its parent: connections, and locks that another thread held."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

_to_start: Final[WeakKeyDictionary[Any, Callable[[Any], Any]]] = WeakKeyDictionary()
# Neither used nor collected: closing the parent's clients would wait for locks of threads that are not there, and take
# the parent's connections out of the selector that both processes have.
_of_parents: Final[list[Any]] = []


def start_anew_when_forked(one: Any, start: Callable[[Any], Any]) -> None:
    """Have `one` begin anew in each process that is forked from now on; `start` gives what it used before."""
    _to_start[one] = start


def _forked() -> None:
    _of_parents.extend([start(one) for one, start in list(_to_start.items())])


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)
