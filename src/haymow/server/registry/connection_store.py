"""SQL of connection tests. One of an older revision is found by nobody, and goes with the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, insert, select, union_all

from haymow.server.database import Prepared, delete_some
from haymow.server.registry.rules import PASSED, ConnectionTest, Key, LastTest, Model, Scope, Tested
from haymow.server.registry.store import MODEL, model_of, scopes_of
from haymow.server.registry.tables import connection_tests_table, models_table

MOST_READ: Final = 100
"""Tests of a whole view that are read sooner than a page's are looked for: naming a hundred models takes longer."""

_m = models_table.c
_t = connection_tests_table.c

_TESTED: Final[tuple[ColumnElement[Any], ...]] = (_t.secrets.label("tested_with"), _t.reason)
_OF_ROW = and_(_t.scope_id == _m.scope_id, _t.model_id == _m.model_id, _t.tag == _m.tag)

# In the statement that loads the model: a read of one model is asked for too often for a second one.
_LOAD_VISIBLE = Prepared(
    union_all(*(
        select(*MODEL, *_TESTED)
        .outerjoin(connection_tests_table, and_(_OF_ROW, _t.seen_from == bindparam("nearest")))
        .where(_m.scope_id == bindparam(scope), _m.model_id == bindparam("model"), _m.deleted_at.is_(None))
        for scope in ("nearest", "farther", "farthest")
    ))
)  # fmt: skip
_OF_VIEW = select(_t.scope_id, _t.model_id, _t.tag, *_TESTED).where(_t.seen_from == bindparam("seen_from"))
_FIRST_OF_VIEW = Prepared(_OF_VIEW.limit(bindparam("most")).offset(bindparam("first")))
_OF_MODELS = _OF_VIEW.where(
    _t.scope_id.in_(bindparam("scopes", expanding=True)), _t.model_id.in_(bindparam("models", expanding=True))
)

_WITH_LAST_TESTS = (
    select(*MODEL, *_TESTED, _t.latency_ms, _t.tested_at)
    .outerjoin(connection_tests_table, and_(_OF_ROW, _t.seen_from == bindparam("seen_from")))
    .where(
        _m.scope_id.in_(bindparam("scopes", expanding=True)),
        _m.model_id.in_(bindparam("models", expanding=True)),
        _m.deleted_at.is_(None),
    )
)


def load_visible(connection: Connection, scope: Scope, model_id: UUID) -> tuple[Model, Tested | None] | None:
    """A model seen from `scope`, with the last test that was made there."""
    row = _LOAD_VISIBLE.first(connection, {**scopes_of(scope), "model": model_id})
    return (model_of(row), _tested(row) if row.reason else None) if row else None


def with_last_tests(
    connection: Connection, scope: Scope, model_ids: Sequence[UUID]
) -> dict[UUID, tuple[Model, LastTest | None]]:
    """Those of these models that are seen from `scope`, each with the last test that was made there."""
    wanted = {"seen_from": scope.own_id, "scopes": list(scope.visible), "models": list(model_ids)}
    return {row.model_id: (model_of(row), _last_test(row)) for row in connection.execute(_WITH_LAST_TESTS, wanted)}


def of_models(connection: Connection, seen_from: UUID, models: Sequence[Model]) -> dict[Key, Tested]:
    """The last tests of a page of models, those that were tested from this scope."""
    few = _FIRST_OF_VIEW.all(connection, {"seen_from": seen_from, "most": MOST_READ + 1, "first": 0})
    if len(few) <= MOST_READ or not models:
        return _by_key(few)
    scopes, ids = {model.scope_id for model in models}, [model.model_id for model in models]
    rows = connection.execute(_OF_MODELS, {"seen_from": seen_from, "scopes": list(scopes), "models": ids})
    return _by_key(rows)


def of_view(connection: Connection, seen_from: UUID) -> dict[Key, Tested]:
    """The last tests of all models that were tested from this scope."""
    return _by_key(connection.execute(_OF_VIEW, {"seen_from": seen_from}))


def put(connection: Connection, seen_from: UUID, model: Model, secrets: str, test: ConnectionTest) -> None:
    """Put a test of this revision, made with these versions of its secrets, in the place of the one before."""
    key = {"scope_id": model.scope_id, "model_id": model.model_id, "seen_from": seen_from}
    connection.execute(delete(connection_tests_table).where(*(_t[name] == value for name, value in key.items())))
    made = {"latency_ms": test.latency_ms, "tested_at": test.tested_at, "tested_by": test.tested_by}
    values = {**key, "tag": model.tag, "secrets": secrets, "reason": test.reason, **made}
    connection.execute(insert(connection_tests_table), values)


def remove(connection: Connection, scope_id: UUID, model_id: UUID) -> None:
    """Take away the tests of one model, from wherever they were made."""
    connection.execute(delete(connection_tests_table).where(_t.scope_id == scope_id, _t.model_id == model_id))


def erase(connection: Connection, seen_from: UUID, most: int) -> int:
    """Take away at most so many of the tests that were made from a scope; how many."""
    return delete_some(connection, connection_tests_table, _t.seen_from == seen_from, most)


def _by_key(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[Key, Tested]:
    return {(row.scope_id, row.model_id, row.tag): _tested(row) for row in rows}


def _last_test(row: Row[*tuple[Any, ...]]) -> LastTest | None:
    if row.reason is None:
        return None
    return LastTest(row.tested_with, row.reason, row.latency_ms, row.tested_at)


def _tested(row: Row[*tuple[Any, ...]]) -> Tested:
    return Tested(row.tested_with, row.reason == PASSED)
