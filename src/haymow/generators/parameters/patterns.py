"""Patterns: regular expressions that take time linear in the text, however they are written.

They are read by a library without backtracking, which therefore has no look-around and no back-references. What is left
to bound is the work for each character, and that grows with the size of the compiled pattern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, RegexOptions, Validator

MAX_LENGTH: Final = 256
"""Characters of one pattern."""
MAX_COMPILED_BYTES: Final = 48 * 1024
"""Enough for a name of up to 256 letters, or for a class of Unicode."""


def compiled(schema: dict[str, Any] | bool) -> Validator:
    """Return a validator of a Schema Object. Raises ValueError for one that is none.

    Nothing is fetched, and `format` only annotates.
    """
    return Draft202012Validator(schema, pattern_options=_OPTIONS, validate_formats=False, offline=True)


@lru_cache(maxsize=1024)
def is_pattern(pattern: str) -> bool:
    """Whether `pattern` can be read, and compiles to something small."""
    if len(pattern) > MAX_LENGTH:
        return False
    try:
        compiled({"pattern": pattern})
    except ValueError:
        return False
    return True


_OPTIONS: Final = RegexOptions(size_limit=MAX_COMPILED_BYTES, dfa_size_limit=256 * 1024)
