"""What a name may be, and when two are the same."""

from __future__ import annotations

import unicodedata
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.names import faults_of_name, name_key

POINTER = "#/name"


def codes(name: str) -> set[str]:
    faults = faults_of_name(name, POINTER)
    assert all(fault.pointer == POINTER for fault in faults)
    return {fault.code for fault in faults}


@pytest.mark.parametrize(
    "name",
    [
        "gpt-5",
        "Claude 4 Sonnet",
        "a",
        "x" * 255,
        "meta-llama/Llama-3.1:8b",
        "Mod\u00e8le fran\u00e7ais",
        "\u6a21\u578b",
        "\N{GRINNING FACE}" * 255,
        "me@example.org",
        "gpt@3 turbo",
        "@",
        "model@v2",
        "<img onerror=alert(1)>",
        "0123456789abcdef",
        "__proto__",
    ],
)
def test_ordinary_names_have_no_fault(name: str) -> None:
    assert codes(name) == set()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_length"),
        ("x" * 256, "name_length"),
        (" gpt", "name_edge"),
        ("gpt\u3000", "name_edge"),
        ("gpt\u00a0", "name_edge"),
        ("a\r\nb", "name_character"),
        ("a\x1b[31mb", "name_character"),
        ("a\x00b", "name_character"),
        ("a\x85b", "name_character"),
        ("a\u200bb", "name_character"),
        ("a\u202eb", "name_character"),
        ("a\u2066b", "name_character"),
        ("a\u00adb", "name_character"),
        ("a\ufeffb", "name_character"),
        ("a\u2028b", "name_character"),
        ("a\U000e0041b", "name_character"),
        ("a\ud800b", "name_character"),
        ("a\uffffb", "name_character"),
        ("a\u0378b", "name_character"),
        ("12345678-1234-1234-1234-123456789abc", "name_like_id"),
        ("12345678-1234-1234-1234-123456789ABC", "name_like_id"),
        ("123456781234123412341234567890ab", "name_like_id"),
        ("{12345678-1234-1234-1234-123456789abc}", "name_like_id"),
        ("urn:uuid:12345678-1234-1234-1234-123456789abc", "name_like_id"),
        ("12345678-1234-1234-1234-1234567890\ufb00", "name_like_id"),  # a ligature whose key is "ff"
        ("gpt-5@3", "name_like_revision"),
        ("@1", "name_like_revision"),
        ("gpt@\u0661", "name_like_revision"),  # a digit too
    ],
)
def test_other_names_have_their_fault(name: str, code: str) -> None:
    assert codes(name) == {code}


def test_every_fault_is_told_at_once_and_repeats_nothing() -> None:
    faults = faults_of_name(" canary\u200b" + "x" * 300 + "@7", POINTER)
    assert {fault.code for fault in faults} == {"name_length", "name_edge", "name_character", "name_like_revision"}
    assert not any("canary" in fault.message for fault in faults)


@given(st.text())
def test_a_name_without_fault_shows_every_character_it_has(name: str) -> None:
    if codes(name):
        return
    assert 1 <= len(name) <= 255
    assert len(name.splitlines()) == 1
    assert name == name.strip()
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Cn"}


@given(st.uuids())
def test_no_id_is_a_name(identifier: object) -> None:
    assert codes(str(identifier)) == {"name_like_id"}
    assert codes(str(identifier).upper()) == {"name_like_id"}


@given(st.text(min_size=1), st.integers(min_value=0))
def test_no_name_asks_for_a_revision(name: str, revision: int) -> None:
    assert "name_like_revision" in codes(f"{name}@{revision}")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("GPT-5", "gpt-5"),
        ("Stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u01c4", "\u01c6"),
        ("\u1fb7", "\u03b1\u0342\u03b9"),
        ("\u03b1\u0345\u0301", "\u1fb4"),
    ],
)
def test_names_that_differ_in_case_or_composition_are_the_same(left: str, right: str) -> None:
    assert name_key(left) == name_key(right)


def test_other_names_are_not_the_same() -> None:
    assert len({name_key(name) for name in ("gpt-5", "gpt-51", "gpt 5", "gpt_5", "g\u03c1t-5", str(uuid4()))}) == 6


@given(st.text())
def test_a_key_is_composed_and_does_not_grow_without_bound(name: str) -> None:
    key = name_key(name)
    assert unicodedata.is_normalized("NFC", key)
    assert len(key) <= 6 * len(name)


@given(st.text())
def test_composition_never_tells_two_names_apart(name: str) -> None:
    assert (
        name_key(unicodedata.normalize("NFC", name)) == name_key(unicodedata.normalize("NFD", name)) == name_key(name)
    )
