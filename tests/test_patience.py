"""A set-up that takes long says that it goes on, and says nothing more when it is over."""

from __future__ import annotations

import threading

import pytest

from scripts.patience import patiently

PATIENCE_SECONDS = 30.0


def test_it_is_said_again_and_again_until_the_end() -> None:
    said, twice = [], threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            twice.set()

    with patiently(say, every=0.001):
        assert twice.wait(PATIENCE_SECONDS)
    assert set(said) == {"      still at it after 0 s"}
    assert not any(thread.name.endswith("(tell)") for thread in threading.enumerate()), "and nobody is left to say more"


def test_what_is_quick_goes_without_a_word_and_what_fails_fails() -> None:
    said: list[str] = []
    with pytest.raises(ValueError, match="npm"), patiently(said.append, every=PATIENCE_SECONDS):
        raise ValueError("npm")
    assert said == []
