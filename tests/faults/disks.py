"""Disks that are small, and syncs that fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.place import Storage, durable, missing, require


@contextmanager
def small_disk(size: str, owner: str = "") -> Iterator[Path]:
    """A file system of so many bytes, in memory, until the block ends."""
    if os.geteuid() != 0:
        missing("only root may mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="haymow-disk-"))
    done = subprocess.run(
        [require("mount"), "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(folder)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        missing(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        subprocess.run([require("umount"), "-l", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def on_a_small_disk(kind: str, folder: Path, size: str = "") -> Iterator[tuple[Storage, Path]]:
    """A database on a disk of its own. SQLite's is 1 MiB; an empty database of PostgreSQL has eight already."""
    with ExitStack() as stack:
        if kind == "sqlite":
            disk = stack.enter_context(small_disk(size or "1m"))
            storage = Storage(kind, disk)
            yield storage, disk
            storage.require_whole()
            return
        disk = stack.enter_context(small_disk(size or "16m", "nobody"))
        name = f"small_{time.monotonic_ns()}"
        with psycopg.connect(durable().text(), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'")
            connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
            try:
                yield Storage(kind, folder, durable().text(name)), disk
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
                connection.execute(f"DROP TABLESPACE {name}")


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as sink:
        try:
            while sink.write(b"\0" * 4096) == 4096:
                pass
        except OSError:
            return ballast
    return ballast


@contextmanager
def tampered(inject: str, *pids: int) -> Iterator[None]:
    """strace on every thread of some processes, which tampers with their syncs until the block ends."""
    with ExitStack() as stack:
        for pid in pids:
            stack.enter_context(_tampered(inject, pid))
        time.sleep(0.3)  # threads are attached one after the other, and strace does not say when it has them all
        yield


@contextmanager
def _tampered(inject: str, pid: int) -> Iterator[None]:
    command = [require("strace"), "-f", "-p", str(pid), "-o", os.devnull, "-e", "trace=fdatasync,fsync"]
    with subprocess.Popen([*command, "-e", f"inject={inject}"], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.fail(f"strace cannot attach: {line}")
        try:
            yield
        finally:
            tracer.terminate()
            try:
                tracer.wait(timeout=10)
            finally:
                tracer.kill()
