"""A haymow in a process of its own, started as a person starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import databases

START_SECONDS = 60.0
LOOPBACK = {"HAYMOW_EGRESS_ALLOW": "127.0.0.1:*"}
"""Where the models of tests are: on ports of this machine."""
QUICKLY = {"HAYMOW_DRAIN_SECONDS": "0", "HAYMOW_GRACE_SECONDS": "2"}
"""Most tests that stop a server have no balancer that needs to hear of it."""
_READY = re.compile(r"is ready at (http://\S+)")
_TOKEN = re.compile(r"API token, shown this once: (\S+)")
_LINK = re.compile(r"^Open (\S+) to sign in \(works once\)\.$")


@dataclass(frozen=True)
class RunningServer:
    """Where it answers, its administrator's token ("" after a second start: it is shown once), and its sign-in link."""

    url: str
    token: str
    link: str
    data: Path
    process: subprocess.Popen[str]
    log: Path

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop and give its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def haymow_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "haymow.cli.main", *arguments]


def environment(data: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        **databases.environ(data),
        "HAYMOW_DATA": str(data),
        **LOOPBACK,
        **QUICKLY,
        "PYTHONUNBUFFERED": "1",
        **(more or {}),
    }


def sentences_of(stderr: str) -> list[str]:
    """What a start that failed says to a person, beside its log."""
    return [line for line in stderr.splitlines() if not line.startswith("{")]


@contextmanager
def running(data: Path, *arguments: str, more: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    """A server on a free port, until the block ends. Its words go to a log that the test may read."""
    log = data.with_name(f"{data.name}.log")
    data.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as sink:
        process = subprocess.Popen(
            haymow_command("serve", "--port", "0", *arguments),
            env=environment(data, more),
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        )
        try:
            yield RunningServer(*_started(process, log), data, process, log)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _started(process: subprocess.Popen[str], log: Path) -> tuple[str, str, str]:
    assert process.stdout is not None
    token = link = ""
    for line in process.stdout:
        if found := _TOKEN.search(line):
            token = found[1]
        if found := _LINK.search(line):
            link = found[1]
        if found := _READY.search(line):
            return found[1], token, link
    raise AssertionError(f"haymow did not start: {log.read_text()}")
