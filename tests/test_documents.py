"""What counts as a JSON document: the limits of `## JSON` in the design, each from both sides."""

from __future__ import annotations

import copy
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.documents import MAX_INTEGER, MAX_STRING_BYTES, parse, same_document, to_text
from haymow.errors import Invalid, Malformed

KNOWN = ("name", "provider", "chat_generator_config", "generation_kwargs")

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters)
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters), inner, max_size=4),
    max_leaves=20,
)


def faults_of(body: bytes | str) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        parse(body.encode() if isinstance(body, str) else body, KNOWN)
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def exactly(value: object) -> object:
    """`value` as something that compares types, signs of zero and the order of keys too."""
    if isinstance(value, dict):
        return ["object", [(key, exactly(member)) for key, member in value.items()]]
    if isinstance(value, list):
        return ["array", [exactly(member) for member in value]]
    return [type(value).__name__, repr(value)]


@given(documents, st.booleans())
def test_every_document_within_the_limits_reads_as_it_was_written(document: object, ascii_only: bool) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert exactly(parse(body)) == exactly(document)


@given(documents)
def test_text_reads_back_as_the_same_document(document: object) -> None:
    text = to_text(document)
    assert exactly(parse(text.encode())) == exactly(document)


@given(st.binary(max_size=60) | st.text('[]{}:,"\\u0dD8eE+-.19truefalsnNI ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        value = parse(body, KNOWN)
    except (Malformed, Invalid):
        return
    assert exactly(json.loads(body)) == exactly(value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"{} {}",
        b"01",
        b"+1",
        b".5",
        b"\x0b1",
        b'"a\nb"',
        b'"\\x41"',
        b"// no\n1",
        b"NaN",
        b'{"a": [NaN]}',
        b"Infinity",
        b"-Infinity",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": 1, "c": 2, "a": 3}}]',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32-be"),
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xed\xa0\x80"',
        b'"caf\xe9"',
        b'"\x00"',
    ],
)
def test_what_is_not_json_in_utf_8_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(body)


def test_a_malformed_body_is_located_but_not_repeated() -> None:
    with pytest.raises(Malformed) as caught:
        parse(b'{"name":\n "canary" "canary"}')
    assert "line 2" in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    "text", ["9007199254740991", "-9007199254740991", "1.7976931348623157e308", "0.1E+2", "1e-999"]
)
def test_numbers_a_double_holds_are_read(text: str) -> None:
    assert parse(text.encode()) == float(text)


@pytest.mark.parametrize(
    "text",
    ["9007199254740992", "-9007199254740992", "9223372036854775808", "1e400", "-1E+400", "1.8e308", "9" * 400 + ".5"],
)
def test_numbers_no_double_holds_are_refused(text: str) -> None:
    assert faults_of(text) == {("#", "number_too_large")}
    assert faults_of(f'{{"generation_kwargs": {{"a": [{text}]}}}}') == {("#/generation_kwargs", "number_too_large")}


@pytest.mark.parametrize("digits", [5_000, 1_000_000])
def test_an_endless_integer_is_refused_quickly(digits: int) -> None:
    started = time.thread_time()
    assert faults_of('{"name": -' + "7" * digits + "}") == {("#/name", "number_too_large")}
    assert time.thread_time() - started < 0.5


def test_long_digits_in_a_string_are_only_a_string() -> None:
    body = '{"name": "99999999999999999999 1e999"}'
    assert parse(body.encode()) == {"name": "99999999999999999999 1e999"}


@pytest.mark.parametrize(
    ("escape", "code"),
    [
        ("\\ud800", "unpaired_surrogate"),
        ("\\uDFFF", "unpaired_surrogate"),
        ("\\ude00\\ud83d", "unpaired_surrogate"),
        ("\\u0000", "null_character"),
    ],
)
def test_what_no_database_stores_is_refused_in_values_and_keys(escape: str, code: str) -> None:
    assert faults_of(f'{{"name": "a{escape}b"}}') == {("#/name", code)}
    assert faults_of(f'{{"generation_kwargs": [{{"a{escape}": 1}}]}}') == {("#/generation_kwargs", code)}
    assert faults_of(f'{{"{escape}": 1}}') == {("#", code)}


