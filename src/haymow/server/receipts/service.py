"""Answering a request that comes again as it was answered first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from haymow.server.receipts import store
from haymow.server.receipts.rules import KEPT_FOR, Receipt, ReceiptKey, check_same

if TYPE_CHECKING:
    from sqlalchemy import Connection


def erase_workspace(connection: Connection, workspace_id: UUID) -> None:
    """Forget what was answered about a workspace that is deleted."""
    store.erase(connection, f"/api/v2/workspaces/{workspace_id}/")


def once(connection: Connection, key: ReceiptKey | None, now: datetime, make: Callable[[], Receipt]) -> Receipt:
    """`make`'s answer, kept under `key` in the same unit of work; or the answer kept there within the last 24 h.

    Raises Invalid when the key was used with another body.
    """
    if key is None:
        return make()
    store.remove_older(connection, now - KEPT_FOR)
    found = store.find(connection, key)
    if found is not None:
        check_same(found[1], key.digest)
        return found[0]
    receipt = make()
    store.add(connection, key, receipt, now)
    return receipt
