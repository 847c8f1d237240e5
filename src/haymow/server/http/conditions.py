"""Conditions and preferences of a request: ETag and If-Match (RFC 9110), Prefer (RFC 7240)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from haymow.errors import Malformed, PreconditionFailed

PREFERENCE_APPLIED: Final = "handling=strict"
"""Value of Preference-Applied in the answer to a request that `wants_strict`."""


def etag(revision: int, tag: str) -> str:
    """Return the strong entity tag of a revision; `tag` is random per revision, so that no tag is ever used twice."""
    return f'"{revision}-{tag}"'


def matches(if_match: Sequence[str], current: str) -> bool:
    """Whether If-Match lets a request through to a resource whose entity tag is `current` (RFC 9110, 13.1.1).

    `if_match` are the values of all its lines, none when the request has no such condition. Tags are compared
    strongly, so a weak one never matches. Raises Malformed for a value that is neither `*` nor a list of tags.
    """
    if not if_match:
        return True
    value = ", ".join(if_match)
    return value.strip(" \t") == "*" or current in tuple(_entity_tags(value))


def require_match(if_match: Sequence[str], current: str) -> None:
    """Raises PreconditionFailed unless If-Match `matches` the entity tag `current`, Malformed when it is broken."""
    if not matches(if_match, current):
        raise PreconditionFailed("This has changed since you read it. Read it again, then repeat your change.")


def wants_strict(prefer: Sequence[str]) -> bool:
    """Whether the lines of Prefer ask for `handling=strict`.

    The first instance of a preference counts, whatever the later ones say (RFC 7240, section 2). Names are
    case-insensitive, and so are the values of `handling` by its grammar. What cannot be read is ignored.
    """
    for preference in _PREFERENCE.findall(",".join(prefer)):
        match = _NAME_AND_VALUE.match(preference)
        if match and match["name"].lower() == "handling":
            return _unquoted(match["value"] or "").lower() == "strict"
    return False


# `%x80-FF` of the grammar (obs-text) arrives here as Latin-1. A comma may stand within a tag.
_LIST_ELEMENT: Final = re.compile(r'[ \t]*+(?:(?P<tag>(?:W/)?"[\x21\x23-\x7e\x80-\xff]*+")[ \t]*+)?(?P<end>,|\Z)')

_PREFERENCE: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"?)++', re.DOTALL)
_NAME_AND_VALUE: Final = re.compile(
    r"[ \t]*+(?P<name>[!#$%&'*+.^_`|~\w-]++)"
    r"""(?:[ \t]*+=[ \t]*+(?P<value>[!#$%&'*+.^_`|~\w-]++|"(?:[^"\\]|\\.)*+"))?[ \t]*+(?:;|\Z)""",
    re.ASCII | re.DOTALL,
)


def _entity_tags(value: str) -> Iterator[str]:
    """Yield the tags of a list; empty elements count for nothing (RFC 9110, 5.6.1.2)."""
    position, end = 0, ","
    while end:
        match = _LIST_ELEMENT.match(value, position)
        if match is None:
            raise Malformed('If-Match is neither * nor a list of entity tags, such as "3-x7", in double quotes.')
        if match["tag"]:
            yield match["tag"]
        position, end = match.end(), match["end"]


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def accepts_gzip(value: str | None) -> bool:
    """Whether an Accept-Encoding names gzip, and not to exclude it (RFC 9110, 12.5.3)."""
    return is_listed(value, "gzip")


def is_listed(value: str | None, name: str) -> bool:
    """Whether a list of preferences, such as Accept, has this name, and not with the weight 0 that excludes it."""
    listed = (part.replace(" ", "").lower().partition(";q=") for part in (value or "").split(","))
    return any(found == name and (not weighed or weight.strip("0.") != "") for found, weighed, weight in listed)
