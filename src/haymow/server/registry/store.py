"""SQL of models and revisions. A model belongs to one scope, which leads every key."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, insert, select, union_all, update
from sqlalchemy.exc import IntegrityError

from haymow.errors import Conflict
from haymow.names import name_key
from haymow.server.database import Prepared, delete_some
from haymow.server.registry.rules import NAME_TAKEN, Definition, Model, Requirements, Revision, Scope
from haymow.server.registry.tables import model_secrets_table, models_table, revisions_table

_m = models_table.c


MODEL: Final[tuple[ColumnElement[Any], ...]] = (
    _m.scope_id, _m.model_id, _m.name, _m.provider, _m.chat_generator_config, _m.generation_kwargs, _m.requirements,
    _m.revision, _m.tag, _m.created_at, _m.created_by, _m.updated_at, _m.updated_by,
)  # fmt: skip
"""The columns that `model_of` reads."""

_LIVE = _m.deleted_at.is_(None)
_KEY = (_m.scope_id == bindparam("scope"), _m.model_id == bindparam("model"))
_LOAD = Prepared(select(*MODEL).where(*_KEY, _LIVE))
_LOAD_EVEN_DELETED = select(*MODEL, _m.deleted_at).where(*_KEY)


def _visible(key: ColumnElement[bool]) -> Prepared:
    """Live models in up to three scopes. Not IN: SQLite makes a table of its list, which takes longer than the rest."""
    scopes = ("nearest", "farther", "farthest")
    return Prepared(union_all(*(select(*MODEL).where(_m.scope_id == bindparam(scope), key, _LIVE) for scope in scopes)))


_LOAD_VISIBLE = _visible(_m.model_id == bindparam("model"))
_NAMED = _visible(_m.name_key == bindparam("name_key"))


def _saving(*columns: str) -> Prepared:
    saving = update(models_table).where(*_KEY, _m.revision == bindparam("seen"))
    return Prepared(saving.values({name: bindparam(name) for name in (*_CONTENT, *columns)}))


_CONTENT = (
    "provider", "chat_generator_config", "generation_kwargs", "requirements", "revision", "tag", "updated_at",
    "updated_by",
)  # fmt: skip
# A database writes the entries of an index anew when one of its columns is named, changed or not: so most updates,
# which leave the name, do not name it.
_SAVE = _saving()
_SAVE_WITH_NAME = _saving("name", "name_key", "deleted_at")
_ADD = insert(models_table).inline()
_ADD_REVISION = Prepared(insert(revisions_table).inline())


def load(connection: Connection, scope_id: UUID, model_id: UUID) -> Model | None:
    """A model that is not deleted."""
    row = _LOAD.first(connection, {"scope": scope_id, "model": model_id})
    return model_of(row) if row else None


def load_before(connection: Connection, scope_id: UUID, model_id: UUID) -> Model | None:
    """The same before a change of it is begun: another one may come between, which `save` finds out."""
    row = _LOAD.first_before(connection, {"scope": scope_id, "model": model_id})
    return model_of(row) if row else None


def load_visible(connection: Connection, scope: Scope, model_id: UUID) -> Model | None:
    """A model seen from `scope`."""
    row = _LOAD_VISIBLE.first(connection, {**scopes_of(scope), "model": model_id})
    return model_of(row) if row else None


def load_even_deleted(connection: Connection, scope_id: UUID, model_id: UUID) -> tuple[Model, bool] | None:
    """A model and whether it is deleted."""
    row = connection.execute(_LOAD_EVEN_DELETED, {"scope": scope_id, "model": model_id}).first()
    return (model_of(row), row.deleted_at is not None) if row else None


def named(connection: Connection, scope: Scope, name: str) -> list[Model]:
    """The models of this name seen from `scope`, at most one in each scope."""
    rows = _NAMED.all(connection, {**scopes_of(scope), "name_key": name_key(name)})
    return list({row.scope_id: model_of(row) for row in rows}.values())  # a scope may have been looked at twice


def add(connection: Connection, model: Model, organization_id: UUID | None) -> None:
    """Raises Conflict when the scope has a model of this name."""
    fixed = {
        "scope_id": model.scope_id,
        "model_id": model.model_id,
        "organization_id": organization_id,
        "created_at": model.created_at,
        "created_by": model.created_by,
    }
    try:
        connection.execute(_ADD, {**fixed, **_content(model), **_name(model, None)})
    except IntegrityError as error:
        raise Conflict(NAME_TAKEN, code="name_taken") from error
    _add_secret_names(connection, model)


def saving(connection: Connection, before: Model, after: Model) -> Callable[[], bool]:
    """Put `after` in the place of `before`, which is not deleted. Asked, it tells whether that was still the newest.

    Asked, it raises Conflict when the scope has another model of this name: whatever else is wrong is said before.
    """
    if before.name != after.name:
        return lambda: _save_with_name(connection, before, after, None) and _named_anew(connection, before, after)
    touched = _SAVE.running(connection, {**_seen(before), **_content(after)})
    return lambda: bool(touched()) and _named_anew(connection, before, after)


def _named_anew(connection: Connection, before: Model, after: Model) -> bool:
    if before.uses != after.uses:
        _remove_secret_names(connection, before)
        _add_secret_names(connection, after)
    return True


def save_deleted(connection: Connection, before: Model, after: Model) -> bool:
    """The same, deleted from now on: its name is free again, and it names no secrets."""
    saved = _save_with_name(connection, before, after, after.updated_at)
    if saved:
        _remove_secret_names(connection, before)
    return saved


def save_restored(connection: Connection, before: Model, after: Model) -> bool:
    """The same for a model that may have been deleted, and is not from now on. Raises Conflict."""
    saved = _save_with_name(connection, before, after, None)
    if saved:
        _remove_secret_names(connection, before)
        _add_secret_names(connection, after)
    return saved


def _save_with_name(connection: Connection, before: Model, after: Model, deleted_at: datetime | None) -> bool:
    values = {**_seen(before), **_content(after), **_name(after, deleted_at)}
    try:
        return bool(_SAVE_WITH_NAME.run(connection, values))
    except IntegrityError as error:
        raise Conflict(NAME_TAKEN, code="name_taken") from error


def remove(connection: Connection, scope_id: UUID, model_ids: Collection[UUID]) -> None:
    """Take models away with everything that hangs on them."""
    connection.execute(delete(models_table).where(_m.scope_id == scope_id, _m.model_id.in_(model_ids)))


def erase_revisions(connection: Connection, scope_id: UUID, most: int) -> int:
    """Take away at most so many of the revisions a scope ever had; how many."""
    return delete_some(connection, revisions_table, revisions_table.c.scope_id == scope_id, most)


def erase_models(connection: Connection, scope_id: UUID, most: int) -> int:
    """Take away at most so many of the models a scope ever had, with what hangs on them still; how many."""
    return delete_some(connection, models_table, _m.scope_id == scope_id, most)


def count(connection: Connection, scope_id: UUID) -> int:
    """How many models a scope has, deleted ones not counted."""
    query = select(func.count()).select_from(models_table).where(_m.scope_id == scope_id, _m.deleted_at.is_(None))
    return connection.execute(query).scalar_one()


def all_of(connection: Connection, scope_id: UUID) -> list[Model]:
    """Every model of a scope that is known to have few: the platform's."""
    query = select(*MODEL).where(_m.scope_id == scope_id, _m.deleted_at.is_(None))
    return [model_of(row) for row in connection.execute(query)]


