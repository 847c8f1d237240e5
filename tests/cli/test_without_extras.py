"""`pip install haymow` alone: every command works with SQLite, and says which extra it lacks for what it cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import environment

EXTRAS = ("psycopg", "opentelemetry")
_RUN = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
from haymow.cli.main import main

main()
"""


def haymow(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command as it runs where the extras are not installed."""
    told = environment(data, {"HAYMOW_DATABASE_URL": "", "HAYMOW_UNSAFE_STORAGE": "on", **more})
    command = [sys.executable, "-c", _RUN, *arguments]
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a haymow."""
    assert haymow(tmp_path / "data", "admin", "token").returncode == 0
    return tmp_path / "data"


@pytest.mark.embedded("without the extra there is SQLite alone")
class TestWithoutExtras:
    def test_a_database_is_backed_up_verified_restored_and_copied(self, data: Path, tmp_path: Path) -> None:
        file, passphrase = tmp_path / "file", tmp_path / "passphrase"
        passphrase.write_text("correct horse battery")
        passphrase.chmod(0o600)
        asked = ["--passphrase-file", str(passphrase)]
        commands: list[tuple[Path, list[str]]] = [
            (data, ["backup", str(file), *asked]),
            (data, ["verify", str(file), *asked]),
            (tmp_path / "restored", ["restore", str(file), *asked]),
            (tmp_path, ["copy", str(data), str(tmp_path / "copied")]),
            (tmp_path / "restored", ["migrate"]),
            (tmp_path / "restored", ["link"]),
            (tmp_path / "restored", ["rotate-key"]),
        ]
        for folder, arguments in commands:
            done = haymow(folder, "admin", *arguments)
            assert done.returncode == 0, (arguments, done.stderr)
        assert (tmp_path / "copied" / "haymow.db").exists()

    @pytest.mark.parametrize("command", ["serve --port 0", "admin token", "admin migrate", "admin rotate-key"])
    def test_what_takes_the_driver_names_its_extra(self, tmp_path: Path, command: str) -> None:
        done = haymow(tmp_path / "data", *command.split(), HAYMOW_DATABASE_URL="postgresql://127.0.0.1:1/haymow")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "haymow: PostgreSQL's driver is not installed. Install haymow[postgresql].\n"

    def test_traces_name_theirs(self, data: Path) -> None:
        done = haymow(data, "serve", "--port", "0", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith("Install haymow[otel], or unset it.\n")
