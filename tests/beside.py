"""Load that goes on in threads while a test's block runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(over: threading.Event, *works: Callable[[], object]) -> Iterator[None]:
    """Run each of `works` in a thread of its own until the block has ended, which sets `over` and waits for them."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
