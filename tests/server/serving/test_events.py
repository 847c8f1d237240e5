"""Server-sent events, cut where they end."""

from __future__ import annotations

import time

import pytest

from haymow.server.serving.events import MOST_EVENT_BYTES, Splitter

TEXT = b": hello\r\n\r\ndata: 1\n\ndata: a\ndata: b\r\n\r\ndata: \r \n\n"


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_events_are_the_same_however_they_are_cut(size: int) -> None:
    splitter = Splitter()
    found = [splitter.whole(TEXT[at : at + size]) for at in range(0, len(TEXT), size)]
    assert b"".join(found) == TEXT.replace(b"\r\n", b"\n")
    assert all(one.endswith(b"\n\n") for one in found if one) and splitter.is_between


def test_an_event_without_an_end_is_none() -> None:
    splitter = Splitter()
    with pytest.raises(ValueError, match="without an end"):
        for _ in range(17):
            splitter.whole(b"x" * (MOST_EVENT_BYTES // 16))


def test_an_event_that_comes_byte_by_byte_is_not_looked_at_anew_with_each() -> None:
    """Or a provider who sends a long one so holds up everybody else's."""
    splitter = Splitter()
    splitter.whole(b"data: " + b"x\n" * (MOST_EVENT_BYTES // 4))
    begun = time.process_time()
    for _ in range(500):
        splitter.whole(b"y")
    assert time.process_time() - begun < 0.5
    assert not splitter.is_between