# Revisions


def add_revision(connection: Connection, scope_id: UUID, revision: Revision) -> None:
    definition = revision.definition
    _ADD_REVISION.running(
        connection,
        {
            "scope_id": scope_id,
            "model_id": revision.model_id,
            "revision": revision.revision,
            "change": revision.change,
            "changes": ",".join(revision.changes),
            "restored_from": revision.restored_from,
            "name": definition.name,
            "provider": definition.provider,
            "chat_generator_config": definition.chat_generator_config,
            "generation_kwargs": definition.generation_kwargs,
            "created_at": revision.created_at,
            "created_by": revision.created_by,
        },
    )


def revisions(
    connection: Connection, scope_id: UUID, model_id: UUID, limit: int, offset: int
) -> tuple[list[Revision], int]:
    """A page of a model's revisions, newest first, and how many there are."""
    table = revisions_table.c
    of_model = and_(table.scope_id == scope_id, table.model_id == model_id)
    query = select(revisions_table).where(of_model).order_by(table.revision.desc()).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(revisions_table).where(of_model)).scalar_one()
    return [_revision(row) for row in connection.execute(query)], total


def revision(connection: Connection, scope_id: UUID, model_id: UUID, number: int) -> Revision | None:
    table = revisions_table.c
    row = connection.execute(
        select(revisions_table).where(table.scope_id == scope_id, table.model_id == model_id, table.revision == number)
    ).first()
    return _revision(row) if row else None


