"""Migrations: from nothing to what the rooms declare, one line of them, and its end known to `schema`."""

from __future__ import annotations

import re
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import haymow.server
from haymow.errors import StartFailed
from haymow.server.database import metadata, schema
from haymow.server.database.embedded import SqliteDatabase

ROOMS = Path(haymow.server.__file__).parent


@pytest.fixture
def declared() -> None:
    """Every room's tables are imported, so the metadata is whole."""
    for tables in sorted(ROOMS.glob("*/tables.py")):
        import_module(f"haymow.server.{tables.parent.name}.tables")


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_there_is_one_head_and_it_is_the_one_that_a_start_looks_for() -> None:
    assert scripts().get_heads() == [schema.HEAD]


def test_a_revision_is_found_by_its_files_name() -> None:
    """A start tells an older schema from a newer one by the names of the files."""
    for script in scripts().walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


@pytest.mark.usefixtures("declared")
def test_migrating_from_nothing_makes_what_the_rooms_declare(file: Path) -> None:
    SqliteDatabase(file).close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        # What an added column's own REFERENCES does on delete is not read back from SQLite; the next test looks.
        found = [one for one in found if one[0] not in ("remove_fk", "add_fk")]
        assert [(one[0], one[1].name) for one in found] == [("remove_table", "schema_compatibility")]
    engine.dispose()


@pytest.mark.usefixtures("declared")
def test_tables_and_indexes_are_the_declared_ones_to_the_letter(file: Path, tmp_path: Path) -> None:
    """compare_metadata does not look at partial indexes, checks and what a foreign key does on delete."""
    SqliteDatabase(file).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated, wanted = structure(file), structure(tmp_path / "declared.db")
    assert migrated.pop("alembic_version")
    assert migrated.pop("schema_compatibility")
    assert migrated == wanted


def structure(file: Path) -> dict[str, Any]:
    """Each table's columns, keys and checks, and each index, in the words of SQLite."""
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: sorted(_parts(name, sql)) if kind == "table" else _plain(sql) for kind, name, sql in rows}


def _parts(table: str, sql: str) -> list[str]:
    """Columns and constraints. What a column that was added refers to stands with it, and not as a part of its own."""
    inside = _plain(sql).partition("(")[2].rpartition(")")[0]
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", inside)]
    added = {
        found[1]: found[2]
        for part in parts
        if (found := re.fullmatch(r"(?!CONSTRAINT)(\w+) .*?( REFERENCES .*)", part))
    }
    keys = [f"CONSTRAINT fk_{table}_{name} FOREIGN KEY({name}){refers}" for name, refers in added.items()]
    return [part.removesuffix(added.get(part.partition(" ")[0], "")) for part in parts] + keys


def _plain(sql: str) -> str:
    return re.sub(r"\s+", " ", sql.replace('"', "")).strip()


def test_a_database_that_is_up_to_date_is_left_as_it_is(file: Path) -> None:
    SqliteDatabase(file).close()
    before = structure(file)
    SqliteDatabase(file).close()
    assert structure(file) == before


class TestRefused:
    def test_a_newer_database(self, file: Path) -> None:
        SqliteDatabase(file).close()
        execute(file, "UPDATE alembic_version SET version_num = '9999'")
        execute(file, "UPDATE schema_compatibility SET oldest = '9998'")
        with pytest.raises(StartFailed, match="newer haymow"):
            SqliteDatabase(file)

    def test_another_programs_database(self, file: Path) -> None:
        execute(file, "CREATE TABLE theirs (a)")
        with pytest.raises(StartFailed, match="not a haymow database"):
            SqliteDatabase(file)
        assert set(structure(file)) == {"theirs"}

    def test_what_is_no_database(self, file: Path) -> None:
        file.write_text("dear diary, " * 1000)
        with pytest.raises(StartFailed, match="not a haymow database"):
            SqliteDatabase(file)
        assert file.read_text().startswith("dear diary")

    def test_one_that_another_program_holds(self, file: Path) -> None:
        """Not damaged: to restore a backup would be the wrong advice."""
        SqliteDatabase(file).close()
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        hurried = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.1})
        with pytest.raises(StartFailed) as caught:
            schema.prepare(hurried, file)
        assert "damaged" not in caught.value.message
        hurried.dispose()
        other.close()

    def test_a_folder_in_the_files_place(self, file: Path) -> None:
        file.mkdir()
        with pytest.raises(StartFailed, match="Cannot open the database"):
            SqliteDatabase(file)


def execute(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.usefixtures("declared")
def test_each_step_from_the_first_schema_on_keeps_what_is_there(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}", isolation_level="AUTOCOMMIT")
    with engine.connect() as first:
        schema.upgrade(first, "it", "0001")
    at = "2026-11-23 00:00:00.000000"
    execute(file, f"INSERT INTO organizations VALUES ('a', 'kept', '{at}')")
    execute(file, f"INSERT INTO users VALUES ('b', 'Ada', 'L', 'a@b.c', 'a@b.c', '{at}')")
    execute(file, f"INSERT INTO tokens VALUES ('c', x'00', 'hm_1', 'a', 'b', 'kept', 3, NULL, '{at}', NULL)")
    SqliteDatabase(file).close()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT name FROM organizations").fetchall() == [("kept",)]
    assert connection.execute("SELECT name, kind, parent_id FROM tokens").fetchall() == [("kept", "token", None)]
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]
    connection.close()
