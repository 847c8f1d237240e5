"""The operator's door: a socket that only the owner of the data folder opens."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from haymow.errors import Conflict, StartFailed
from haymow.server import control


async def hello() -> str:
    return "hello"


async def refuse() -> str:
    raise Conflict("That is not possible now.")


async def stumble() -> str:
    raise RuntimeError("canary-2291")


COMMANDS: Mapping[str, control.Command] = {"hello": hello, "refuse": refuse, "stumble": stumble}


@asynccontextmanager
async def door(path: Path) -> AsyncIterator[None]:
    server = await control.listen(path, COMMANDS)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def asked(path: Path, command: str) -> str:
    async def ask() -> str:
        async with door(path):
            return await asyncio.to_thread(control.ask, path, command)

    return asyncio.run(ask())


def test_a_command_is_answered(tmp_path: Path) -> None:
    assert asked(tmp_path / "admin.sock", "hello") == "hello"


def test_only_its_owner_may_open_it(tmp_path: Path) -> None:
    async def mode() -> int:
        async with door(tmp_path / "admin.sock"):
            return (tmp_path / "admin.sock").stat().st_mode

    found = asyncio.run(mode())
    assert stat.S_ISSOCK(found)
    assert stat.S_IMODE(found) & 0o177 == 0


def test_a_failure_that_haymow_expects_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match=r"^That is not possible now\.$"):
        asked(tmp_path / "admin.sock", "refuse")


def test_one_that_nobody_expects_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="see its log") as caught:
        asked(tmp_path / "admin.sock", "stumble")
    assert "canary" not in caught.value.message


def test_an_unknown_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="does not know this command"):
        asked(tmp_path / "admin.sock", "make me a sandwich")


def test_what_an_earlier_server_left_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert asked(path, "hello") == "hello"


def test_a_folders_path_may_be_longer_than_a_sockets_address(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    folder.mkdir(parents=True)
    assert len(str(folder)) > 200
    assert asked(folder / "admin.sock", "hello") == "hello"


def test_where_nobody_answers_it_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="Cannot reach the haymow") as caught:
        control.ask(tmp_path / "admin.sock", "hello")
    assert "\n" not in caught.value.message


def test_a_server_that_goes_away_in_mid_answer_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        async def ask() -> None:
            asking = asyncio.create_task(asyncio.to_thread(control.ask, path, "hello"))
            connection, _ = await asyncio.to_thread(listener.accept)
            connection.close()
            await asking

        with pytest.raises(StartFailed):
            asyncio.run(ask())


@pytest.mark.parametrize("sent", [b"\n", b"\xff\xfe\n", b"x" * 200_000 + b"\n", b"hel"])
def test_nonsense_does_not_hold_up_the_next_caller(tmp_path: Path, sent: bytes) -> None:
    path = tmp_path / "admin.sock"

    async def both() -> str:
        async with door(path):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(sent)
            writer.write_eof()
            said = await asyncio.wait_for(reader.read(), 5)
            assert not said or "error" in json.loads(said)
            writer.close()
            return await asyncio.to_thread(control.ask, path, "hello")

    assert asyncio.run(both()) == "hello"
