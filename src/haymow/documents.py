"""JSON documents: read strictly from bytes, compared exactly, written as text.

What comes in is stored as JSON text and handed out again, so nothing may be lost or guessed on the way: a
duplicate key, a number that no double holds or half a surrogate pair would each come out as something else.
Most bodies are small and plain. So a few questions are asked of the bytes first, each answered at the speed
of native code, and only a body that could break a rule is read and walked value by value.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Collection
from contextlib import suppress
from itertools import accumulate, chain
from typing import Any, Final, NoReturn

import jiter
import orjson

from haymow.errors import Fault, Invalid, Malformed

MAX_DEPTH: Final = 64
"""Objects and arrays within each other; the outermost is 1."""
MAX_KEYS: Final = 10_000
"""Keys of all objects of a document together."""
MAX_STRING_BYTES: Final = 64 * 1024
"""Bytes of one string, value or key, in UTF-8."""
MAX_INTEGER: Final = 2**53 - 1
"""Beyond it, readers that hold numbers as doubles see another integer (RFC 8259, section 6)."""


def parse(body: bytes, known: Collection[str] = (), most_string_bytes: int = MAX_STRING_BYTES) -> object:
    """Return the JSON value that `body` holds, with 1 and 1.0 kept apart and keys in the order sent.

    `known` are the top-level keys that a fault may name; any other fault points at `#`, the whole document.
    `most_string_bytes` is for what is read and not stored, such as a chat.
    Raises Malformed when it is not JSON in UTF-8 or an object has a key twice, Invalid when it breaks a limit.
    """
    depth = _depth(body)
    if depth <= MAX_DEPTH and not _may_break_a_limit(body, most_string_bytes):
        with suppress(ValueError):  # the careful reader says what is wrong with it
            # Keys alone are kept for the next document: a value may be a secret.
            return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="keys")
    return _carefully_read(body, depth, known, most_string_bytes)


def same_document(left: object, right: object) -> bool:
    """Whether two JSON values are the same one: 1, 1.0 and true differ, the order of keys does not count."""
    return left == right and _to_sorted_text(left) == _to_sorted_text(right)


def to_text(value: object) -> str:
    """Return `value`, which `parse` gave or may give back, as compact JSON text, keys in their order."""
    return orjson.dumps(value).decode()


def from_text(text: str) -> Any:
    """Return the value that `to_text` wrote; three times as fast as `parse`, for what was checked before."""
    return orjson.loads(text)


_to_sorted_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True).encode


def _carefully_read(body: bytes, depth: int, known: Collection[str], most_string_bytes: int) -> object:
    text = _decoded(body)
    if depth > _READABLE_DEPTH:
        raise Malformed(_TOO_DEEP)
    value = _read(text)
    faults = _faults(value, known, most_string_bytes)
    if faults:
        raise Invalid("The body holds something that haymow does not store.", faults)
    return value


_TOO_DEEP: Final = "The body is nested too deeply to be read."


def _decoded(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed("The body starts with a byte order mark. Send UTF-8 without one.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None


def _read(text: str) -> object:
    try:
        value: object = _CAREFUL.decode(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: see line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    return value


# --- questions asked of the bytes ---

# Well above MAX_DEPTH, so that what is merely too deep is read and named; well below what the stack holds.
_READABLE_DEPTH: Final = 512

_NESTING: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_NESTING: Final = bytes(set(range(256)) - set(b"[{]}"))

# Every digit becomes 0 and the sign of an exponent falls away: one search then finds any number that is long.
_DIGITS: Final = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_INTEGER: Final = b"0" * len(str(MAX_INTEGER))
_LARGE_EXPONENT: Final = b"e000"


def _depth(body: bytes) -> int:
    """Return how deep the body nests, or 0 for one with too few brackets to pass the limit."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return 0
    between_strings = b"".join(_split_at_quotes(body)[::2])
    return max(accumulate(array("b", between_strings.translate(_NESTING, _NO_NESTING))), default=0)