def test_escaped_pairs_and_escaped_backslashes_are_read() -> None:
    assert parse(b'"\\ud83d\\ude00 \\\\u0000 \\\\ud800"') == "\N{GRINNING FACE} \\u0000 \\ud800"


def test_depth_64_is_read_and_65_is_refused() -> None:
    assert parse(nested(64).encode()) is not None
    assert faults_of(nested(65)) == {("#", "too_deep")}
    assert parse(f'{{"name": {nested(63)}}}'.encode()) is not None
    assert faults_of(f'{{"name": {nested(64)}}}') == {("#/name", "too_deep")}


def test_a_backslash_at_the_end_of_a_string_hides_no_depth() -> None:
    assert faults_of('["\\\\", ' + nested(64) + "]") == {("#", "too_deep")}


def test_brackets_in_strings_and_side_by_side_are_no_depth() -> None:
    document = ['\\"' + "[" * 600, [[]] * 100, {"[{": {}}]
    assert parse(to_text(document).encode()) == document


@pytest.mark.parametrize("body", ["[" * 100_000, nested(100_000), '{"a":' * 100_000, nested(513)])
def test_a_hundred_thousand_levels_are_malformed_quickly(body: str) -> None:
    started = time.thread_time()
    with pytest.raises(Malformed):
        parse(body.encode())
    assert time.thread_time() - started < 0.5


def test_ten_thousand_keys_are_read_and_one_more_is_refused() -> None:
    many = [{f"{number}": number for number in range(100)} for _ in range(100)]
    assert parse(to_text(many).encode()) == many
    assert faults_of(to_text([*many, {"one": "more"}])) == {("#", "too_many_keys")}
    assert faults_of(to_text({f"{number}": number for number in range(10_001)})) == {("#", "too_many_keys")}
    assert parse(to_text({"name": ":" * 20_000}).encode()) == {"name": ":" * 20_000}


@pytest.mark.parametrize("character", ["a", "\N{EURO SIGN}", "\N{GRINNING FACE}", '"', "\\"])
def test_64_kib_of_utf_8_is_the_longest_string(character: str) -> None:
    longest = character * (MAX_STRING_BYTES // len(character.encode()))
    longer = longest + "abc"
    assert parse(to_text({"name": longest}).encode()) == {"name": longest}
    assert faults_of(to_text({"name": longer})) == {("#/name", "string_too_long")}
    assert faults_of(to_text({"name": {longer: 1}})) == {("#/name", "string_too_long")}
    assert parse(to_text(["a" * 60_000] * 10).encode()) == ["a" * 60_000] * 10


def test_all_faults_come_at_once_and_name_only_known_keys() -> None:
    body = (
        '{"name": "\\ud800", "provider": 1e999, "canary": [1e999, "\\u0000"], "generation_kwargs": {"canary": 1e999}}'
    )
    assert faults_of(body) == {
        ("#/name", "unpaired_surrogate"),
        ("#/provider", "number_too_large"),
        ("#", "number_too_large"),
        ("#", "null_character"),
        ("#/generation_kwargs", "number_too_large"),
    }


def test_keys_that_mean_something_elsewhere_are_data() -> None:
    body = b'{"__proto__": {"admin": true}, "constructor": 1, "__class__": 2, "$ref": "file:///etc/passwd"}'
    assert to_text(parse(body)) == body.decode().replace(": ", ":").replace(", ", ",")


@given(documents)
def test_a_document_is_the_same_as_its_copy_in_another_order(document: object) -> None:
    assert same_document(document, reordered(copy.deepcopy(document)))


@given(documents, documents)
def test_two_documents_are_the_same_when_their_types_are_too(left: object, right: object) -> None:
    assert same_document(left, right) == (exactly(sorted_keys(left)) == exactly(sorted_keys(right)))


@pytest.mark.parametrize(
    ("left", "right"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), (1.0, True), ({}, []), ("", None)]
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_equal_values_of_different_types_are_different_documents(left: object, right: object, wrapped: bool) -> None:
    if wrapped:
        left, right = {"a": [1, {"b": left}]}, {"a": [1, {"b": right}]}
    assert not same_document(left, right)


def reordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: reordered(member) for key, member in reversed(value.items())}
    return [reordered(member) for member in value] if isinstance(value, list) else value


def sorted_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(member) for member in value] if isinstance(value, list) else value
