"""What is wrong with an argument of `haymow admin copy` is said of it: a setting would be that of another place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from haymow.errors import CommandFailed, StartFailed
from haymow.server.archive import run_copy
from haymow.server.database import DataFolder
from haymow.server.database.places import changing, place_named
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import new_key
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.settings import Settings
from tests import databases
from tests.server.archive.stock import Stock, hashes, quiet


def changed(target: str, statement: str) -> None:
    with changing(place_named(target, "TARGET")) as connection:
        connection.execute(text(statement))


def message(source: Stock, target: str, keys: Path | None = None) -> str:
    """What is said of a copy that fails."""
    with pytest.raises((CommandFailed, StartFailed)) as caught:
        run_copy(Settings(master_key_file=keys), source.argument, target, quiet)
    assert "HAYMOW_" not in caught.value.message
    return caught.value.message


def test_a_target_that_is_not_empty_is_told_before_its_key(stock: Stock, filled: Stock) -> None:
    """To put another key in its key's place, as it was told, would have lost all that is under it."""
    before = hashes(stock.place)
    keys = stock.folder / "other.key"
    key_file.make(keys, key_file.text_of([KeyEntry(new_key(), 1)]))
    said = message(filled, stock.argument, keys)
    assert "is not empty (it has " in said and said.endswith("Name an empty one as TARGET.")
    assert hashes(stock.place) == before


def test_a_target_of_an_older_haymow_is_left_as_it_is(stock: Stock, filled: Stock) -> None:
    changed(stock.argument, "UPDATE alembic_version SET version_num = '0006'")
    assert "is not empty (it has " in message(filled, stock.argument)


def test_an_empty_target_of_a_newer_haymow(filled: Stock, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    databases.open_in(tmp_path / "target").close()
    target = Stock(tmp_path / "target", "").argument
    changed(target, "UPDATE alembic_version SET version_num = '9999'")
    said = message(filled, target)
    assert "has tables of a newer haymow (schema 9999, " in said and said.endswith("Name a new one as TARGET.")


def test_a_target_that_is_somebody_elses(filled: Stock, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    target = databases.postgresql().make("others") if databases.is_shared() else str(tmp_path / "target")
    changed(target, "CREATE TABLE others (x INTEGER)")
    assert message(filled, target).endswith("holds tables that are not haymow's. Name another place as TARGET.")


def test_a_target_in_use(filled: Stock, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "target")
    said = message(filled, str(tmp_path / "target"))
    folder.close()
    assert said.endswith("Stop it first, or name another folder as TARGET.")


def test_a_target_with_other_files(filled: Stock, tmp_path: Path) -> None:
    others(tmp_path / "target")
    assert "name another folder as TARGET" in message(filled, str(tmp_path / "target"))


def test_a_source_with_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    others(tmp_path / "source")
    with pytest.raises(StartFailed, match=r"holds no haymow yet\. .* as SOURCE, or"):
        run_copy(Settings(), str(tmp_path / "source"), str(tmp_path / "target"), quiet)
    assert os.listdir(tmp_path / "source") == ["file"]


def others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "file").touch()


@pytest.mark.parametrize("url", ["mysql://localhost/haymow", "postgresql://localhost", "postgresql://u:p@q@h/haymow"])
def test_a_target_that_is_no_url(filled: Stock, url: str) -> None:
    assert message(filled, url).startswith("TARGET cannot be read")


def test_a_file_that_is_no_database(filled: Stock, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "target" / "haymow.db").write_bytes(b"no database" * 1000)
    assert "It is damaged, or none of haymow's" in message(filled, str(tmp_path / "target"))