# The secrets that models name


@lru_cache(maxsize=4096)  # the different texts are few
def read_requirements(text: str) -> Requirements:
    """What a stored text holds."""
    value = json.loads(text)
    needs = tuple(tuple(names) for names in value["needs"])
    return Requirements(needs, tuple(value["uses"]), value["destination"])


@lru_cache(maxsize=4096)
def _text_of(required: Requirements) -> str:
    return json.dumps(required._asdict(), separators=(",", ":"))


def _add_secret_names(connection: Connection, model: Model) -> None:
    rows = [{"scope_id": model.scope_id, "model_id": model.model_id, "name": name} for name in model.uses]
    if rows:
        connection.execute(insert(model_secrets_table), rows)


def _remove_secret_names(connection: Connection, model: Model) -> None:
    s = model_secrets_table.c
    connection.execute(delete(model_secrets_table).where(s.scope_id == model.scope_id, s.model_id == model.model_id))


def _seen(model: Model) -> dict[str, object]:
    return {"scope": model.scope_id, "model": model.model_id, "seen": model.revision}


def _content(model: Model) -> dict[str, object]:
    definition = model.definition
    return {
        "provider": definition.provider,
        "chat_generator_config": definition.chat_generator_config,
        "generation_kwargs": definition.generation_kwargs,
        "requirements": _text_of(definition.required),
        "revision": model.revision,
        "tag": model.tag,
        "updated_at": model.updated_at,
        "updated_by": model.updated_by,
    }


def _name(model: Model, deleted_at: datetime | None) -> dict[str, object]:
    return {"name": model.name, "name_key": name_key(model.name), "deleted_at": deleted_at}


def scopes_of(scope: Scope) -> dict[str, UUID]:
    """The scopes seen from `scope`, as parameters: as many for the organization's view as for a workspace's."""
    scope_ids = scope.visible
    return {"nearest": scope_ids[0], "farther": scope_ids[1], "farthest": scope_ids[-1]}


def model_of(row: Row[*tuple[Any, ...]]) -> Model:
    required = read_requirements(row.requirements)
    definition = Definition(row.name, row.provider, row.chat_generator_config, row.generation_kwargs, *required)
    return Model(
        row.scope_id, row.model_id, definition, row.revision, row.tag,
        row.created_at, row.created_by, row.updated_at, row.updated_by,
    )  # fmt: skip


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        row.model_id,
        row.revision,
        row.change,
        tuple(row.changes.split(",")) if row.changes else (),
        row.restored_from,
        Definition(row.name, row.provider, row.chat_generator_config, row.generation_kwargs),
        row.created_by,
        row.created_at,
    )
