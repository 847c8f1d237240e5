"""The audit record, filtered; whose name each record has; and how many statements that takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from haymow.server.app import House
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests import databases
from tests.abuse.subject import UNKNOWN, Subject, refused
from tests.conftest import client_of, definition
from tests.server.access.people import let_in, new_secret, new_token, somebody
from tests.server.registry.inside import opened, statements

ORGANIZATION = "/api/v2/audit"


@pytest.fixture
def changed(admin: httpx.Client, workspace: str) -> Subject:
    """A model and a secret that were created and changed, and another model."""
    subject = Subject(admin, workspace)
    secret = new_secret(admin, workspace)
    subject.patch({"name": "renamed"})
    admin.put(f"{subject.home}/secrets/{secret['secret_id']}", json={"secret": "another"})
    subject.patch({"name": "again"})
    Subject(admin, workspace, definition("other"))
    return subject


def entries(client: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def numbers(client: httpx.Client, path: str, **query: Any) -> list[int]:
    return [entry["number"] for entry in entries(client, path, **query)]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("model", ["model.create", "model.update", "model.update", "model.create"]),
        ("model.update", ["model.update", "model.update"]),
        ("secret", ["secret.replace", "secret.create"]),
        ("workspace", ["workspace.create"]),
        *((nonsense, []) for nonsense in ("model.", "mod", "model.up", "MODEL", "%", "m_del", "model.update.x", "é")),
    ],
)
def test_an_action_is_a_whole_one_or_a_kind(
    changed: Subject, admin: httpx.Client, action: str, expected: list[str]
) -> None:
    found = [entry["action"] for entry in entries(admin, f"{changed.home}/audit", action=action)]
    assert found == expected


def test_a_person_and_a_thing(changed: Subject, admin: httpx.Client) -> None:
    person = somebody(admin)
    let_in(admin, changed.workspace, person.user_id, "editor")
    with person.client as client:
        theirs = Subject(client, changed.workspace, definition("theirs"))
        Subject(client, changed.workspace, definition("theirs too"))
    for path in (f"{changed.home}/audit", ORGANIZATION):
        of_person = entries(admin, path, user_id=person.user_id)
        assert [entry["subject_name"] for entry in of_person] == ["theirs too", "theirs"]
        of_thing = entries(admin, path, subject_id=changed.id)
        assert [entry["subject_name"] for entry in of_thing] == ["again", "renamed", "gpt-5"]
        assert entries(admin, path, user_id=person.user_id, subject_id=changed.id) == []
        assert len(entries(admin, path, user_id=person.user_id, subject_id=theirs.id, action="model.create")) == 1
        assert entries(admin, path, user_id=UNKNOWN) == entries(admin, path, subject_id=UNKNOWN) == []


def test_a_time_from_its_beginning_to_before_its_end(changed: Subject, admin: httpx.Client) -> None:
    path = f"{changed.home}/audit"
    whole = entries(admin, path)
    first, last = whole[-2]["at"], whole[1]["at"]
    expected = [entry["number"] for entry in whole if first <= entry["at"] < last]
    assert whole[-2]["number"] in expected
    assert whole[1]["number"] not in expected
    assert numbers(admin, path, since=first, until=last) == expected
    assert numbers(admin, path, until=first) == [entry["number"] for entry in whole if entry["at"] < first]
    elsewhere = first.replace("Z", "+00:00")
    assert numbers(admin, path, since=elsewhere) == [entry["number"] for entry in whole if entry["at"] >= first]
    assert numbers(admin, path, since=last, until=first) == []


def test_the_pages_of_a_filtered_record_are_the_whole_of_it(changed: Subject, admin: httpx.Client) -> None:
    path, query = f"{changed.home}/audit", {"action": "model"}
    collected, page = [], admin.get(path, params={**query, "limit": 1}).json()
    while page["has_more"]:
        collected += page["data"]
        page = admin.get(path, params={**query, "limit": 1, "before": page["next_cursor"]}).json()
    assert page["next_cursor"] is None
    assert [*collected, *page["data"]] == entries(admin, path, **query)
    assert len(collected) == 3


@pytest.mark.parametrize(
    "query",
    [{"user_id": "me"}, {"subject_id": "x"}, {"since": "yesterday"}, {"until": "2027-01-31T12:00:00"},
     {"since": "2027-02-30T00:00:00Z"}, {"action": "x" * 65}],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_422(changed: Subject, admin: httpx.Client, query: dict[str, str]) -> None:
    for path in (f"{changed.home}/audit", ORGANIZATION):
        assert list(refused(admin.get(path, params=query), 422)) == [f"#/query/{next(iter(query))}"]


def test_a_record_names_who_did_it_also_when_they_have_left(changed: Subject, admin: httpx.Client) -> None:
    person = somebody(admin)
    let_in(admin, changed.workspace, person.user_id, "editor")
    with person.client as client:
        known = client.get("/api/v2/me").json()
        changed_by = Subject(client, changed.workspace, definition("theirs"))
    expected = {key: known[key] for key in ("user_id", "given_name", "family_name")}
    assert admin.delete(f"/api/v2/members/{person.user_id}").status_code == 204
    assert entries(admin, ORGANIZATION, subject_id=changed_by.id)[0]["user"] == expected
    narrow = new_token(admin, workspace_id=changed.workspace, role="editor")["token"]
    with client_of(str(admin.base_url), narrow) as client:
        assert entries(client, f"{changed.home}/audit", subject_id=changed_by.id)[0]["user"] == expected


def test_a_page_ends_where_enough_was_looked_at_and_the_next_goes_on_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            for number in range(10):
                await client.post(f"{prefix}/models/custom", json=definition(f"m{number}"))
            whole = (await client.get(f"{prefix}/audit", params={"action": "model"})).json()["data"]
            rare = UUID(whole[6]["subject_id"])
            organization_id = (await house.tokens.operator("test")).organization_id
            audit = Audit(house.database, most_looked_at=3)
            for where in (UUID(prefix.rpartition("/")[2]), None):
                for filters, expected in ((Filters(subject_id=rare), [whole[6]]), (Filters(action="model"), whole)):
                    before, sizes, found = None, list[int](), list[int]()
                    while not sizes or before is not None:
                        page = await audit.page(organization_id, where, filters, before, 100)
                        sizes.append(len(page.entries))
                        found += [entry.number for entry in page.entries]
                        before = page.next_cursor
                    assert found == [entry["number"] for entry in expected]
                    assert max(sizes) <= 3
                    assert len(sizes) in (4, 5), "the workspace, the organization and its first token are on record too"
                unfiltered = await audit.page(organization_id, where, Filters(), None, 100)
                assert (len(unfiltered.entries) >= 10, unfiltered.next_cursor) == (True, None)

    asyncio.run(story())


def test_a_page_takes_three_statements_and_reads_the_record_in_order(tmp_path: Path) -> None:
    """The newest first by an index: without one, every page would sort the whole record."""

    async def story() -> None:
        async with opened(tmp_path) as (house, client, prefix):
            for number in range(3):
                await client.post(f"{prefix}/models/custom", json=definition(f"m{number}"))
            model_id = (await client.get(f"{prefix}/models")).json()["data"][0]["model_id"]
            for path, index in ((f"{prefix}/audit", "workspace_id"), (ORGANIZATION, "organization_id")):
                house.access.known.forget()
                with statements(house.database) as said:
                    query = {"action": "model", "subject_id": model_id, "since": "2020-01-01T00:00:00Z", "before": 1000}
                    assert len((await client.get(path, params=query)).json()["data"]) == 1
                end, record = (sql for sql in said if "FROM audit" in sql)
                assert sum("FROM users" in sql and "IN (" in sql for sql in said) == 1
                if databases.is_shared():
                    continue  # PostgreSQL plans by what is in a table: three rows need no index
                used = f"INDEX ix_audit_{index}_number ({index}=? AND number<?)"
                assert await plan_of(house, end) == [f"SEARCH audit USING COVERING {used}"]
                assert await plan_of(house, record) == [f"SEARCH audit USING {used}"]

    asyncio.run(story())


async def plan_of(house: House, statement: str) -> list[str]:
    return await house.database.read(
        lambda connection: [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    )
