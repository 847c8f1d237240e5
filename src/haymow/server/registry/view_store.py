"""SQL of the effective view, and of which models name a secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from haymow.names import name_key
from haymow.server.registry.rules import Filters, Model, Scope
from haymow.server.registry.store import model_of, read_requirements
from haymow.server.registry.tables import model_secrets_table, models_table

_m = models_table.c


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
    wanted = _wanted(scope, filters)
    order = _ORDERS[sort.removeprefix("-")]
    rank = case({scope_id: number for number, scope_id in enumerate(scope.visible)}, value=_m.scope_id)
    query = (
        select(models_table)
        .where(*wanted)
        .order_by(order.desc() if sort.startswith("-") else order, _m.name_key, rank, _m.model_id)
        .limit(limit + 1)
        .offset(offset)
    )
    models = [model_of(row) for row in connection.execute(query)]
    if 0 < len(models) <= limit:
        return models, offset + len(models)  # the last page counts itself
    total = connection.execute(select(func.count()).select_from(models_table).where(*wanted)).scalar_one()
    return models[:limit], total


def requirements_in(connection: Connection, scope: Scope) -> list[str]:
    """The different requirements of the models seen from `scope`: few, however many models there are."""
    query = select(_m.requirements).distinct().where(_m.scope_id.in_(scope.visible), _m.deleted_at.is_(None))
    return list(connection.execute(query).scalars())


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
    if filters.requirements is not None:
        wanted.append(_m.requirements.in_(filters.requirements))
    if not filters.include_shadowed:
        wanted.append(or_(_m.scope_id == scope.visible[0], ~_hidden(scope)))
    return wanted


def _hidden(scope: Scope) -> ColumnElement[bool]:
    """Whether a nearer scope has a live model of the same name."""
    nearer = models_table.alias("nearer")
    behind = [
        and_(_m.scope_id == scope_id, nearer.c.scope_id.in_(scope.visible[:rank]))
        for rank, scope_id in enumerate(scope.visible)
        if rank
    ]
    return exists().where(or_(*behind), nearer.c.name_key == _m.name_key, nearer.c.deleted_at.is_(None))


def uses(connection: Connection, scope_id: UUID, organization_id: UUID, name: str) -> list[tuple[UUID, str]]:
    """Scope and name of the models that name a secret which `scope_id` keeps, in a stable order."""
    s = model_secrets_table.c
    scope = _m.organization_id == organization_id if scope_id == organization_id else _m.scope_id == scope_id
    query = (
        select(_m.scope_id, _m.name)
        .join(model_secrets_table, and_(s.scope_id == _m.scope_id, s.model_id == _m.model_id))
        .where(s.name == name, scope)
        .order_by(_m.name_key)
    )
    return [(row.scope_id, row.name) for row in connection.execute(query)]


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
