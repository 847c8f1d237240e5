"""A start that fails says in one line what is wrong and what to do, exits non-zero, and leaves all as it was.

That one line, the exit status and the silence beside them are asked of real processes; the many ways to fail are
asked of what such a process runs.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from haymow.errors import StartFailed
from haymow.server.app import open_house
from haymow.server.run import serve
from haymow.server.settings import settings_from
from tests import databases, looking
from tests.running import environment, haymow_command, running, sentences_of


async def opened(data: Path, **environ: str) -> None:
    """Open all that a server opens, and close it again."""
    async with open_house(settings_from({"HAYMOW_DATA": str(data), **databases.environ(data), **environ})):
        pass


def refusal(data: Path, **environ: str) -> str:
    """The one line that says why it does not open."""
    with pytest.raises(StartFailed) as caught:
        asyncio.run(opened(data, **environ))
    assert "\n" not in caught.value.message
    return caught.value.message


def attempt(data: Path, *arguments: str, **environ: str) -> str:
    """Try to start a server, and give the one line that says why it does not."""
    done = subprocess.run(
        haymow_command("serve", *(arguments or ("--port", "0"))),
        env=environment(data, environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done
    (line,) = sentences_of(done.stderr)
    assert line.startswith("haymow: ")
    assert "is ready at" not in done.stdout
    return line


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a haymow that was opened and closed once."""
    asyncio.run(opened(tmp_path / "data"))
    return tmp_path / "data"


class TestAProcess:
    """One of each kind: exit status 1, one line on standard error, no traceback."""

    def test_whose_port_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            line = attempt(tmp_path / "data", "--port", str(port))
        assert f"127.0.0.1:{port}" in line
        assert "--port" in line
        assert not (tmp_path / "data").exists(), "it makes nothing"

    def test_whose_host_is_unknown(self, tmp_path: Path) -> None:
        line = attempt(tmp_path / "data", "--port", "0", "--host", "no-such-host.invalid")
        assert "Cannot listen on no-such-host.invalid" in line
        assert "--host" in line

    def test_whose_port_is_none(self, tmp_path: Path) -> None:
        assert "HAYMOW_PORT is not a port" in attempt(tmp_path / "data", "--port", "0", HAYMOW_PORT="http")

    def test_whose_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("a file")
        line = attempt(tmp_path / "file" / "data")
        assert f"Cannot write to the data folder {tmp_path / 'file' / 'data'}" in line
        assert "HAYMOW_DATA" in line

    def test_whose_folder_another_server_has(self, data: Path) -> None:
        with running(data) as server:
            line = attempt(data)
            assert "Another haymow is using the data folder" in line
            assert "HAYMOW_DATA" in line
            assert server.stop() == 0, "the first one is not disturbed"

    def test_whose_key_is_missing(self, data: Path) -> None:
        (data / "master.key").unlink()
        line = attempt(data)
        assert f"The master key file {data / 'master.key'} is missing" in line
        assert "HAYMOW_MASTER_KEY_FILE" in line
        assert not (data / "master.key").exists(), "a new key would read none of the secrets"

    def test_whose_database_is_newer(self, data: Path) -> None:
        looking.execute(data, "UPDATE alembic_version SET version_num = '9999'")
        looking.execute(data, "UPDATE schema_compatibility SET oldest = '9998'")
        line = attempt(data)
        assert "written by a newer haymow" in line
        assert "backup" in line

    def test_whose_local_models_port_is_taken_and_its_token_is_not_lost(self, tmp_path: Path) -> None:
        """The token is shown once: by the start that fails after making it, or by the next."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            environ = environment(tmp_path / "data", {"HAYMOW_LOCAL_MODEL_PORT": str(other.getsockname()[1])})
            failed = subprocess.run(
                haymow_command("serve", "--port", "0", "--local-model"),
                env=environ, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
        assert failed.returncode == 1
        (line,) = sentences_of(failed.stderr)
        assert "HAYMOW_LOCAL_MODEL_PORT" in line
        with running(tmp_path / "data") as server:
            assert failed.stdout.count("API token") + bool(server.token) == 1


class TestTheAddress:
    @pytest.mark.parametrize("host", ["999.1.1.1", "x" * 300, "a b", "\u2603", "http://127.0.0.1", "192.0.2.1", "::g"])
    def test_that_is_none_of_this_machine(self, tmp_path: Path, host: str) -> None:
        settings = settings_from({"HAYMOW_DATA": str(tmp_path / "data"), "HAYMOW_HOST": host})
        with pytest.raises(StartFailed, match=r"^Cannot listen on ") as caught:
            serve(settings, print)
        assert "\n" not in caught.value.message

    def test_that_another_has_bound_without_listening(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            port = str(other.getsockname()[1])
            with pytest.raises(StartFailed, match=r"^Cannot listen on "):
                serve(settings_from({"HAYMOW_DATA": str(tmp_path / "data"), "HAYMOW_PORT": port}), print)


class TestTheFolder:
    @pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
    def test_that_cannot_be_made(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").write_text("a file")
        assert f"Cannot write to the data folder {tmp_path / place}" in refusal(tmp_path / place)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
    def test_that_is_not_writable(self, tmp_path: Path) -> None:
        (tmp_path / "closed").mkdir(mode=0o500)
        assert "HAYMOW_DATA" in refusal(tmp_path / "closed" / "data")

    def test_whose_lock_is_a_folder(self, data: Path) -> None:
        (data / "lock").unlink()
        (data / "lock").mkdir()
        assert "Cannot write to the data folder" in refusal(data)

    def test_of_something_else_is_left_as_it_is(self, tmp_path: Path) -> None:
        """HAYMOW_DATA=$HOME or /tmp by mistake: closing such a folder to others would break the machine."""
        home = tmp_path / "home"
        home.mkdir()
        home.chmod(0o755)
        (home / "letter.txt").write_text("dear diary")
        assert "HAYMOW_DATA" in refusal(home)
        assert home.stat().st_mode & 0o777 == 0o755
        assert [path.name for path in home.iterdir()] == ["letter.txt"]

    def test_that_is_empty_is_closed_to_others(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data").chmod(0o755)
        asyncio.run(opened(tmp_path / "data"))
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700

    def test_that_failed_may_be_opened_when_it_is_mended(self, data: Path, tmp_path: Path) -> None:
        """A start that fails gives the folder's lock back."""
        (data / "master.key").rename(tmp_path / "k")
        refusal(data)
        (tmp_path / "k").rename(data / "master.key")
        asyncio.run(opened(data))


