"""What a model definition is, what a change makes of it, and when it is connected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from haymow.errors import Fault, Invalid
from haymow.names import faults_of_name

PLATFORM_ID = UUID(int=1)
"""The scope of the platform's own models."""

INVALID = "The model configuration is invalid."
NOT_FOUND = "We couldn't find a model with this ID. Check the ID and try again."
NAME_TAKEN = "A model with this name already exists."

MOST_PROVIDER_CHARACTERS = 64


class Usable(NamedTuple):
    """As much of a model as those need to know who want to call it by its name."""

    name: str
    provider: str
    created_at: datetime


class Origin(StrEnum):
    """Whose model it is, the nearest first: a workspace's hides the organization's, that one the platform's."""

    WORKSPACE = "WORKSPACE"
    ORGANIZATION = "ORGANIZATION"
    PLATFORM = "PLATFORM"


Needs = tuple[tuple[str, ...], ...]
"""The secrets a model needs: of each inner tuple, one name has to resolve."""


class Requirements(NamedTuple):
    """What a definition asks of secrets, and where it would send them: one text on its row, few different ones."""

    needs: Needs
    uses: tuple[str, ...]
    destination: str | None


class Definition(NamedTuple):
    """What a person says of a model. The two documents are JSON text, as stored and answered.

    `uses` are the names of all secrets that would be sent to `destination` if they exist, needed or not.
    """

    name: str
    provider: str
    chat_generator_config: str
    generation_kwargs: str
    needs: Needs = ()
    uses: tuple[str, ...] = ()
    destination: str | None = None

    @property
    def required(self) -> Requirements:
        return Requirements(self.needs, self.uses, self.destination)


Key = tuple[UUID, UUID, str]
"""The scope and the id of a model, and the tag of one of its revisions."""


class Model(NamedTuple):
    """A definition with its identity and its history. `tag` makes an ETag of `revision` that is never reused."""

    scope_id: UUID
    model_id: UUID
    definition: Definition
    revision: int
    tag: str
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None

    @property
    def key(self) -> Key:
        return (self.scope_id, self.model_id, self.tag)

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def provider(self) -> str:
        return self.definition.provider

    @property
    def chat_generator_config(self) -> str:
        return self.definition.chat_generator_config

    @property
    def generation_kwargs(self) -> str:
        return self.definition.generation_kwargs

    @property
    def needs(self) -> Needs:
        return self.definition.needs

    @property
    def uses(self) -> tuple[str, ...]:
        return self.definition.uses

    @property
    def destination(self) -> str | None:
        return self.definition.destination


class Revision(NamedTuple):
    """A definition as it was saved once."""

    model_id: UUID
    revision: int
    change: str
    changes: tuple[str, ...]
    restored_from: int | None
    definition: Definition
    created_by: UUID | None
    created_at: datetime


class Tested(NamedTuple):
    """The last connection test of a model's newest revision: the secrets' versions it was made with, how it ended."""

    secrets: str
    passed: bool


class LastTest(NamedTuple):
    """The same test with everything that is kept of it; see ConnectionTest."""

    secrets: str
    reason: str
    latency_ms: int | None
    tested_at: datetime


class ConnectionTest(NamedTuple):
    """A connection test and what came of it.

    `reason` is a word of the API; `detail` is told once and not kept; `latency_ms` is None when no call went out.
    """

    reason: str
    detail: str
    latency_ms: int | None
    tested_at: datetime
    tested_by: UUID

    @property
    def passed(self) -> bool:
        return self.reason == PASSED


PASSED: Final = "ok"
"""The reason of a connection test that succeeded."""


