"""A database of PostgreSQL that cannot be opened: one line says why and what to do, and nothing secret."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from haymow.errors import StartFailed
from haymow.server.archive import run_copy
from haymow.server.database import open_database
from haymow.server.settings import Settings
from tests import databases
from tests.ports import free_port
from tests.server.archive.stock import quiet


def refusal(url: str, folder: Path) -> str:
    """The one line that says why it is not opened."""
    with pytest.raises(StartFailed) as caught:
        open_database(Settings(data=folder, database_url=url, unsafe_storage=True)).close()
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.fixture(scope="module")
def port() -> int:
    """Where the PostgreSQL of the tests is."""
    return databases.postgresql().port


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("haymow:hush@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
        ("nobody:hush@127.0.0.1:{port}/postgres", 'role "nobody" does not exist'),
        ("haymow:hush@127.0.0.1:{free}/haymow", "Connection refused; Is the server"),
        ("haymow:hush@nowhere.invalid/haymow", "nowhere.invalid"),
        ("haymow:hush@127.0.0.1:{port}/postgres?sslmode=require", "does not support SSL"),
        ("haymow:hush@127.0.0.1:{port}/postgres?sslmod=require", '"sslmod"'),
    ],
)
def test_the_reason_is_said_without_the_password(tmp_path: Path, port: int, rest: str, said: str) -> None:
    url = f"postgresql://{rest.format(port=port, free=free_port())}"
    for line in (refusal(url, tmp_path), copied(url, tmp_path / "copy")):
        assert said in line and "hush" not in line
        assert line.startswith("The database postgresql://") and "?. " not in line
    assert "Check HAYMOW_DATABASE_URL" in refusal(url, tmp_path)


def copied(source: str, target: Path) -> str:
    """The one line that says why nothing is copied."""
    with pytest.raises(StartFailed) as caught:
        run_copy(Settings(), source, str(target), quiet)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_nothing_is_shown_of_a_password_with_an_at_sign(tmp_path: Path, port: int) -> None:
    line = refusal(f"postgresql://haymow:hu@sh@127.0.0.1:{port}/haymow", tmp_path)
    assert "not %-encoded" in line and "sh@" not in line


def test_several_hosts_are_written_behind_the_name(tmp_path: Path, port: int) -> None:
    assert "?host=one:5432&host=two:5432" in refusal(f"postgresql://h@127.0.0.1:{port},127.0.0.1:1/haymow", tmp_path)
    databases.postgresql().make("several_hosts")
    hosts = f"?host=127.0.0.1:{free_port()}&host=127.0.0.1:{port}&target_session_attrs=read-write"
    url = f"postgresql://haymow@/several_hosts{hosts}"
    open_database(Settings(data=tmp_path, database_url=url, unsafe_storage=True)).close()


def test_tables_of_others_are_left_alone(tmp_path: Path) -> None:
    url = databases.postgresql().make("of_others")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE theirs (a integer)")
        assert "holds tables that are not haymow's" in refusal(url, tmp_path)
        assert "holds tables that are not haymow's" in copied(url, tmp_path / "copy")
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert found == [("theirs",)]


def test_a_user_who_does_not_own_it_is_told_so(tmp_path: Path, port: int) -> None:
    """Since PostgreSQL 15 nobody else makes tables in a new database."""
    owners = databases.postgresql().make("of_its_owner")
    with psycopg.connect(owners, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    line = refusal(f"postgresql://guest@127.0.0.1:{port}/of_its_owner", tmp_path)
    assert "make that user its owner" in line
