"""Whether haymow is alive and ready."""

from __future__ import annotations

from typing import Literal

from haymow.wire.shapes import Answer


class Health(Answer):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Answer):
    """The database can be reached and is of this version."""

    status: Literal["ready"]
