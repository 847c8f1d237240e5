"""What a request costs the server that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.running import RunningServer


@contextmanager
def costs_less_than(seconds: float, server: RunningServer) -> Iterator[None]:
    """What the block asks for is so much work for the server at most; a busy machine makes it wait, but not work."""
    process = psutil.Process(server.process.pid)
    before = process.cpu_times()
    yield
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < seconds
