"""The operator's door to a running server: a socket in the data folder that only its owner can open.

`haymow admin` asks here when a server holds the folder's lock, which may be another one than was meant: it has the
database that it was started with. A line in, of a command and its arguments with blanks
between; a JSON line out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from haymow.errors import HaymowError, StartFailed
from haymow.server.database.places import place_of
from haymow.server.settings import Settings

log = logging.getLogger(__name__)

Command = Callable[..., Awaitable[str]]

SECONDS = 30.0
PLACE = "place"
"""The command that is answered with the name of the server's database."""


async def listen(path: Path, commands: Mapping[str, Command]) -> asyncio.Server:
    """Serve `commands` at `path` (0600). The caller holds the folder's lock, so what is left there is stale."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            line = await asyncio.wait_for(reader.readline(), SECONDS)
            writer.write(json.dumps(await _run(commands, line.strip().decode(errors="replace"))).encode() + b"\n")
            await writer.drain()
        writer.close()

    path.unlink(missing_ok=True)  # noqa: ASYNC240 - before anything is served
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # made without rights for others, not made and then closed to them
    try:
        _at(path, listener.bind)
    finally:
        os.umask(before)
    return await asyncio.start_unix_server(answer, sock=listener)


async def _run(commands: Mapping[str, Command], line: str) -> dict[str, str]:
    name, *arguments = line.split(" ")
    command = commands.get(name)
    if command is None:
        return {"error": "The running haymow does not know this command. Restart it with this version."}
    try:
        return {"answer": await command(*arguments)}
    except HaymowError as error:
        return {"error": error.message}
    except Exception:
        log.exception("the command %s failed", name)
        return {"error": "Something went wrong in haymow; see its log."}


def is_open(path: Path) -> bool:
    """Whether there is a server behind the door: one that was killed has left it."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            _at(path, connection.connect)
    except OSError:
        return False
    return True


def ask_meant(settings: Settings, command: str) -> str:
    """What the server that uses the data folder answers. Raises StartFailed, also for one with another database."""
    if settings.database_url is not None:
        used, named = ask(settings.admin_socket, PLACE), place_of(settings).name
        if used != named:
            raise StartFailed(
                f"The haymow that uses {settings.data} has its database in {used}, and HAYMOW_DATABASE_URL names "
                f"{named}. To ask that haymow, unset HAYMOW_DATABASE_URL; else set HAYMOW_DATA to another folder."
            )
    return ask(settings.admin_socket, command)


def ask(path: Path, command: str) -> str:
    """What a running server answers to `command`. Raises StartFailed."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            _at(path, connection.connect)
            connection.sendall(command.encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline() or b'{"error": "The running haymow gave no answer."}')
    except OSError as error:
        raise StartFailed(f"Cannot reach the haymow that uses {path.parent} ({error.strerror or error}).") from error
    if "error" in answer:
        raise StartFailed(answer["error"])
    return str(answer["answer"])


def _at(path: Path, act: Callable[[str], object]) -> None:
    """Call `act` with a short way to `path`: a socket's address has 107 bytes, a folder's path has no such bound."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        act(f"/proc/self/fd/{folder}/{path.name}" if Path("/proc/self/fd").exists() else str(path))
    finally:
        os.close(folder)
