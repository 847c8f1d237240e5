"""The table: in plain text for the terminal, in Markdown for a file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.measure import Figures

COLUMNS = ("what", "connections", "figure", "p50 ms", "p99 ms", "processor us", "ratio", "of", "target", "")


@dataclass(frozen=True)
class Row:
    """One line. `target` says what was to be reached, `reached` whether it was; None where there is no target."""

    what: str
    connections: str = ""
    figure: str = ""
    p50: str = ""
    p99: str = ""
    processor: str = ""
    ratio: str = ""
    of: str = ""
    target: str = ""
    reached: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return (
            self.what, self.connections, self.figure, self.p50, self.p99, self.processor, self.ratio, self.of,
            self.target, verdict,
        )  # fmt: skip


def row(
    figures: Figures, other: Figures | None = None, target: str = "", reached: bool | None = None, digits: int = 2
) -> Row:
    """A line about requests, with its ratio to `other`."""
    return Row(
        figures.name,
        str(figures.connections),
        f"{figures.rate:,.0f}/s",
        f"{figures.milliseconds(0.5):.2f}",
        f"{figures.milliseconds(0.99):.2f}",
        f"{statistics.median(figures.processor):.0f}",
        f"{figures.ratio(other):.{digits}f}" if other else "",
        other.name if other else "",
        target,
        reached,
    )


def times(less: Figures, more: Figures, target: float | None) -> list[Row]:
    """Two lines: how many times as long a request takes among many models as among few."""
    found = less.ratio(more)
    line = row(more, less, f"at most {target} times" if target else "", found <= target if target else None)
    return [row(less), replace(line, ratio=f"{found:.2f} times")]


def plain(rows: Sequence[Row]) -> str:
    """The table with aligned columns."""
    lines = [COLUMNS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    left = {0, 7, 8, 9}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(rows: Sequence[Row]) -> str:
    """The same for a document."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
