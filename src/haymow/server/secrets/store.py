"""SQL of secrets and of their keys. Ciphertext goes in and out only here, and never into what may be shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from haymow.errors import Conflict
from haymow.server.database import Prepared, delete_scope
from haymow.server.secrets.rules import Listing, Place, Sealed, Secret, SecretRef, Stale, StoredKey
from haymow.server.secrets.tables import data_keys_table, deleted_secrets_table, secrets_table, vault_table

_s = secrets_table.c
_KEY: Final = (data_keys_table.c.version.label("key_version"), data_keys_table.c.wrapped)
_REF: Final[tuple[ColumnElement[Any], ...]] = (_s.secret_id, _s.scope_id, _s.name, _s.version, _s.hosts)
_SECRET: Final = (*_REF, _s.organization_id, _s.created_at, _s.created_by, _s.updated_at, _s.updated_by)

_NAMED = select(*_REF).where(
    _s.scope_id.in_(bindparam("scopes", expanding=True)), _s.name.in_(bindparam("names", expanding=True))
)
# Almost every model names one secret. Not IN: SQLite makes a table of its list, which takes longer than looking twice.
_NAMED_ONE = Prepared(
    union_all(*(
        select(*_REF).where(_s.scope_id == bindparam(scope), _s.name == bindparam("name"))
        for scope in ("nearest", "farthest")
    ))
)  # fmt: skip
_FIND = select(*_SECRET).where(
    _s.scope_id.in_(bindparam("scopes", expanding=True)), _s.secret_id == bindparam("secret")
)
_AT_VERSION = (
    _s.scope_id == bindparam("scope"),
    _s.secret_id == bindparam("secret"),
    _s.version == bindparam("seen"),
)


# Keys


def key_check(connection: Connection) -> bytes | None:
    """The known text under this database's master key; None before the first start."""
    return connection.execute(select(vault_table.c.key_check)).scalar_one_or_none()


def add_key_check(connection: Connection, check: bytes, at: datetime) -> None:
    connection.execute(insert(vault_table), {"id": 1, "key_check": check, "created_at": at})


def data_keys(connection: Connection, scope_ids: Collection[UUID]) -> list[tuple[UUID, int, bytes]]:
    """Scope, version and wrapped key of the scopes that have one."""
    k = data_keys_table.c
    query = select(k.scope_id, k.version, k.wrapped).where(k.scope_id.in_(scope_ids))
    return [(row.scope_id, row.version, row.wrapped) for row in connection.execute(query)]


_k = data_keys_table.c
_STORED_KEY: Final = select(_k.scope_id, _k.organization_id, _k.version, _k.wrapped)
_VALUES: Final = select(_s.scope_id, _s.secret_id, _s.version, _s.ciphertext)


def every_data_key(connection: Connection) -> Iterator[StoredKey]:
    """The data keys of all scopes, as they are read."""
    for row in connection.execute(_STORED_KEY.execution_options(stream_results=True, yield_per=500)):
        yield StoredKey(*row)


def data_keys_from(connection: Connection, first: UUID, most: int) -> list[StoredKey]:
    """The next data keys in the order of their scopes, from this scope on."""
    query = _STORED_KEY.where(_k.scope_id >= first)
    return [StoredKey(*row) for row in connection.execute(query.order_by(_k.scope_id).limit(most))]


def replace_data_key(connection: Connection, seen: StoredKey, version: int, wrapped: bytes) -> None:
    """Put another wrapped key in the place of the one that was seen; of a scope that is gone, nothing."""
    change = update(data_keys_table).where(_k.scope_id == seen.scope_id, _k.wrapped == seen.wrapped)
    connection.execute(change.values(version=version, wrapped=wrapped))


def replace_key_check(connection: Connection, check: bytes) -> None:
    connection.execute(update(vault_table).values(key_check=check))


def values_of(connection: Connection, scope_id: UUID) -> Iterator[tuple[Place, bytes]]:
    """Every ciphertext of a scope."""
    for row in connection.execute(_VALUES.where(_s.scope_id == scope_id)):
        yield Place(row.scope_id, row.secret_id, row.version), row.ciphertext


