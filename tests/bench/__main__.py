"""Measure haymow beside its floors, on this machine, now: `make bench`, or

    python -m tests.bench [--quick] [--only PART ...] [--markdown FILE]

Real servers, each a process of its own; what is compared takes turns. The exit status is 0 whether or not the targets
are reached, and 1 when a request failed or something that was acknowledged is not there.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import of_chats, of_cluster, of_crowds, of_page, of_process, of_registry, report, servers
from tests.bench.ground import Ground, Plan
from tests.bench.jobs import ROOT
from tests.bench.measure import Bench

PARTS: dict[str, Callable[[Ground], list[report.Row]]] = {
    "start": of_process.start,
    "requests": of_registry.requests,
    "durable": of_registry.durable,
    "size": of_registry.size,
    "chats": of_chats.chats,
    "streams": of_chats.streams,
    "names": of_crowds.names,
    "open": of_crowds.open_streams,
    "page": of_page.page,
    "postgresql": of_cluster.postgresql,
    "replicas": of_cluster.replicas,
    "million": of_cluster.million,
    "mlflow": of_cluster.mlflow,
}

FULL = Plan(
    few=1000, many=100_000, connections=(1, 8, 32), chat_connections=(1, 8, 32, 64), chat_rounds=4, open_streams=1000,
    shared=1_000_000,
    kills=2, starts=5,
)  # fmt: skip
QUICK = Plan(
    few=1000, many=10_000, connections=(32,), chat_connections=(32,), chat_rounds=1, open_streams=200, shared=100_000,
    kills=1, starts=2,
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    asked = _asked(arguments)
    # Many short rounds: a machine that others use too changes its pace from second to second.
    bench = Bench(0.8, 0.2, 1) if asked.quick else Bench(0.6, 0.2, 9)
    folder = Path(tempfile.mkdtemp(prefix=".haymow-bench-", dir=asked.folder))
    begun = time.monotonic()
    try:
        ground = Ground(bench, QUICK if asked.quick else FULL, folder, servers.bench_python(asked.bench_python))
        print(_machine(folder), flush=True)
        rows = _run(ground, asked.only or list(PARTS))
    finally:
        shutil.rmtree(folder)
    _report(rows, bench.lost, time.monotonic() - begun, asked.markdown)
    return 1 if bench.lost else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure haymow beside its floors.")
    parser.add_argument("--quick", action="store_true", help="one short round of everything, in minutes")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="only this part; may be given again")
    parser.add_argument("--markdown", type=Path, help="write the table to this file, too")
    parser.add_argument("--folder", type=Path, default=ROOT, help="where the databases go: a folder on a real disk")
    parser.add_argument("--bench-python", type=Path, help="the Python with FastAPI and hayhooks  [.venv-bench]")
    return parser.parse_args(arguments)


def _run(ground: Ground, names: Sequence[str]) -> list[report.Row]:
    rows = []
    for name in names:
        print(f"{name}: {PARTS[name].__doc__}", flush=True)
        rows += PARTS[name](ground)
    return rows


def _report(rows: Sequence[report.Row], lost: Sequence[str], seconds: float, markdown: Path | None) -> None:
    print(f"\n{report.plain(rows)}\n")
    if markdown is not None:
        markdown.write_text(report.markdown(rows))
    missed = [line.what for line in rows if line.reached is False]
    print(f"{'; '.join(missed)}: missed." if missed else "Every target was reached.")
    for sentence in lost[:20]:
        print(f"LOST {sentence}")
    print(f"{len(lost)} failed or lost. {seconds:.0f} s in all.")


def _machine(folder: Path) -> str:
    milliseconds = _milliseconds_to_disk(folder)
    return (
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}; "
        f"2 KB reach the disk in {milliseconds:.2f} ms"
    )


def _milliseconds_to_disk(folder: Path) -> float:
    """The median of 50 fdatasyncs, each after 2 KB."""
    taken = []
    with (folder / "probe").open("wb") as probe:
        for _ in range(50):
            probe.write(bytes(2048))
            probe.flush()
            begun = time.perf_counter()
            os.fdatasync(probe.fileno())
            taken.append(time.perf_counter() - begun)
    return sorted(taken)[len(taken) // 2] * 1000


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