class Scope(NamedTuple):
    """From where models are looked at: a workspace, or the organization alone when `workspace_id` is None."""

    organization_id: UUID
    workspace_id: UUID | None

    @property
    def own_id(self) -> UUID:
        """The scope that custom models made here belong to."""
        return self.workspace_id or self.organization_id

    @property
    def visible(self) -> tuple[UUID, ...]:
        """Scopes whose models are seen from here, the nearest first."""
        own = (self.workspace_id,) if self.workspace_id else ()
        return (*own, self.organization_id, PLATFORM_ID)

    @property
    def secret_scopes(self) -> tuple[UUID, ...]:
        """Scopes whose secrets are used here, the nearest first."""
        return self.visible[:-1]

    def origin_of(self, scope_id: UUID) -> Origin:
        """Whose a model of `scope_id` is."""
        if scope_id == PLATFORM_ID:
            return Origin.PLATFORM
        return Origin.ORGANIZATION if scope_id == self.organization_id else Origin.WORKSPACE

    def scope_of(self, origin: Origin) -> UUID:
        """The scope of the models of an origin; that of no model at all for WORKSPACE in the organization's view."""
        if origin is Origin.WORKSPACE:
            return self.workspace_id or UUID(int=0)
        return self.organization_id if origin is Origin.ORGANIZATION else PLATFORM_ID


@dataclass(frozen=True, slots=True)
class Filters:
    """Which models a list shows; None is no filter."""

    provider: str | None = None
    scope_id: UUID | None = None
    name: str | None = None
    part_of_name: str | None = None
    include_shadowed: bool = False


DOCUMENTS = ("chat_generator_config", "generation_kwargs")
FIELDS = ("name", "provider", *DOCUMENTS)


def changed_fields(before: Definition, after: Definition) -> tuple[str, ...]:
    """The fields that differ. Documents that are the same but for the order of keys have been given one text before."""
    return tuple(field for field in FIELDS if getattr(before, field) != getattr(after, field))


def next_revision(model: Model, definition: Definition, tag: str, at: datetime, by: UUID | None) -> Model:
    """The model after a change."""
    same = (model.scope_id, model.model_id)
    return Model(*same, definition, model.revision + 1, tag, model.created_at, model.created_by, at, by)


def check_name_and_provider(name: str | None, provider: str | None) -> list[Fault]:
    """What is wrong with the two plain fields; None is a field that is not given."""
    faults = [] if name is None else faults_of_name(name, "#/name")
    if provider is not None and not _is_slug(provider):
        message = "A provider is a slug such as openai: lower-case letters, digits and . _ - inside, at most 64."
        faults.append(Fault("#/provider", "provider_slug", message))
    return faults


def _is_slug(text: str) -> bool:
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    return (
        0 < len(text) <= MOST_PROVIDER_CHARACTERS
        and plain.isascii()
        and plain.isalnum()
        and plain == plain.lower()
        and text[0].isalnum()
        and text[-1].isalnum()
    )


def check_restricted(before: Mapping[str, object], after: Mapping[str, object]) -> list[Fault]:
    """Faults of administrator-only parameters that somebody else changes, sets or removes."""
    pointers = {*before, *after}
    missing = object()
    changed = sorted(p for p in pointers if before.get(p, missing) != after.get(p, missing))
    message = "Only an administrator of the workspace may set or change this parameter."
    return [Fault(pointer, "administrator_only", message) for pointer in changed]


def require_no(faults: Iterable[Fault]) -> None:
    """Raises Invalid with the published sentence when there are faults."""
    found = list(faults)
    if found:
        raise Invalid(INVALID, found, code="invalid_model")


def is_connected(needs: Needs, usable: Collection[str], passed: bool | None = None) -> bool | None:
    """Whether each need has a usable secret and the last test of the connection `passed`; None is one never made.

    None when nothing is needed and nothing was tested.
    """
    if not all(any(name in usable for name in alternatives) for alternatives in needs):
        return False
    if passed is None:
        return True if needs else None
    return passed


def unmet(needs: Needs, usable: Collection[str]) -> Needs:
    """The needs that have no usable secret."""
    return tuple(alternatives for alternatives in needs if not any(name in usable for name in alternatives))


def first_of(models: Sequence[Model], scope: Scope) -> Model | None:
    """The nearest of models of one name."""
    order = {scope_id: rank for rank, scope_id in enumerate(scope.visible)}
    return min(models, key=lambda model: order[model.scope_id], default=None)


_PINNED: Final = re.compile(r"(.+)@([1-9][0-9]{0,8})", re.DOTALL)


def pinned(name: str) -> tuple[str, int] | None:
    """What `name@3` asks for: a name or an id, and the number of a revision. No name of a model looks like that."""
    match = _PINNED.fullmatch(name)
    return (match[1], int(match[2])) if match else None
