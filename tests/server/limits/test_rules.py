"""The bucket that requests are counted in, without a clock of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.server.limits.rules import PERIOD, granted, portion, returned, too_many_requests


def test_as_many_as_the_limit_at_once_and_then_one_for_each_part_of_the_minute() -> None:
    full_at = None
    for _ in range(5):
        grant = granted(full_at, 100.0, 5, 1)
        assert grant.allowed == 1
        full_at = grant.full_at
    refused = granted(full_at, 100.0, 5, 1)
    assert (refused.allowed, refused.full_at) == (0, full_at)
    assert refused.wait == pytest.approx(PERIOD / 5)
    assert granted(full_at, 100.0 + refused.wait, 5, 1).allowed == 1
    assert granted(full_at, 100.0 + PERIOD, 5, 10).allowed == 5


def test_what_is_left_is_given_when_more_is_wanted() -> None:
    grant = granted(None, 0.0, 10, 7)
    assert grant.allowed == 7
    assert granted(grant.full_at, 0.0, 10, 7).allowed == 3


def test_what_was_returned_is_there_again() -> None:
    grant = granted(None, 0.0, 10, 10)
    assert granted(returned(grant.full_at, 10, 4), 0.0, 10, 10).allowed == 4


def test_an_old_bucket_is_as_a_new_one() -> None:
    assert granted(5.0, 1000.0, 3, 3) == granted(None, 1000.0, 3, 3)


@given(
    most=st.integers(1, 1000),
    asked=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), max_size=60),
)
def test_in_any_time_there_are_no_more_than_promised(most: int, asked: list[tuple[float, int]]) -> None:
    at, full_at, given_at = 1000.0, None, []
    for pause, wanted in asked:
        at += pause
        grant = granted(full_at, at, most, wanted)
        assert 0 <= grant.allowed <= wanted
        assert (grant.wait > 0) == (grant.allowed == 0)
        assert grant.wait <= PERIOD / most + 1e-6
        full_at = grant.full_at
        given_at.append((at, grant.allowed))
    for begin, _ in given_at:
        for end, _ in given_at:
            total = sum(count for when, count in given_at if begin <= when <= end)
            assert total <= most * (1 + max(0.0, end - begin) / PERIOD) + 1e-3


def test_a_portion_grows_until_it_lasts_a_second_and_begins_anew_after_a_rest() -> None:
    assert [portion(last, 0.1, 0, 1000) for last in (1, 2, 64, 100)] == [2, 4, 100, 100]
    assert portion(50, 1.5, 0, 1000) == 50
    assert portion(50, 60.0, 0, 1000) == 1


@given(
    last=st.integers(1, 10_000),
    seconds=st.floats(0, 1e6),
    waiting=st.integers(0, 10_000),
    most=st.integers(1, 1_000_000),
)
def test_a_portion_is_bounded(last: int, seconds: float, waiting: int, most: int) -> None:
    taken = portion(last, seconds, waiting, most)
    assert 1 <= taken <= most
    assert taken <= max(1, waiting, most // 10)


def test_a_refusal_says_when_to_come_again() -> None:
    assert too_many_requests("token", 60, 0.2).retry_after == 1
    assert too_many_requests("token", 1, 59.1).retry_after == 60
