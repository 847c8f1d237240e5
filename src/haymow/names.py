"""What a name may be, and when two names are the same: for models and for workspaces.

A name is shown to people and used in URLs, log lines and requests. So two names that look alike are one, and
none may hide characters or be taken for something else that stands in the same place: an id, or `name@revision`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from uuid import UUID

from haymow.errors import Fault

MAX_LENGTH: Final = 255
"""Code points of a name as it was sent; its key may be longer."""


def name_key(name: str) -> str:
    """Return what two names that count as the same have in common: NFC, casefold, NFC.

    The key may be up to six times as long as the name, in code points.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def faults_of_name(name: str, pointer: str) -> list[Fault]:
    """Return everything that is wrong with `name`, which stands at `pointer`; nothing for a good one."""
    codes = []
    if not 1 <= len(name) <= MAX_LENGTH:
        codes.append("name_length")
    if name != name.strip():
        codes.append("name_edge")
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in name):
        codes.append("name_character")
    key = name_key(name)
    if _is_uuid(key):
        codes.append("name_like_id")
    if _ENDS_LIKE_A_REVISION.search(key):
        codes.append("name_like_revision")
    return [Fault(pointer, code, _MESSAGES[code]) for code in codes]


def faults_of_label(label: str, pointer: str) -> list[Fault]:
    """Return what is wrong with a text that is only shown, such as a person's name; its shape is free."""
    only_shown = ("name_length", "name_edge", "name_character")
    return [fault for fault in faults_of_name(label, pointer) if fault.code in only_shown]


_MESSAGES: Final = {
    "name_length": f"A name has 1 to {MAX_LENGTH} characters.",
    "name_edge": "A name does not start or end with white space.",
    "name_character": "A name has no control characters, line breaks, invisible or unassigned characters.",
    "name_like_id": "A name is not shaped like an ID.",
    "name_like_revision": "A name does not end in @ and digits: that is how one asks for a revision.",
}

# Control, format (zero-width, bidirectional), surrogate, unassigned; line and paragraph separators break lines too.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_ENDS_LIKE_A_REVISION: Final = re.compile(r"@\d+\Z")


def _is_uuid(key: str) -> bool:
    """Whether `key` could be read as a UUID, also without hyphens, in braces or as a URN."""
    try:
        UUID(key)
    except ValueError:
        return False
    return True
