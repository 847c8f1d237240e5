"""What a secret is, what its value may be, and which hosts it may be sent to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, NoReturn
from uuid import UUID

from haymow.errors import Conflict, Fault, Invalid
from haymow.generators.definitions.hosts import host_of
from haymow.generators.definitions.secret_names import is_secret_name, looks_like_a_key
from haymow.urls import UnusableUrl

MOST_VALUE_BYTES: Final = 16 * 1024
MOST_HOSTS: Final = 20

NOT_FOUND: Final = "We couldn't find a secret with this ID. Check the ID and try again."


class Stale(Conflict):
    """It changed since it was read; who meets this reads again and decides anew."""

    code = "stale"


class SecretValue:
    """A secret's value in a box: shown, logged or formatted it is a mask, and only `reveal` opens it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value. Pass it on at once: a local variable shows in tracebacks."""
        return self._value

    def __repr__(self) -> str:
        return "SecretValue(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret's value is not copied or pickled.")


class SecretScope(NamedTuple):
    """Who keeps a secret: a workspace, or the organization when `workspace_id` is None."""

    organization_id: UUID
    workspace_id: UUID | None = None

    @property
    def scope_id(self) -> UUID:
        return self.workspace_id or self.organization_id

    @property
    def visible(self) -> tuple[UUID, ...]:
        """Scopes whose secrets are seen from here, the nearest first: its value outranks the others'."""
        return (self.scope_id,) if self.workspace_id is None else (self.workspace_id, self.organization_id)


class Place(NamedTuple):
    """What a ciphertext belongs to. It is bound to all of this, so it cannot be moved or brought back."""

    scope_id: UUID
    secret_id: UUID
    version: int


class Sealed(NamedTuple):
    """A ciphertext and its scope's data key, as they were at one moment; None of a scope whose key is gone."""

    ciphertext: bytes
    key_version: int | None
    wrapped: bytes | None


class StoredKey(NamedTuple):
    """A scope's data key as it is stored; `version` counts the keys that the scope has had."""

    scope_id: UUID
    organization_id: UUID
    version: int
    wrapped: bytes

    @property
    def is_organizations(self) -> bool:
        return self.scope_id == self.organization_id


class SecretRef(NamedTuple):
    """One value of a secret, without the value. `hosts` is None until it is bound."""

    secret_id: UUID
    scope_id: UUID
    name: str
    version: int
    hosts: tuple[str, ...] | None

    @property
    def place(self) -> Place:
        return Place(self.scope_id, self.secret_id, self.version)


class Secret(NamedTuple):
    """Everything about a secret that may be shown. `version` counts the values it has had."""

    ref: SecretRef
    organization_id: UUID
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None

    @property
    def origin(self) -> Literal["WORKSPACE", "ORGANIZATION"]:
        return "ORGANIZATION" if self.ref.scope_id == self.organization_id else "WORKSPACE"


class Use(NamedTuple):
    """A model that uses a secret, and the scope it belongs to; the platform's count as the organization's."""

    scope_id: UUID
    model_id: UUID
    name: str


class Uses(NamedTuple):
    """The models that use a secret: the first by name that a caller sees, how many that are, and how many of all."""

    first: Sequence[Use]
    seen: int
    total: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of a list: up to `limit` that follow `before` in the order asked for, or that precede `after`."""

    limit: int = 10
    field: str = "created_at"
    descending: bool = True
    before: UUID | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `total` counts the whole list."""

    secrets: tuple[Secret, ...]
    has_more: bool
    total: int


@dataclass(frozen=True, slots=True)
class Entered:
    """A value as someone enters it, with the hosts they name for it; None leaves the hosts to haymow."""

    value: SecretValue
    hosts: tuple[str, ...] | None


def entered(
    value: SecretValue,
    hosts: Sequence[str] | None,
    *,
    name: str | None = None,
    value_at: str = "#/secret",
    host_at: str = "#/hosts/{}",
) -> Entered:
    """What may be stored. Raises Invalid with every fault of the value, of the hosts and of a new `name`.

    `value_at` and `host_at` are the pointers of where they stand; `{}` is filled with the host's position.
    """
    faults = [] if name is None else faults_of_name(name)
    faults += faults_of_value(value, value_at)
    normalized, of_hosts = checked_hosts(hosts, host_at)
    faults += of_hosts
    if faults:
        raise Invalid("The secret is refused.", faults)
    return Entered(value, normalized)


_KEY_AS_NAME: Final = (
    "This looks like a key. Choose a name such as OPENAI_API_KEY, which everyone may see; the key itself is the value."
)