def values_from(connection: Connection, scope_id: UUID, first: UUID, most: int) -> list[tuple[Place, bytes]]:
    """The next ciphertexts of a scope in the order of their secrets, from this secret on."""
    query = _VALUES.where(_s.scope_id == scope_id, _s.secret_id >= first).order_by(_s.secret_id).limit(most)
    return [(Place(row.scope_id, row.secret_id, row.version), row.ciphertext) for row in connection.execute(query)]


def replace_ciphertexts(connection: Connection, values: Sequence[tuple[Place, bytes]]) -> None:
    """Other ciphertexts of the same values."""
    at = (_s.scope_id == bindparam("scope"), _s.secret_id == bindparam("secret"), _s.version == bindparam("seen"))
    change = update(secrets_table).where(*at).values(ciphertext=bindparam("sealed"))
    if values:
        connection.execute(
            change,
            [
                {"scope": place.scope_id, "secret": place.secret_id, "seen": place.version, "sealed": sealed}
                for place, sealed in values
            ],
        )


def add_data_key(
    connection: Connection, scope_id: UUID, organization_id: UUID, version: int, wrapped: bytes, at: datetime
) -> None:
    """Raises Stale when the scope has got one meanwhile."""
    values = {"scope_id": scope_id, "organization_id": organization_id, "version": version, "wrapped": wrapped}
    try:
        connection.execute(insert(data_keys_table), {**values, "created_at": at})
    except IntegrityError as error:
        raise Stale("Another secret was entered at the same time. Try again.") from error


# Secrets


def named(connection: Connection, scope_ids: Sequence[UUID], names: Collection[str]) -> list[SecretRef]:
    """The secrets of these names in these scopes; one may come twice where a scope is named twice."""
    if len(names) == 1 and len(scope_ids) <= 2:
        one = {"nearest": scope_ids[0], "farthest": scope_ids[-1], "name": next(iter(names))}
        return [_ref(row) for row in _NAMED_ONE.all(connection, one)]
    return [_ref(row) for row in connection.execute(_NAMED, {"scopes": list(scope_ids), "names": list(names)})]


def refs(connection: Connection, scope_ids: Sequence[UUID]) -> list[SecretRef]:
    """Every secret of these scopes."""
    query = select(*_REF).where(_s.scope_id.in_(scope_ids))
    return [_ref(row) for row in connection.execute(query)]


def find(connection: Connection, scope_ids: Collection[UUID], secret_id: UUID) -> Secret | None:
    """A secret of any of these scopes."""
    row = connection.execute(_FIND, {"scopes": list(scope_ids), "secret": secret_id}).first()
    return _secret(row) if row else None


def add(connection: Connection, secret: Secret, ciphertext: bytes) -> None:
    """Raises Conflict when the scope has a secret of this name."""
    values = {
        "scope_id": secret.ref.scope_id,
        "secret_id": secret.ref.secret_id,
        "organization_id": secret.organization_id,
        "name": secret.ref.name,
        "created_at": secret.created_at,
        "created_by": secret.created_by,
        **_entered(secret, ciphertext),
    }
    try:
        connection.execute(insert(secrets_table), values)
    except IntegrityError as error:
        raise Conflict(
            "A secret with this name already exists. Enter its new value with PUT.", code="secret_name_taken"
        ) from error


def replace(connection: Connection, secret: Secret, seen: int, ciphertext: bytes) -> None:
    """Put a new value in the place of version `seen`. Raises Stale when that is no longer the newest."""
    change = update(secrets_table).where(*_AT_VERSION).values(_entered(secret, ciphertext))
    _change(connection, change, SecretRef(secret.ref.secret_id, secret.ref.scope_id, secret.ref.name, seen, None))


def bind(connection: Connection, ref: SecretRef, hosts: tuple[str, ...]) -> None:
    """Give an unbound value its hosts. Raises Stale when it is bound or replaced meanwhile."""
    _change(connection, update(secrets_table).where(*_AT_VERSION, _s.hosts.is_(None)).values(hosts=_text(hosts)), ref)


def remove(connection: Connection, secret: Secret) -> None:
    """Delete a secret with its ciphertext; what a list goes on from stays."""
    ref = secret.ref
    connection.execute(delete(secrets_table).where(_s.scope_id == ref.scope_id, _s.secret_id == ref.secret_id))
    values = {"scope_id": ref.scope_id, "secret_id": ref.secret_id, "name": ref.name}
    times = {"created_at": secret.created_at, "updated_at": secret.updated_at}
    connection.execute(insert(deleted_secrets_table), {**values, **times})


