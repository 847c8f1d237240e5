"""The version of a database of PostgreSQL: another one after each commit that others have to hear of, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text

from haymow.errors import OutcomeUnknown
from haymow.server.access.remains import Leftovers, Remains
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import RECORDS, record
from haymow.server.database import news, postgres
from haymow.server.database.cluster import PostgresDatabase
from haymow.server.database.news import LOOK_SECONDS, TELL_SECONDS
from haymow.server.database.units import Unit
from tests import databases


def opened(url: str) -> PostgresDatabase:
    return PostgresDatabase(make_url(url).set(drivername="postgresql+psycopg"), 2, unsafe=True)


async def settled(database: PostgresDatabase) -> int:
    """What is heard of others, once there are news: until then it is another number each time."""
    async with asyncio.timeout(30):
        while (heard := database.elsewhere()) != database.elsewhere():  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(0.05)
    return heard


def note(connection: Connection, action: str = "member.update") -> None:
    """A change that leaves its record."""
    actor = Actor(uuid4(), uuid4(), None, "test")
    record(connection, Record(actor, None, action, uuid4(), "m", datetime.now(UTC)))


def note_contents(connection: Connection) -> None:
    """One of what a workspace holds."""
    note(connection, "model.update")


def erase(connection: Connection) -> None:
    """A change that leaves none."""
    connection.execute(text("DELETE FROM audit"))


def look(connection: Connection) -> None:
    """A unit that finds nothing to change."""
    connection.execute(text("SELECT count(*) FROM audit"))


def undone(connection: Connection) -> None:
    """A change that is undone."""
    note(connection)
    raise LookupError


def wait_for_lock(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(78), pg_advisory_unlock(78)"))


async def until_waiting(connection: psycopg.Connection[Any], count: int) -> None:
    """Return when so many wait for a lock that `connection` has."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(30):
        while connection.execute(query).fetchone() != (count,):  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(0.01)


_HELD = """
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
$$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION held()
"""


