"""Secrets in definitions: always a name, never a value."""

from __future__ import annotations

import re
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_KEY = re.compile(
    r"(?:hf|gsk|r8)_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|hm_[0-9a-f]{8}_[A-Za-z0-9_]{20,}"
    r"|[0-9a-f]{32}"
)
_DRAWN = re.compile(r"(?=.*[a-z])(?=.*[A-Z].*[A-Z])(?=[A-Za-z0-9]{20,}$)[0-9]*(?:[A-Za-z]+[0-9]+){3}.*")
"""One word of small and large letters with digits in three places or more, as chance makes it and people do not."""
_KEYS = frozenset({"type", "env_vars", "strict"})
_MAX_NAMES = 8


class UnusableSecret(ValueError):
    """What stands at a Secret parameter names no secret; `code` is stable, the message repeats nothing of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_secret_name(name: str) -> bool:
    """Whether a secret may have this name: like an environment variable's, at most 128 characters."""
    return _NAME.fullmatch(name) is not None


def looks_like_a_key(name: str) -> bool:
    """Whether a name is rather a key that was pasted in its place: by a provider's form, or drawn at random.

    A name is shown to everyone. Most keys have a dash or a dot, which no name has; the others are told by this. What a
    program names has a word in front (`KEY_3f2b...`, `S3f2b...`), and is a name.
    """
    return _KEY.fullmatch(name) is not None or _DRAWN.fullmatch(name) is not None


def canonical_secret(value: object, *, strict: bool, example: str) -> dict[str, Any]:
    """The full form of a Secret, `{"type": "env_var", "env_vars": [...], "strict": ...}`, with its keys in this order.

    `strict` is the value of an omitted `strict`; `example` is the name the message proposes. Raises UnusableSecret.
    """
    advice = f'Name a secret instead: {{"type": "env_var", "env_vars": ["{example}"]}}.'
    if isinstance(value, str):
        raise UnusableSecret("literal_secret", f"A secret's value does not belong here. {advice}")
    if not isinstance(value, dict) or value.get("type") != "env_var":
        literal = isinstance(value, dict) and value.get("type") == "token"
        raise UnusableSecret("literal_secret" if literal else "invalid_secret", f"This names no secret. {advice}")
    if not value.keys() <= _KEYS:
        raise UnusableSecret("invalid_secret", "A Secret has `type`, `env_vars` and `strict`, and nothing else.")
    if not _names_secrets(value.get("env_vars")):
        raise UnusableSecret("invalid_secret", f"`env_vars` lists 1 to {_MAX_NAMES} names of secrets. {advice}")
    if any(map(looks_like_a_key, value["env_vars"])):
        raise UnusableSecret("literal_secret", f"This looks like a key, not like a secret's name. {advice}")
    given = value.get("strict", strict)
    if not isinstance(given, bool):
        raise UnusableSecret("invalid_secret", "`strict` of a Secret is true or false.")
    return {"type": "env_var", "env_vars": list(value["env_vars"]), "strict": given}


def _names_secrets(names: object) -> bool:
    if not isinstance(names, list) or not 1 <= len(names) <= _MAX_NAMES:
        return False
    return all(isinstance(name, str) and is_secret_name(name) for name in names)
