"""Waiting for what happens elsewhere: in a process, a thread or a database."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Raises TimeoutError when `true` does not become so in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("what the test waits for did not happen")
        time.sleep(0.005)