def _may_break_a_limit(body: bytes, most_string_bytes: int) -> bool:
    """Whether it takes a walk to know that no limit is broken; depth is not asked here."""
    if b"\\" in body and (b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body):
        return True
    digits = body.translate(_DIGITS, b"+")
    if _LONG_INTEGER in digits or _LARGE_EXPONENT in digits:
        return True
    if body.count(b":") > MAX_KEYS:
        return True
    strings = _split_at_quotes(body)[1::2] if len(body) > most_string_bytes else []
    return max(map(len, strings), default=0) > most_string_bytes


def _split_at_quotes(body: bytes) -> list[bytes]:
    """Split at the quotes around strings: strings have the odd places, what stands between them the even ones."""
    return body.replace(rb"\\", b"..").replace(rb"\"", b"..").split(b'"')


# --- the careful reader ---


class _OutOfRange:
    """Stands in a parsed document for a number that haymow does not hold."""


_TOO_LARGE: Final = _OutOfRange()
_LONGEST_INTEGER: Final = len(str(-MAX_INTEGER))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("An object in the body has the same key twice.")
    return members


def _constant(_: str) -> NoReturn:
    raise Malformed("The body holds NaN or Infinity, which are not JSON.")


def _integer(digits: str) -> object:
    # The length decides first: converting thousands of digits is slow, and Python refuses it (CVE-2020-10735).
    value = int(digits) if len(digits) <= _LONGEST_INTEGER else MAX_INTEGER + 1
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else _TOO_LARGE


def _float(digits: str) -> object:
    value = float(digits)
    return value if math.isfinite(value) else _TOO_LARGE


_CAREFUL: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
)


# --- the walk ---

_MESSAGES: Final = {
    "number_too_large": "A number is too large. Integers go up to 2^53-1, other numbers as far as a double.",
    "unpaired_surrogate": "A string holds half of a surrogate pair, which is no character.",
    "null_character": "A string holds the character U+0000, which cannot be stored.",
    "string_too_long": "A string is too long: 64 KiB in UTF-8 is the most that is stored.",
    "too_deep": "Objects and arrays are nested more than 64 deep.",
    "too_many_keys": "The objects have more than 10,000 keys together.",
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _faults(document: object, known: Collection[str], most_string_bytes: int) -> list[Fault]:
    """Return each kind of fault once for every key that may be named, and once for the rest."""
    found: set[tuple[str, str]] = set()
    keys = 0
    # A document that is no object is walked as if it were the value of one key without a name.
    members, depth = (document, 2) if isinstance(document, dict) else ({"": document}, 1)
    for key, value in members.items():
        pointer = f"#/{key}" if key in known else "#"
        codes, keys_within = _walk(value, depth, most_string_bytes)
        found |= {(pointer, code) for code in codes | _text_codes([key], most_string_bytes)}
        keys += 1 + keys_within
    if keys > MAX_KEYS:
        found.add(("#", "too_many_keys"))
    return [Fault(pointer, code, _MESSAGES[code]) for pointer, code in sorted(found)]


def _walk(root: object, depth: int, most_string_bytes: int) -> tuple[set[str], int]:
    """Return the codes of what is wrong within `root`, which stands at `depth`, and the number of keys in it.

    It goes level by level, so that a level of half a million numbers costs a few comprehensions.
    """
    codes: set[str] = set()
    keys = 0
    level = [root]
    while level:
        objects = [value for value in level if type(value) is dict]
        arrays = [value for value in level if type(value) is list]
        codes |= _text_codes([value for value in level if type(value) is str], most_string_bytes)
        codes |= _text_codes(list(chain.from_iterable(objects)), most_string_bytes)
        if _TOO_LARGE in level:
            codes.add("number_too_large")
        if depth > MAX_DEPTH and (objects or arrays):
            codes.add("too_deep")
        keys += sum(map(len, objects))
        level = [*chain.from_iterable(members.values() for members in objects), *chain.from_iterable(arrays)]
        depth += 1
    return codes, keys


def _text_codes(texts: list[str], most_bytes: int) -> set[str]:
    together = "".join(texts)
    codes = set()
    if _SURROGATE.search(together):
        codes.add("unpaired_surrogate")
    if "\0" in together:
        codes.add("null_character")
    longest = [text for text in texts if len(text) > most_bytes // 4]
    if any(len(text.encode("utf-8", "surrogatepass")) > most_bytes for text in longest):
        codes.add("string_too_long")
    return codes
