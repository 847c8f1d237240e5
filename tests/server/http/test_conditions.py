"""If-Match and Prefer, by the letter of RFC 9110 and RFC 7240."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.errors import Malformed, PreconditionFailed
from haymow.server.http.conditions import (
    PREFERENCE_APPLIED,
    accepts_gzip,
    etag,
    is_listed,
    matches,
    require_match,
    wants_strict,
)

CURRENT = etag(3, "x7Kq")

opaque_tags = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'), max_size=8)


def test_an_etag_is_strong_and_names_its_revision() -> None:
    assert CURRENT == '"3-x7Kq"'


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["*"],
        [" * "],
        [CURRENT],
        [f" \t{CURRENT}\t "],
        [f'"a", {CURRENT}'],
        [f'"a",{CURRENT},"b"'],
        ['"a"', CURRENT],
        [f",, {CURRENT} ,"],
        [f'W/"a", {CURRENT}'],
        [f'"a,b", {CURRENT}'],
        [f'"", {CURRENT}'],
    ],
)
def test_if_match_lets_the_current_revision_through(lines: list[str]) -> None:
    assert matches(lines, CURRENT)
    require_match(lines, CURRENT)


@pytest.mark.parametrize(
    "lines",
    [
        ['"2-x7Kq"'],
        [f"W/{CURRENT}"],
        ['"3-X7KQ"'],
        ['"a", "b"'],
        [""],
        [" , ,"],
        ['""'],
        [f'"{CURRENT[1:-1]},b"'],
        [f'"a{CURRENT[1:-1]}"'],
        ['"*"'],
    ],
)
def test_if_match_holds_back_every_other_revision(lines: list[str]) -> None:
    assert not matches(lines, CURRENT)
    with pytest.raises(PreconditionFailed):
        require_match(lines, CURRENT)


@pytest.mark.parametrize(
    "lines",
    [
        ["3-x7Kq"],
        ['"3-x7Kq'],
        ['3-x7Kq"'],
        [f"{CURRENT} {CURRENT}"],
        [f"{CURRENT}{CURRENT}"],
        [f"{CURRENT}; q=1"],
        [f"w/{CURRENT}"],
        [f"W/ {CURRENT}"],
        [f"W{CURRENT}"],
        [f"*, {CURRENT}"],
        [CURRENT, "*"],
        ["*", "*"],
        ["**"],
        ['"a b"'],
        ['"a\tb"'],
        ['"a\x7fb"'],
        [f"{CURRENT}, x"],
        [f"x, {CURRENT}"],
        [f"{CURRENT}\n"],
    ],
)
def test_a_broken_if_match_is_malformed_and_not_repeated(lines: list[str]) -> None:
    with pytest.raises(Malformed) as caught:
        matches(lines, CURRENT)
    assert "x7Kq" not in caught.value.message


@given(st.lists(st.tuples(st.booleans(), opaque_tags), max_size=6), st.sampled_from([",", ", ", " ,\t", ",,"]))
def test_a_list_matches_when_the_strong_tag_is_among_its_elements(tags: list[tuple[bool, str]], comma: str) -> None:
    value = comma.join(f'W/"{tag}"' if weak else f'"{tag}"' for weak, tag in tags)
    for _, tag in tags:
        assert matches([value], f'"{tag}"') == ((False, tag) in tags)
    assert not matches([value], '"another, longer tag"')


@pytest.mark.parametrize(
    "value", [" " * 60_000 + "x", '"a" ' * 20_000, '"' * 60_001, 'W/"a",' * 10_000, "," * 60_000 + "x"]
)
def test_a_hostile_if_match_is_read_quickly(value: str) -> None:
    started = time.thread_time()
    with contextlib.suppress(Malformed):
        matches([value], CURRENT)
    assert time.thread_time() - started < 0.2


@pytest.mark.parametrize(
    "lines",
    [
        ["handling=strict"],
        ["Handling=Strict"],
        ['handling="strict"'],
        ['handling="st\\rict"'],
        ["handling = strict"],
        ["handling=strict; x=1; y"],
        ["handling=strict ;x"],
        ["return=minimal, handling=strict"],
        ["return=minimal", "handling=strict"],
        ["handling=strict, handling=lenient"],
        ["handling=strict", "handling=lenient"],
        ['foo="a, handling=lenient", handling=strict'],
        ['foo; bar="handling=lenient", handling=strict'],
        ["respond-async, wait=100, handling=strict"],
        ["@@@, handling=strict"],
        [", ,handling=strict,"],
    ],
)
def test_prefer_asks_for_strict_handling(lines: list[str]) -> None:
    assert wants_strict(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["handling"],
        ["handling="],
        ['handling=""'],
        ["handling=lenient"],
        ["handling=stricter"],
        ["handling=strict mode"],
        ["handling-strict"],
        ["xhandling=strict"],
        ["strict"],
        ["handling=lenient, handling=strict"],
        ["handling=lenient", "handling=strict"],
        ["handling, handling=strict"],
        ["foo; handling=strict"],
        ['foo="handling=strict"'],
        ['foo=", handling=strict'],
        ['foo="a\\", handling=strict"'],
        ["return=minimal;handling=strict"],
    ],
)
def test_prefer_asks_for_nothing_else(lines: list[str]) -> None:
    assert not wants_strict(lines)


@given(st.lists(st.text(), max_size=3))
def test_no_value_of_prefer_is_an_error(lines: list[str]) -> None:
    assert wants_strict(lines) in (True, False)


@pytest.mark.parametrize("value", ['"' * 60_000, "a=" * 30_000, "\\" * 60_000, ' "\\' * 20_000, "a" * 60_000 + " ="])
def test_a_hostile_prefer_is_read_quickly(value: str) -> None:
    started = time.thread_time()
    wants_strict([value])
    assert time.thread_time() - started < 0.2


def test_what_was_applied_is_what_was_asked() -> None:
    assert wants_strict([PREFERENCE_APPLIED])


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("br, GZIP", True),
        ("gzip;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q=0.000", False),
        ("deflate, br", False),
        ("x-gzip", False),
        ("*", False),
    ],
)
def test_gzip_is_sent_to_who_names_it(value: str | None, accepted: bool) -> None:
    assert accepts_gzip(value) is accepted


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),  # a browser's
        ("application/json, Text/HTML ; q=0.1", True),
        ("text/html", True),
        ("*/*", False),
        ("text/*", False),
        ("text/html;q=0", False),
        ("text/html;q=0.000, application/json", False),
        ("application/text/html", False),
        ("", False),
        (None, False),
    ],
)
def test_a_preference_counts_when_it_is_named_and_not_excluded(value: str | None, listed: bool) -> None:
    assert is_listed(value, "text/html") is listed
