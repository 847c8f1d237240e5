"""SQL of the effective view, and of which models name a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, exists, func, or_, select

from haymow.names import name_key
from haymow.server.registry.rules import PLATFORM_ID, Filters, Key, Model, Requirements, Scope, Usable
from haymow.server.registry.store import MODEL, load, model_of, read_requirements
from haymow.server.registry.tables import model_secrets_table, models_table
from haymow.server.secrets.rules import Use

_m = models_table.c
_NEARER = models_table.alias("nearer")  # once: its 26 KB hold each other, and would stay until the collector comes

_ORDERS: dict[str, ColumnElement[Any]] = {
    "name": _m.name_key,
    "provider": _m.provider,
    "created_at": _m.created_at,
    "updated_at": _m.updated_at,
}


def page(
    connection: Connection, scope: Scope, filters: Filters, sort: str, limit: int, offset: int
) -> tuple[list[Model], int]:
    """A page of the models seen from `scope`, and how many there are; a `sort` with a minus sign is descending."""
    query = _page_query(scope, filters, sort)
    found = connection.execute(query, {"most": limit + 1, "first": offset})
    models = [model_of(row) for row in found]
    if 0 < len(models) <= limit:
        return models, offset + len(models)  # the last page counts itself
    counted = select(func.count()).select_from(models_table).where(*_wanted(scope, filters))
    return models[:limit], connection.execute(counted).scalar_one()


def usable(connection: Connection, scope: Scope, after: str | None, limit: int) -> list[Usable]:
    """The models that a name may mean, by name, from the one after the name `after`."""
    query = _ordered(select(_m.name, _m.provider, _m.created_at), scope, Filters(), "name").limit(limit)
    if after is not None:
        query = query.where(_m.name_key > name_key(after))
    return [Usable(*row) for row in connection.execute(query)]


def page_of(
    connection: Connection,
    scope: Scope,
    filters: Filters,
    sort: str,
    limit: int,
    offset: int,
    keep: Callable[[Key, Requirements], bool],
) -> tuple[list[Model], int]:
    """A page of those models that `keep` says yes to: what a database cannot decide."""
    columns = select(_m.scope_id, _m.model_id, _m.tag, _m.requirements)
    rows = connection.execute(_ordered(columns, scope, filters, sort))
    kept = [(one, model) for one, model, tag, text in rows if keep((one, model, tag), read_requirements(text))]
    found = [load(connection, *key) for key in kept[offset : offset + limit]]
    return [model for model in found if model is not None], len(kept)


@lru_cache(maxsize=256)  # making it again, and SQLAlchemy's name for it, costs a tenth of a page
def _page_query(scope: Scope, filters: Filters, sort: str) -> Select[Any]:
    return _ordered(select(*MODEL), scope, filters, sort).limit(bindparam("most")).offset(bindparam("first"))


def _ordered(columns: Select[Any], scope: Scope, filters: Filters, sort: str) -> Select[Any]:
    order = _ORDERS[sort.removeprefix("-")]
    rank = case({scope_id: number for number, scope_id in enumerate(scope.visible)}, value=_m.scope_id)
    return columns.where(*_wanted(scope, filters)).order_by(
        order.desc() if sort.startswith("-") else order, _m.name_key, rank, _m.model_id
    )


def _wanted(scope: Scope, filters: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_m.deleted_at.is_(None)]
    scopes = scope.visible if filters.scope_id is None else (filters.scope_id,)
    wanted.append(_m.scope_id.in_(scopes))
    if filters.provider is not None:
        wanted.append(_m.provider == filters.provider)
    if filters.name is not None:
        wanted.append(_m.name_key == name_key(filters.name))
    if filters.part_of_name is not None:
        wanted.append(_m.name_key.contains(name_key(filters.part_of_name), autoescape=True))
    if not filters.include_shadowed:
        wanted.append(or_(_m.scope_id == scope.visible[0], ~_hidden(scope)))
    return wanted


@lru_cache(maxsize=256)  # an EXISTS holds itself, too
def _hidden(scope: Scope) -> ColumnElement[bool]:
    """Whether a nearer scope has a live model of the same name."""
    nearer = _NEARER.c
    behind = [
        and_(_m.scope_id == scope_id, nearer.scope_id.in_(scope.visible[:rank]))
        for rank, scope_id in enumerate(scope.visible)
        if rank
    ]
    return exists().where(or_(*behind), nearer.name_key == _m.name_key, nearer.deleted_at.is_(None))


def namesakes(connection: Connection, scope: Scope, names: Iterable[str]) -> dict[str, list[tuple[UUID, UUID]]]:
    """Scope and id of the models seen from `scope` that have these names, by what makes names the same."""
    keys = {name_key(name) for name in names}
    query = select(_m.name_key, _m.scope_id, _m.model_id).where(
        _m.scope_id.in_(scope.visible), _m.name_key.in_(keys), _m.deleted_at.is_(None)
    )
    found: dict[str, list[tuple[UUID, UUID]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.name_key, []).append((row.scope_id, row.model_id))
    return found


def count_uses(connection: Connection, scope_id: UUID, organization_id: UUID, name: str) -> dict[UUID, int]:
    """How many models of each scope name a secret which `scope_id` may keep: of its own, the organization and the
    platform; for the organization of all of its workspaces.
    """
    s = model_secrets_table.c
    query = select(s.scope_id, func.count()).where(s.name == name).group_by(s.scope_id)
    if scope_id == organization_id:
        found = query.subquery().c
        ours = exists().where(_m.scope_id == found.scope_id, _m.organization_id == organization_id)
        query = select(*found).where(or_(found.scope_id == PLATFORM_ID, ours))
    else:
        query = query.where(s.scope_id.in_([scope_id, organization_id, PLATFORM_ID]))
    return {row[0]: row[1] for row in connection.execute(query)}


def uses(connection: Connection, scope_ids: Sequence[UUID], organization_id: UUID, name: str, most: int) -> list[Use]:
    """The first models of these scopes, by name, that name a secret; the platform's count as the organization's."""
    s = model_secrets_table.c
    query = (
        select(_m.scope_id, _m.model_id, _m.name)
        .join(model_secrets_table, and_(s.scope_id == _m.scope_id, s.model_id == _m.model_id))
        .where(s.name == name, _m.scope_id.in_(scope_ids))
        .order_by(_m.name_key, _m.model_id)
        .limit(most)
    )
    return [
        Use(organization_id if row.scope_id == PLATFORM_ID else row.scope_id, row.model_id, row.name)
        for row in connection.execute(query)
    ]


def destinations_of(connection: Connection, scope_id: UUID, name: str) -> set[str]:
    """Where the models of a scope that name a secret would send it."""
    s = model_secrets_table.c
    query = (
        select(_m.requirements)
        .distinct()
        .join(model_secrets_table, and_(s.scope_id == _m.scope_id, s.model_id == _m.model_id))
        .where(s.name == name, s.scope_id == scope_id)
    )
    found = {read_requirements(text).destination for text in connection.execute(query).scalars()}
    return {destination for destination in found if destination is not None}
