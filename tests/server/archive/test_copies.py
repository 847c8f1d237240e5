"""`haymow admin copy`: every row, from SQLite to PostgreSQL and back, the same; all of it or nothing."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from haymow.errors import CommandFailed, StartFailed
from haymow.server.access.tables import tokens_table
from haymow.server.archive import run_copy
from haymow.server.archive.copies import Differs, copy
from haymow.server.audit.tables import audit_table
from haymow.server.database import open_database
from haymow.server.database.places import changing, place_named, place_of
from haymow.server.database.rows import Digest
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import new_key
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.settings import Settings
from tests import databases, looking
from tests.operating import admin_command
from tests.running import running
from tests.server.archive.stock import KEY, Stock, chat, hashes, quiet
from tests.upstream import Upstream


def test_there_and_back_every_table_is_the_same(stock: Stock, tmp_path: Path) -> None:
    there, back = databases.postgresql().make("copied_there"), tmp_path / "back"
    before = hashes(stock.place)
    assert min(rows for table, (rows, _) in before.items() if table in ("models", "secrets", "audit", "tokens")) > 1
    source = stock.argument
    run_copy(Settings(), source, there, quiet)
    run_copy(Settings(), there, str(back), quiet)
    assert hashes(place_named(there, "TARGET")) == before
    assert hashes(place_named(str(back), "TARGET")) == before


def test_a_server_goes_on_with_the_copy(stock: Stock, tmp_path: Path, provider: Upstream) -> None:
    """On the other database: secrets decrypt, tokens are known, and the audit record's numbers go on."""
    target = databases.postgresql().make("goes_on") if not databases.is_shared() else str(tmp_path / "moved")
    source = stock.argument
    words = run_copy(Settings(), source, target, quiet)
    assert "master.key" in words and "mode 0600" in words
    key = {"HAYMOW_MASTER_KEY_FILE": str(stock.folder / "master.key")}
    where = {"HAYMOW_DATABASE_URL": target, "HAYMOW_UNSAFE_STORAGE": "on"} if "://" in target else {
        "HAYMOW_DATABASE_URL": ""
    }  # fmt: skip
    folder = tmp_path / "moved"
    with running(folder, more={**key, **where}) as server:
        assert chat(server, stock.token).status_code == 200
        assert provider.seen[-1].headers["authorization"] == f"Bearer {KEY}"
    with changing(place_named(target, "TARGET")) as connection:
        numbers = connection.execute(select(audit_table.c.number)).scalars().all()
    assert len(numbers) == len(set(numbers)) > hashes(stock.place)["audit"][0]


def test_a_copy_beside_a_running_server_says_so(stock: Stock, tmp_path: Path) -> None:
    if databases.is_shared():
        source, said = str(stock.settings.database_url), "Copied "
    else:
        source, said = str(stock.folder), "is using"
    with running(stock.folder):
        done = admin_command(stock.folder, "copy", source, str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert "copied models: 12 rows, " in done.stderr and "rows/s" in done.stderr


def test_rows_come_behind_those_of_their_table_that_they_name(stock: Stock, tmp_path: Path) -> None:
    """The last one's id is the lowest, so the order of ids would break the reference."""
    with changing(stock.place) as connection:
        first = connection.execute(select(tokens_table).where(tokens_table.c.parent_id.is_(None))).mappings().first()
        assert first is not None
        above = None
        for number in range(9, 0, -1):
            token = {**first, "token_id": uuid.UUID(int=number), "digest": os.urandom(32), "parent_id": above}
            connection.execute(insert(tokens_table), token)
            above = token["token_id"]
    copy(stock.place, place_named(str(tmp_path / "copy"), "TARGET"), None, quiet)
    assert hashes(place_named(str(tmp_path / "copy"), "TARGET")) == hashes(stock.place)


def test_a_target_that_is_not_empty_is_left_alone(stock: Stock, tmp_path: Path, filled: Stock) -> None:
    before = hashes(stock.place)
    with pytest.raises(CommandFailed, match=r"is not empty \(it has \w+\), and nothing is written over"):
        copy(filled.place, stock.place, None, quiet)
    assert hashes(stock.place) == before


def test_a_copy_that_is_cut_off_leaves_an_empty_target(stock: Stock, tmp_path: Path) -> None:
    target = place_of(databases.settings(tmp_path / "target"))

    def cut_off(line: str) -> None:
        if line.startswith("copied models"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(stock.place, target, None, cut_off)
    assert {rows for rows, _ in hashes(target).values()} == {0}
    copy(stock.place, target, None, quiet)
    assert hashes(target) == hashes(stock.place)


def test_a_copy_that_does_not_read_back_the_same_is_not_kept(stock: Stock, tmp_path: Path) -> None:
    """The target changes what it is given."""
    target = place_named(str(tmp_path / "target"), "TARGET")
    (tmp_path / "target").mkdir(mode=0o700)
    open_database(Settings(data=tmp_path / "target")).close()
    with changing(target) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER fault AFTER INSERT ON audit BEGIN UPDATE audit SET subject_name = 'x'; END"
        )
    with pytest.raises(Differs, match="The copy of audit is not what was read"):
        copy(stock.place, target, None, quiet)
    assert {rows for rows, _ in hashes(target).values()} == {0}


def test_a_key_file_of_another_database_is_refused(stock: Stock, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    other = (stock.folder / "master.key").read_text()
    key_file.make(target / "master.key", key_file.text_of([KeyEntry(new_key(), 1)]))
    source = stock.argument
    with pytest.raises(StartFailed, match="does not belong to the database that is copied"):
        run_copy(Settings(), source, str(target), quiet)
    (target / "master.key").write_text(other)
    run_copy(Settings(), source, str(target), quiet)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere", "holds no haymow yet. Name the place that does, as SOURCE, or"),
        ("mysql://localhost/haymow", "SOURCE cannot be read. Write postgresql://"),
        ("postgresql://localhost", "/database, or name a data folder."),
        ("postgresql://haymow:hu@sh@127.0.0.1/haymow", "SOURCE cannot be read as a URL"),
        ("postgresql://haymow:hush@127.0.0.1:1/haymow", "cannot be reached"),
    ],
)
def test_a_source_that_is_none_is_said_in_a_line(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(StartFailed) as caught:
        run_copy(Settings(), str(tmp_path / source) if "://" not in source else source, str(tmp_path / "target"), quiet)
    assert said in caught.value.message and "\n" not in caught.value.message
    assert not re.search("hush|hu@sh|HAYMOW", caught.value.message), "no setting is wrong"
    assert not (tmp_path / "target").exists(), "it makes nothing"


@pytest.mark.parametrize(("schema", "migrates"), [("0005", True), ("9999", False)])
def test_a_source_of_another_version_says_which_one_copies_it(tmp_path: Path, schema: str, migrates: bool) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    open_database(databases.settings(data)).close()
    looking.execute(data, "UPDATE alembic_version SET version_num = :schema", schema=schema)
    source = databases.settings(data).database_url or str(data)
    with pytest.raises(StartFailed, match=f"has schema {schema}, .* Use the version of haymow that") as caught:
        run_copy(Settings(), source, str(tmp_path / "target"), quiet)
    assert ("haymow admin migrate" in caught.value.message) is migrates


def test_a_hash_depends_on_rows_and_not_on_their_order() -> None:
    first, second, third = Digest(), Digest(), Digest()
    for digest, lines in ((first, [b"[1]", b"[2]"]), (second, [b"[2]", b"[1]"]), (third, [b"[1]", b"[3]"])):
        for line in lines:
            digest.add(line)
    assert first == second != third
    assert first.hex() == second.hex() != third.hex()
