"""Pools of connections to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import make_url

from haymow.server.database.pool import Pool


@contextmanager
def pool_of(connections: int, url: str, port: int | None = None) -> Iterator[Pool]:
    """A pool of so many connections to the database at `url`, by another port where one is given."""
    where = make_url(url).set(drivername="postgresql+psycopg")
    made = Pool(where if port is None else where.set(port=port), connections, uuid4())
    yield made
    made.close()
