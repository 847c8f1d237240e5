"""That something long is still going on: said now and then, where the tool itself says nothing until its end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SILENCE = 15.0  # seconds


@contextmanager
def patiently(say: Callable[[str], None], every: float = SILENCE) -> Iterator[None]:
    """`say` a line every so many seconds for as long as the block runs, and none afterwards."""
    begun, is_over = time.monotonic(), threading.Event()

    def tell() -> None:
        while not is_over.wait(every):
            say(f"      still at it after {time.monotonic() - begun:.0f} s")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
