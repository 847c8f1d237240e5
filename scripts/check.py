"""Run haymow's checks one after the other and say what came of each: what `make lint` and `make test` run.

    python scripts/check.py lint              style, types, and which module may import which; the page's too
    python scripts/check.py test [ARGS ...]   the same and the tests, on both databases those that get as far;
                                              with ARGS, which go to pytest, only what they name

All checks run even when one fails. The exit status is 0 when every check passed. The last line is pytest's own.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent  # not resolved: the tools stand beside the environment's own python


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    passed: bool
    seconds: float
    last_line: str


LINT = (
    Check("lint", ("ruff", "check", "--output-format=concise")),
    Check("format", ("ruff", "format", "--check", "--output-format=concise")),
    Check("types", ("mypy",)),
    Check("imports", ("lint-imports", "--no-logo")),
    Check("page lint", ("npm", "run", "--silent", "lint"), ROOT / "web"),
    Check("page types", ("npm", "run", "--silent", "types"), ROOT / "web"),
)
AT_ONCE = 2
"""Each check has work for one core, and most machines have two."""
IN_TWO = ("--numprocesses=2", "--dist=loadfile")
"""So have the tests, half of whose time is waiting. Those of a file share what it makes."""
ROOMS = ("registry", "secrets", "access", "audit", "receipts", "limits", "database/test_upgrades.py")
ABOUT_ROWS = (
    "archive/test_arguments.py", "archive/test_copies.py", "probes/test_inside.py", "telemetry/test_statements.py",
    "test_foreign_lock.py", "test_rotating.py",
)  # fmt: skip
ABUSES = (
    "ambiguous_requests", "authentication", "authorization", "canaries", "documents_sent", "fuzz", "matrix",
    "revocation", "schemas_sent", "secret_hosts", "secrets",
)  # fmt: skip
"""The other ones are about addresses, code and HTTP, and none of them is about what is kept."""
ON_POSTGRESQL = (
    "--database=postgresql",
    *IN_TWO,
    *(f"tests/server/{path}" for path in (*ROOMS, *ABOUT_ROWS)),
    *(f"tests/abuse/test_{abuse}.py" for abuse in ABUSES),
)
"""What gets as far as the database again, on the other one; each process has a PostgreSQL of its own."""
PAGE_TESTS = Check("page tests", ("npm", "run", "--silent", "test"), ROOT / "web")


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in ("lint", "test"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        is_test = arguments[0] == "test"
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(run_quietly, (*LINT, PAGE_TESTS) if is_test else LINT))
        if is_test:
            outcomes.append(run_tests("tests", arguments[1:] or IN_TWO))
            if not arguments[1:]:  # those who name tests name the database, too
                outcomes.append(run_tests("postgresql", ON_POSTGRESQL))
    except KeyboardInterrupt:
        return 130
    summarize(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def run_quietly(check: Check) -> Outcome:
    """Run a check, and show what it says when it fails."""
    begun = time.monotonic()
    print(f"{check.name}: {' '.join(check.command)}", flush=True)
    done = subprocess.run(
        check.command,
        cwd=check.folder,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        print(done.stdout, flush=True)
    return Outcome(check.name, done.returncode == 0, time.monotonic() - begun, "")


def run_tests(name: str, arguments: Sequence[str]) -> Outcome:
    """Run pytest, show what it says as it says it, and keep its closing line."""
    begun, last_line = time.monotonic(), ""
    color = "--color=yes" if sys.stdout.isatty() else "--color=no"
    command = [str(TOOLS / "pytest"), color, *arguments]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as tests:
        assert tests.stdout is not None
        try:
            for line in tests.stdout:
                print(line, end="", flush=True)
                last_line = line.strip() or last_line
        except KeyboardInterrupt:  # pytest has it too, and stops what its tests have started
            print(tests.stdout.read(), end="", flush=True)
            raise
    return Outcome(name, tests.returncode == 0, time.monotonic() - begun, last_line)


def environment() -> dict[str, str]:
    """The tools of .venv come first; Node.js is among them where the machine has none that is new enough."""
    return {**os.environ, "PATH": os.pathsep.join([str(TOOLS), os.environ.get("PATH", os.defpath)])}


def summarize(outcomes: Sequence[Outcome]) -> None:
    print("\nSummary")
    for outcome in outcomes:
        print(f"  {outcome.name:10}  {'passed' if outcome.passed else 'FAILED'}  {outcome.seconds:6.1f} s")
    for outcome in outcomes:
        if outcome.last_line:
            print(outcome.last_line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
