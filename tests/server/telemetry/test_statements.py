"""Statements in the traces of a real server, by OpenTelemetry's conventions for databases, on either database."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from haymow.server.database.line import Line
from haymow.server.database.prepared import line_of
from haymow.server.telemetry.statements import summary_of
from tests import databases
from tests.conftest import definition
from tests.server.telemetry.collector import Collector, attributes, spans_of, told
from tests.server.telemetry.conftest import Place, placed

CLIENT, ERROR = 3, 2
PLACES = {"sqlite": r"\?", "postgresql": r"%\(\w+\)s(::[^,)]+)?"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, collector: tuple[Collector, str]) -> Iterator[Place]:
    with placed(tmp_path_factory.mktemp("statements") / "data", told(collector[1])) as found:
        yield found


def system() -> str:
    return "postgresql" if databases.is_shared() else "sqlite"


def another(place: Place, name: str) -> dict[str, Any]:
    """A definition that calls the same provider as the place's own model."""
    body = definition(name)
    body["chat_generator_config"]["init_parameters"]["api_base_url"] = place.upstream.url
    return body


def below(collector: Collector, answer: httpx.Response, kind: str) -> list[Any]:
    """The statements of an answer's units of a kind, in their order."""
    units = [span for span in spans_of(collector, answer) if span.name == f"database {kind}"]
    found = [one for unit in units for one in collector.below(unit)]
    return sorted(found, key=lambda span: int(span.start_time_unix_nano))


def test_each_statement_of_a_change_is_a_span_below_its_unit(place: Place, collector: tuple[Collector, str]) -> None:
    answer = place.client.post(f"{place.home}/models/custom", json=another(place, "canary-traced"))
    assert answer.status_code == 201
    spans = below(collector[0], answer, "write")
    names = [span.name for span in spans]
    assert [name for name in names if name.startswith("INSERT")] == [
        "INSERT models",
        "INSERT model_secrets",
        "INSERT revisions",
        "INSERT audit",
    ]
    for span in spans:
        found = attributes(span)
        assert span.kind == CLIENT
        assert span.name == found["db.query.summary"]
        assert found["db.system.name"] == system()
        assert found["db.query.text"].startswith(span.name.split()[0])
    insert = attributes(spans[names.index("INSERT models")])["db.query.text"]
    assert re.search(rf"VALUES \({PLACES[system()]}(, {PLACES[system()]})+\)", insert)
    assert b"canary-traced" not in collector[0].raw


@pytest.mark.shared("on SQLite a commit is that of several changes")
def test_a_changes_commit_is_a_span_too_and_the_last(place: Place, collector: tuple[Collector, str]) -> None:
    answer = place.client.post(f"{place.home}/models/custom", json=another(place, "committed"))
    assert answer.status_code == 201
    (*others, last) = below(collector[0], answer, "write")
    assert [span.name for span in (*others, last)].count("COMMIT") == 1
    assert last.name == attributes(last)["db.query.text"] == "COMMIT"
    assert last.end_time_unix_nano > others[-1].end_time_unix_nano


@pytest.mark.shared("SQLite is at no address")
def test_spans_say_where_the_database_is(place: Place, collector: tuple[Collector, str]) -> None:
    (span, *_) = below(collector[0], place.client.get("/api/v2/me"), "read")
    url = make_url(databases.environ(place.server.data)["HAYMOW_DATABASE_URL"])
    where = {name: attributes(span)[name] for name in ("db.namespace", "server.address", "server.port")}
    assert where == {"db.namespace": url.database, "server.address": url.host, "server.port": url.port}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v2/me", "read"), ("/api/v2/workspaces/{}/models?q=no-such", "scan")],
)
def test_what_only_looks_is_traced_in_whatever_thread_it_runs(
    place: Place, collector: tuple[Collector, str], path: str, kind: str
) -> None:
    answer = place.client.get(path.format(place.workspace))
    spans = below(collector[0], answer, kind)
    assert spans != []
    assert all(span.name.startswith("SELECT ") for span in spans)