def faults_of_name(name: str) -> list[Fault]:
    """What is wrong with a new secret's name."""
    if is_secret_name(name) and not looks_like_a_key(name):
        return []
    if is_secret_name(name):
        return [Fault("#/name", "invalid_secret_name", _KEY_AS_NAME)]
    message = "A secret's name has letters, digits and underscores, does not begin with a digit, and is 1 to 128 long."
    return [Fault("#/name", "invalid_secret_name", message)]


# The value


def faults_of_value(value: SecretValue, pointer: str = "#/secret") -> list[Fault]:
    """What is wrong with a value; a mask that was sent back would replace the real one, so it is refused."""
    return [Fault(pointer, code, _VALUE_MESSAGES[code]) for code in _codes_of_value(value)]


_VALUE_MESSAGES: Final = {
    "empty_secret": "Enter the secret's value.",
    "masked_secret": "This is a mask, a placeholder or a name, not the secret's value. Enter the value itself.",
    "secret_character": "A secret's value is printable ASCII on one line. Look for a line break or a typographic dash.",
    "secret_edge": "A secret's value does not begin or end with a blank.",
    "secret_too_long": f"A secret's value has at most {MOST_VALUE_BYTES} bytes.",
}

_PRINTABLE: Final = re.compile(r"[ -~]+")
_BULLETS: Final = "\u2022\u25cf\u2219\u00b7\u2026\u2588\u25aa\u2b24\u26ab"
_FILLERS: Final = frozenset(f"*.#xX{_BULLETS}")
_BETWEEN: Final = frozenset("-_ \t\r\n")
# A mask has little around it; a whole value that happens to hold *** or ... is longer.
_MASK: Final = re.compile(
    rf"(?:\A.{{0,20}}(?:\*{{3,}}+|\.{{3,}}+).{{0,20}}\Z)|\*{{6}}|x{{8}}|[{_BULLETS}]"
    r"|\A[a-z]{1,8}(?:[-_][a-z]{1,8}){0,2}[-_]x{3,}\Z"
    r"|\A[<\[({*]++\s*(?:redacted|masked|hidden|filtered|removed|secret|sensitive|obfuscated|sanitized)\s*[>\])}*]++\Z"
    r"|\A(?:redacted|masked)\Z"
    r"|\A(?-i:\$?\{?[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD)\}?)\Z",
    re.IGNORECASE | re.DOTALL,
)


def _is_masked(value: SecretValue) -> bool:
    """Whether a value is what haymow, another tool or a form shows in the place of one."""
    if {*value.reveal()} <= _FILLERS | _BETWEEN and not _FILLERS.isdisjoint(value.reveal()):
        return True
    return _MASK.search(value.reveal().strip()) is not None


def _codes_of_value(value: SecretValue) -> list[str]:
    size = len(value.reveal())
    if not size:
        return ["empty_secret"]
    if size > MOST_VALUE_BYTES:
        return ["secret_too_long"]
    if _is_masked(value):
        return ["masked_secret"]
    codes = [] if _PRINTABLE.fullmatch(value.reveal()) else ["secret_character"]
    if value.reveal() != value.reveal().strip():
        codes.append("secret_edge")
    return codes


def checked_hosts(
    hosts: Sequence[str] | None, pointer: str = "#/hosts/{}"
) -> tuple[tuple[str, ...] | None, list[Fault]]:
    """The hosts in their one spelling, each once, and a fault for each that is none."""
    if hosts is None:
        return None, []
    if not 1 <= len(hosts) <= MOST_HOSTS:
        return None, [Fault("#/hosts", "host_count", f"Name 1 to {MOST_HOSTS} hosts, or leave `hosts` out.")]
    found: dict[str, None] = {}
    faults = []
    for number, text in enumerate(hosts):
        try:
            found[host_of(text)] = None
        except UnusableUrl as error:
            faults.append(Fault(pointer.format(number), "invalid_host", f"{error} {_HOST_ADVICE}"))
    return tuple(found), faults


_HOST_ADVICE: Final = (
    "A host is written like api.example.com, api.example.com:8443, *.example.com or, without TLS, http://host:8000."
)


def usual_or_agreed(usual: tuple[str, ...], destinations: set[str]) -> tuple[str, ...] | None:
    """The hosts of a value entered without any: its name's usual ones, else where all definitions would send it."""
    if usual:
        return usual
    return tuple(destinations) if len(destinations) == 1 else None


MOST_NAMED: Final = 10
"""Models in a refusal."""


def require_unused(uses: Uses) -> None:
    """Raises Conflict for a secret that models use; the first that the caller may see are named."""
    if not uses.total:
        return
    named, more = ", ".join(use.name for use in uses.first), uses.total - len(uses.first)
    if more:
        named = f"{named} and {more} more" if named else f"{more} in workspaces you do not see"
    raise Conflict(
        f"Models use this secret: {named}. Change or delete them first, or delete it with force=true.",
        code="secret_in_use",
    )
