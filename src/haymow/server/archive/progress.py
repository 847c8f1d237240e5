"""What is said while rows go through: a line a second, and one for each table."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

SECONDS: Final = 1.0


class Progress:
    """Counts rows of one table after the other, and says how far it is."""

    def __init__(self, say: Callable[[str], None], doing: str) -> None:
        self._say, self._doing = say, doing
        self._table, self._rows, self._total = "", 0, 0
        self._begun = self._said = monotonic()

    @property
    def rows(self) -> int:
        """How many there were of all tables."""
        return self._total

    @property
    def rate(self) -> int:
        """Rows in a second, on the average."""
        return round(self._total / max(monotonic() - self._begun, 0.001))

    def add(self, table: str, rows: int) -> None:
        """So many rows of a table went through."""
        if table != self._table:
            self.finish()
            self._table = table
        self._rows += rows
        self._total += rows
        if monotonic() - self._said >= SECONDS:
            self._tell(" so far")

    def finish(self) -> None:
        """The table is done."""
        if self._table:
            self._tell()
        self._table, self._rows = "", 0

    def _tell(self, how: str = "") -> None:
        self._said = monotonic()
        noun = "row" if self._rows == 1 else "rows"
        self._say(f"{self._doing} {self._table}: {self._rows:,} {noun}{how}, {self.rate:,} rows/s")
