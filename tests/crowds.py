"""Many models, or tokens, where one was made: copies of it, written past haymow."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select

from haymow.server.access.tables import members_table, tokens_table, users_table
from haymow.server.registry.tables import model_secrets_table, models_table, revisions_table

_AT_ONCE = 1000


def multiply_model(connection: Connection, model_id: UUID, times: int) -> list[UUID]:
    """So many more models like this one, with its revisions and the names of its secrets; their ids."""
    made = [uuid4() for _ in range(times)]
    for table in (models_table, model_secrets_table, revisions_table):
        found = connection.execute(select(table).where(table.c.model_id == model_id)).mappings().all()
        copies = [_copy(dict(row), one) for one in made for row in found]
        for at in range(0, len(copies), _AT_ONCE):
            connection.execute(insert(table), copies[at : at + _AT_ONCE])
    return made


def multiply_revision(connection: Connection, model_id: UUID, times: int) -> None:
    """So many more revisions of a model like its first."""
    table = revisions_table
    row = connection.execute(select(table).where(table.c.model_id == model_id, table.c.revision == 1)).mappings().one()
    connection.execute(insert(table), [{**row, "revision": 1000 + number} for number in range(times)])


def multiply_tokens(connection: Connection, user_id: UUID, times: int) -> None:
    """So many more of each token and each session of a person: nobody knows their texts."""
    found = connection.execute(select(tokens_table).where(tokens_table.c.user_id == user_id)).mappings().all()
    for row in found:
        copies = [{**row, "token_id": uuid4(), "digest": os.urandom(32)} for _ in range(times)]
        connection.execute(insert(tokens_table), copies)


def multiply_member(connection: Connection, user_id: UUID, times: int) -> list[UUID]:
    """So many more people of the same role, whose addresses come first in a list; their ids."""
    made = [uuid4() for _ in range(times)]
    person = connection.execute(select(users_table).where(users_table.c.user_id == user_id)).mappings().one()
    member = connection.execute(select(members_table).where(members_table.c.user_id == user_id)).mappings().one()
    names = {one: {"given_name": "One", "email": f"0-{one}@x.yz", "email_key": f"0-{one}@x.yz"} for one in made}
    connection.execute(insert(users_table), [{**person, **names[one], "user_id": one} for one in made])
    connection.execute(insert(members_table), [{**member, "user_id": one} for one in made])
    return made


def _copy(row: dict[str, Any], model_id: UUID) -> dict[str, Any]:
    name = {"name": str(model_id.int), "name_key": str(model_id.int)} if "name_key" in row else {}
    return {**row, **name, "model_id": model_id}