def test_statements_of_many_at_once_stay_with_their_own_requests(
    place: Place, collector: tuple[Collector, str]
) -> None:
    """On SQLite they run in one batch, on PostgreSQL over a few connections that are theirs in turn."""

    async def at_once() -> list[httpx.Response]:
        url, headers = place.server.url, {"authorization": f"Bearer {place.server.token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, verify=False) as client:
            asked = (client.post(f"{place.home}/models/custom", json=another(place, f"m-{n}")) for n in range(12))
            return list(await asyncio.gather(*asked))

    for answer in asyncio.run(at_once()):
        assert answer.status_code == 201
        (unit,) = [span for span in spans_of(collector[0], answer) if span.name == "database write"]
        spans = collector[0].below(unit)
        inserted = [span for span in spans if span.name == "INSERT models"]
        assert len(inserted) >= 1 if databases.is_shared() else len(inserted) == 1  # what is run again says so
        for span in spans:
            assert span.trace_id == unit.trace_id
            assert unit.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= unit.end_time_unix_nano


def test_a_statement_that_fails_has_the_databases_code(place: Place, collector: tuple[Collector, str]) -> None:
    refuse(place)
    answer = place.client.post(f"{place.home}/models/custom", json=another(place, "refused"))
    assert answer.status_code == 503
    (*done, failed) = below(collector[0], answer, "write")
    assert failed.name == "INSERT audit"
    assert failed.status.code == ERROR
    assert {span.status.code for span in done} == {0}
    found = attributes(failed)
    code = "P0001" if databases.is_shared() else "SQLITE_CONSTRAINT_TRIGGER"
    assert found["db.response.status_code"] == found["error.type"] == code
    assert b"canary-words" not in collector[0].raw


def refuse(place: Place) -> None:
    """Let the database refuse each record of the audit, in words that nobody has to repeat."""
    if not databases.is_shared():
        with sqlite3.connect(place.server.data / "haymow.db") as connection:
            words = "SELECT RAISE(ABORT, 'canary-words')"
            connection.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN {words}; END")
        connection.close()
        return
    with psycopg.connect(databases.environ(place.server.data)["HAYMOW_DATABASE_URL"]) as connection_:
        body = "BEGIN RAISE EXCEPTION 'canary-words'; END"
        connection_.execute(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        connection_.execute("CREATE TRIGGER refuse BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse()")


def test_nothing_listens_to_statements_where_nothing_is_traced(tmp_path: Path) -> None:
    """Not an attribute more is asked for: the driver's own cursors run, and haymow's own lines."""

    async def kinds() -> tuple[set[type], set[type]]:
        database = databases.open_in(tmp_path / "data")
        try:
            return await database.read(cursor_kinds), await database.write(cursor_kinds)
        finally:
            database.close()

    (tmp_path / "data").mkdir()
    own = {psycopg.AsyncCursor, Line} if databases.is_shared() else {sqlite3.Cursor}
    assert asyncio.run(kinds()) == (own, own)


def cursor_kinds(connection: Any) -> set[type]:
    if databases.is_shared():
        return {connection.connection.dbapi_connection._connection.cursor_factory, type(line_of(connection))}
    return {type(connection.connection.driver_connection.cursor())}


def test_a_trace_that_is_left_out_has_no_statements(tmp_path: Path, collector: tuple[Collector, str]) -> None:
    more = {**told(collector[1]), "OTEL_TRACES_SAMPLER": "always_off"}
    with placed(tmp_path / "data", more) as place:
        before = len(collector[0].spans)
        assert place.client.post(f"{place.home}/models/custom", json=another(place, "left-out")).status_code == 201
        assert place.server.stop() == 0  # which sends what is left
    assert len(collector[0].spans) == before


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("SELECT a, b \nFROM models \nWHERE a = ?", "SELECT models"),
        ("SELECT m.a \nFROM models AS m JOIN revisions ON m.a = revisions.a", "SELECT models revisions"),
        ("INSERT INTO models (a, b) VALUES (?, ?)", "INSERT models"),
        ("INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = ?", "INSERT t"),
        ("INSERT INTO t (a) SELECT u.a \nFROM u", "INSERT t SELECT u"),
        ("UPDATE models SET a=? WHERE b = ?", "UPDATE models"),
        ("DELETE FROM models WHERE a IN (SELECT b \nFROM c)", "DELETE models SELECT c"),
        ("SELECT a \nFROM (SELECT b \nFROM c) AS d", "SELECT SELECT c"),
        ("SELECT 1", "SELECT"),
        ("PRAGMA data_version", "PRAGMA"),
        ("", ""),
    ],
)
def test_a_summary_has_operations_and_tables(text: str, summary: str) -> None:
    assert summary_of(text) == summary


def test_a_summary_is_cut_between_words() -> None:
    summary = summary_of("SELECT 1" + "".join(f" JOIN t{number:03}" for number in range(100)))
    assert len(summary) <= 255
    assert re.fullmatch(r"SELECT( t\d{3})+", summary)