def erase(connection: Connection, scope_id: UUID, most: int) -> int:
    """Delete at most so many rows of a scope, its data key too: no copy of a ciphertext opens any more; how many."""
    return delete_scope(connection, (secrets_table, deleted_secrets_table, data_keys_table), scope_id, most)


def count(connection: Connection, scope_ids: Collection[UUID]) -> int:
    """How many secrets these scopes have."""
    return connection.execute(
        select(func.count()).select_from(secrets_table).where(_s.scope_id.in_(scope_ids))
    ).scalar_one()


def ciphertexts(connection: Connection, places: Iterable[Place]) -> dict[Place, Sealed]:
    """The ciphertexts at exactly these places; what was replaced or deleted is left out.

    Each comes with its scope's data key in one statement: two could see a key's moment before and one after it was
    renewed.
    """
    wanted = set(places)
    query = select(_s.scope_id, _s.secret_id, _s.version, _s.ciphertext, *_KEY).select_from(
        secrets_table.outerjoin(data_keys_table, _s.scope_id == data_keys_table.c.scope_id)
    )
    query = query.where(
        _s.scope_id.in_({place.scope_id for place in wanted}), _s.secret_id.in_({place.secret_id for place in wanted})
    )
    found = {
        Place(row.scope_id, row.secret_id, row.version): Sealed(row.ciphertext, row.key_version, row.wrapped)
        for row in connection.execute(query)
    }
    return {place: sealed for place, sealed in found.items() if place in wanted}


def page(connection: Connection, scope_ids: Collection[UUID], listing: Listing) -> tuple[list[Secret], bool] | None:
    """The part of the list that `listing` asks for, and whether it goes on; None when its cursor is unknown here."""
    column = _s[listing.field]
    cursor = listing.before or listing.after
    backwards = listing.after is not None
    descending = listing.descending != backwards
    query = select(*_SECRET).where(_s.scope_id.in_(scope_ids))
    if cursor is not None:
        at = _position(connection, scope_ids, cursor, listing.field)
        if at is None:
            return None
        query = query.where(_beyond(column, at, cursor, descending))
    order = [part.desc() if descending else part.asc() for part in (column, _s.secret_id)]
    rows = connection.execute(query.order_by(*order).limit(listing.limit + 1)).all()
    found = [_secret(row) for row in rows[: listing.limit]]
    return found[::-1] if backwards else found, len(rows) > listing.limit


def _position(connection: Connection, scope_ids: Collection[UUID], secret_id: UUID, field: str) -> Any:
    """What a secret, deleted or not, is ordered by; None when these scopes never had it."""
    parts = [
        select(table.c[field]).where(table.c.scope_id.in_(scope_ids), table.c.secret_id == secret_id)
        for table in (secrets_table, deleted_secrets_table)
    ]
    return connection.execute(union_all(*parts)).scalars().first()


def _beyond(column: ColumnElement[Any], at: Any, secret_id: UUID, descending: bool) -> ColumnElement[bool]:
    position = tuple_(column, _s.secret_id)
    cursor = tuple_(literal(at, column.type), literal(secret_id, _s.secret_id.type))
    return position < cursor if descending else position > cursor


def _change(connection: Connection, change: Any, ref: SecretRef) -> None:
    key = {"scope": ref.scope_id, "secret": ref.secret_id, "seen": ref.version}
    if not connection.execute(change, key).rowcount:
        raise Stale("This secret was changed meanwhile. Try again.")


def _entered(secret: Secret, ciphertext: bytes) -> dict[str, Any]:
    return {
        "ciphertext": ciphertext,
        "version": secret.ref.version,
        "hosts": _text(secret.ref.hosts),
        "updated_at": secret.updated_at,
        "updated_by": secret.updated_by,
    }


def _text(hosts: Sequence[str] | None) -> str | None:
    return None if hosts is None else json.dumps(hosts)


@lru_cache(maxsize=1024)
def _hosts(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def _ref(row: Row[*tuple[Any, ...]]) -> SecretRef:
    return SecretRef(row.secret_id, row.scope_id, row.name, row.version, _hosts(row.hosts))


def _secret(row: Row[*tuple[Any, ...]]) -> Secret:
    return Secret(_ref(row), row.organization_id, row.created_at, row.created_by, row.updated_at, row.updated_by)
