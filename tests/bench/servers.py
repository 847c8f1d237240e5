"""The servers that are measured, each a process of its own on a free port of loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.jobs import ROOT
from tests.ports import free_port
from tests.running import environment, haymow_command

BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server. `started` are the seconds from its exec to the first 200; `log` has what it printed."""

    name: str
    port: int
    process: subprocess.Popen[str]
    log: Path
    started: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def busy_seconds(self) -> float:
        """The processor time it has used so far, all threads together, and those of its workers."""
        return sum(map(_busy_ticks, _with_children(self.process.pid))) / _TICKS

    def megabytes(self) -> float:
        """Its resident memory now."""
        return self._status("VmRSS")

    def most_megabytes(self) -> float:
        """The most that was resident since it started."""
        return self._status("VmHWM")

    def stop(self) -> None:
        """As Ctrl-C does, and as kill -9 does when that takes too long."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def _status(self, field: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith(field))
        return int(kilobytes) / 1024


def _with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(descendant for child in children for descendant in _with_children(int(child)))]


def _busy_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def haymow(data: Path, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """haymow on a data folder that exists or not; `more` is added to its environment."""
    port = free_port()
    command = haymow_command("serve", "--port", str(port))
    with running("haymow", command, environment(data, more), port, "/readyz") as server:
        yield server


@contextmanager
def asgi(application: str, ready: str, python: Path, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """An application of this folder on one uvicorn, as quick as it goes."""
    port = free_port()
    command = [str(python), "-m", "uvicorn", "--app-dir", str(Path(__file__).parent), application]
    command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    with running(application, [*command, "--log-level", "warning"], plain_environment(more), port, ready) as server:
        yield server


def bench_python(asked: Path | None) -> Path:
    """The Python that has what haymow is measured against."""
    python = asked or BENCH_PYTHON
    if not python.exists():
        sys.exit(f"{python} is missing: `make bench` sets it up, or name another with --bench-python.")
    return python


def answers(url: str) -> bool:
    """Whether a GET of `url` gives 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def plain_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Next to nothing of this process's environment, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **(more or {})}


@contextmanager
def running(name: str, command: Sequence[str], environ: Mapping[str, str], port: int, ready: str) -> Iterator[Server]:
    """A server from its first 200 of `ready` until the block ends. Raises RuntimeError when it does not start."""
    log = Path(tempfile.mkstemp(prefix="haymow-bench-log-")[1])
    with log.open("w") as sink:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=sink, stderr=sink, text=True)
        server = Server(name, port, process, log, 0.0)
        try:
            _wait(server, ready)
            server.started = time.perf_counter() - begun
            yield server
        finally:
            server.stop()
            log.unlink()


def _wait(server: Server, ready: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not answers(server.url + ready):
        if server.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{server.name} did not start:\n{server.log.read_text()[-4000:]}")
        time.sleep(0.005)