@contextmanager
def held_commits(url: str) -> Iterator[None]:
    """Let commits of what leaves a record wait until the end of the block, as on a disk that does not answer."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_HELD)
        connection.execute("SELECT pg_advisory_lock(77)")
        yield


class TestVersion:
    @pytest.fixture(autouse=True)
    def _looks_may_be_late(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a busy machine they are, and then everything is doubted: here it is about what is heard."""
        monkeypatch.setattr(news, "GOOD_SECONDS", 60.0)

    @pytest.fixture
    def url(self) -> str:
        server = databases.postgresql()
        with psycopg.connect(server.text(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS versions WITH (FORCE)")
            connection.execute("CREATE DATABASE versions")
        return server.text("versions")

    @pytest.fixture
    def database(self, url: str) -> Iterator[PostgresDatabase]:
        made = opened(url)
        yield made
        made.close()

    @pytest.fixture
    def another(self, url: str, database: PostgresDatabase) -> Iterator[PostgresDatabase]:
        made = opened(url)
        yield made
        made.close()

    @pytest.mark.parametrize("unit", [note, erase, look])
    def test_it_is_another_one_after_a_commit(self, database: PostgresDatabase, unit: Unit[None]) -> None:
        """Also of a unit that found what another server has changed, and had nothing to write itself."""

        async def test() -> tuple[int, int]:
            database.follow(RECORDS)
            await settled(database)
            before = await database.version()
            await database.write(unit)
            return before, await database.version()

        before, after = asyncio.run(test())
        assert before != after

    def test_it_stays_after_a_quiet_write_and_one_that_came_to_nothing(self, database: PostgresDatabase) -> None:
        async def test() -> tuple[int, int]:
            database.follow(RECORDS)
            await settled(database)
            before = await database.version()
            await database.write(erase, quiet=True)
            await database.write(erase, quiet=True, long=True)
            with pytest.raises(LookupError):
                await database.write(undone)
            with pytest.raises(LookupError):
                await database.write(undone, long=True)
            return before, await database.version()

        before, after = asyncio.run(test())
        assert after == before

    def test_nothing_is_remembered_before_anything_was_heard(self, database: PostgresDatabase) -> None:
        assert database.elsewhere() != database.elsewhere()

    def test_what_another_server_commits_is_elsewhere(
        self, database: PostgresDatabase, another: PostgresDatabase
    ) -> None:
        async def test() -> None:
            for one in (database, another):
                one.follow(RECORDS)
            theirs = await settled(another)
            await database.write(note)
            async with asyncio.timeout(30):
                while another.elsewhere() == theirs:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.05)

        asyncio.run(test())

    def test_others_hear_when_nothing_is_left_of_what_was_deleted(
        self, database: PostgresDatabase, another: PostgresDatabase
    ) -> None:
        """A server of the version before may have remembered what it was still shown."""
        nothing = Leftovers("nothing", lambda _: [], lambda connection, _: erase(connection), ())

        async def test() -> None:
            another.follow(RECORDS)
            theirs = await settled(another)
            await Remains(database, of=nothing).gone(uuid4())
            async with asyncio.timeout(30):
                while another.elsewhere() == theirs:  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.05)

        asyncio.run(test())

    def test_what_is_committed_while_others_are_told_is_told_to_them_too(
        self, url: str, database: PostgresDatabase, another: PostgresDatabase
    ) -> None:
        async def test() -> None:
            another.follow(RECORDS)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(78)")
                for _ in range(2):  # all that it has for what is short
                    held.append(asyncio.ensure_future(database.read(wait_for_lock)))
                await until_waiting(connection, 2)
                await database.write(note_contents, long=True, contents=True)
                await asyncio.sleep(4 * TELL_SECONDS)  # it is being told
                theirs = await settled(another)
                await database.write(erase, long=True)  # leaves no record: it is told, or not noticed
            await asyncio.gather(*held, return_exceptions=True)
            async with asyncio.timeout(30):
                while another.elsewhere() == theirs:  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.05)

        held: list[asyncio.Future[None]] = []
        asyncio.run(test())

    def test_what_is_committed_when_nobody_waits_for_it_any_more_is_noticed_by_its_own_server(
        self, url: str, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever asked for it was told that its outcome is unknown, and has forgotten what it changed too early."""
        monkeypatch.setattr(postgres, "LONG_SECONDS", 0.5)

        async def test() -> None:
            database.follow(RECORDS)
            with held_commits(url):
                with pytest.raises(OutcomeUnknown):
                    await database.write(note, long=True)
                before = await settled(database)
            async with asyncio.timeout(30):
                while database.elsewhere() == before:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.05)

        asyncio.run(test())

    @pytest.mark.parametrize("untold", [False, True])
    def test_what_changes_contents_alone_is_another_version_and_not_elsewhere(
        self, database: PostgresDatabase, another: PostgresDatabase, untold: bool
    ) -> None:
        async def test() -> tuple[int, int]:
            for one in (database, another):
                one.follow(RECORDS)
            theirs, version = await settled(another), await another.version()
            await database.write(note_contents, contents=True, quiet=untold)
            async with asyncio.timeout(30):
                while await another.version() == version:  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.05)
            await asyncio.sleep(3 * LOOK_SECONDS)  # it was looked for, too
            quiet = another.elsewhere()
            await asyncio.gather(
                database.write(note_contents, contents=True, quiet=untold), database.write(note, quiet=untold)
            )
            async with asyncio.timeout(30):
                while another.elsewhere() == quiet:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.05)
            return theirs, quiet

        theirs, quiet = asyncio.run(test())
        assert quiet == theirs

    @pytest.mark.parametrize("long", [False, True])
    def test_others_hear_of_what_leaves_no_record_but_of_nothing_quiet_undone_or_unwritten(
        self, database: PostgresDatabase, another: PostgresDatabase, long: bool
    ) -> None:
        async def test() -> tuple[int, int]:
            for one in (database, another):
                one.follow(RECORDS)
            await settled(database)
            theirs = await settled(another)
            for _ in range(3):
                await database.write(erase, long=long, quiet=True)
                await database.write(look, long=long)
                with pytest.raises(LookupError):
                    await database.write(undone, long=long)
                await asyncio.sleep(2 * TELL_SECONDS)  # what is told is told by then
            await asyncio.sleep(LOOK_SECONDS)
            quiet = await settled(another)
            await database.write(erase, long=long)
            async with asyncio.timeout(30):
                while another.elsewhere() == quiet:  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.05)
            return theirs, quiet

        theirs, quiet = asyncio.run(test())
        assert quiet == theirs
