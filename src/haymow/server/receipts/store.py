"""SQL of receipts."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from haymow.server.receipts.rules import Receipt, ReceiptKey
from haymow.server.receipts.tables import receipts_table

_r = receipts_table.c


def find(connection: Connection, key: ReceiptKey) -> tuple[Receipt, bytes] | None:
    """The receipt under a key, with the digest of the request it answered."""
    query = select(receipts_table).where(_r.user_id == key.user_id, _r.path == key.path, _r.key == key.key)
    row = connection.execute(query).first()
    return (Receipt(row.status, json.loads(row.headers), row.body), row.digest) if row else None


def add(connection: Connection, key: ReceiptKey, receipt: Receipt, at: datetime) -> None:
    connection.execute(
        insert(receipts_table).values(
            user_id=key.user_id,
            path=key.path,
            key=key.key,
            digest=key.digest,
            status=receipt.status,
            headers=json.dumps(receipt.headers),
            body=receipt.body,
            at=at,
        )
    )


def erase(connection: Connection, path: str) -> None:
    """Take away the receipts of every address below `path`, which ends in a slash."""
    connection.execute(delete(receipts_table).where(_r.path.startswith(path, autoescape=True)))


def remove_older(connection: Connection, than: datetime) -> None:
    connection.execute(delete(receipts_table).where(_r.at < than))