class TestTheKey:
    def test_of_another_database(self, data: Path, tmp_path: Path) -> None:
        asyncio.run(opened(tmp_path / "other"))
        shutil.copy2(tmp_path / "other" / "master.key", data / "master.key")
        assert "does not belong to this database" in refusal(data)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_that_others_may_read(self, data: Path, mode: int) -> None:
        (data / "master.key").chmod(mode)
        message = refusal(data)
        assert "is open to others" in message
        assert f"chmod 600 {data / 'master.key'}" in message

    def test_damaged_and_nothing_of_it_is_shown(self, data: Path) -> None:
        file = data / "master.key"
        lines = file.read_text().splitlines()
        damaged = base64.b64encode(b"canary" + base64.b64decode(lines[-1])[6:]).decode()
        for content in ("\n".join([*lines[:-1], damaged]), lines[0], "", "\u2603" * 50, "canary-key"):
            file.write_text(content)
            message = refusal(data)
            assert "is damaged or no master key" in message
            assert "canary" not in message
            assert damaged not in message

    def test_that_is_a_folder(self, data: Path) -> None:
        (data / "master.key").unlink()
        (data / "master.key").mkdir()
        assert "Cannot use the master key file" in refusal(data)

    def test_may_be_kept_elsewhere(self, data: Path, tmp_path: Path) -> None:
        (data / "master.key").rename(tmp_path / "k")
        asyncio.run(opened(data, HAYMOW_MASTER_KEY_FILE=str(tmp_path / "k")))
        assert "is missing" in refusal(data, HAYMOW_MASTER_KEY_FILE=str(tmp_path / "nowhere" / "k"))


@pytest.mark.embedded("a file may be damaged, gone or of another program")
class TestTheDatabase:
    def test_of_another_program(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir(mode=0o700)
        looking.execute(tmp_path / "data", "CREATE TABLE theirs (a)")
        assert "is not a haymow database or is damaged" in refusal(tmp_path / "data")

    @pytest.mark.parametrize("content", [b"dear diary\n" * 1000, b"SQLite format 3\x00" + b"\xff" * 8000])
    def test_that_is_none(self, data: Path, content: bytes) -> None:
        for rest in data.glob("haymow.db*"):
            rest.unlink()
        (data / "haymow.db").write_bytes(content)
        assert "is not a haymow database or is damaged" in refusal(data)
        assert (data / "haymow.db").read_bytes() == content

    def test_damaged(self, data: Path) -> None:
        content = bytearray((data / "haymow.db").read_bytes())
        content[100:] = b"\xff" * (len(content) - 100)
        (data / "haymow.db").write_bytes(content)
        assert "is damaged" in refusal(data)

    def test_that_is_a_folder(self, data: Path) -> None:
        (data / "haymow.db").unlink()
        (data / "haymow.db").mkdir()
        assert "Cannot open the database" in refusal(data)

    def test_that_is_gone_while_its_key_is_there(self, data: Path) -> None:
        """A new database takes the key that is there: nothing is lost by it."""
        key = (data / "master.key").read_bytes()
        for rest in data.glob("haymow.db*"):
            rest.unlink()
        asyncio.run(opened(data))
        assert (data / "master.key").read_bytes() == key
