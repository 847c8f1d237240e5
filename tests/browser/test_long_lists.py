"""Lists of more than a thousand: the page has all of them, or gets the others when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from haymow.server.access.tables import members_table
from tests import looking
from tests.crowds import multiply_member, multiply_tokens
from tests.running import RunningServer

MANY = 1001


@pytest.fixture
def crowd(admin: httpx.Client, server: RunningServer) -> Iterator[str]:
    """The id of a person with many tokens, who is removed when the test is over: others look at the same list."""
    person = {"given_name": "Very", "family_name": "Many", "email": f"{uuid4().hex}@example.com", "role": "user"}
    user_id = str(admin.post("/api/v2/members", json=person).json()["user_id"])
    admin.post("/api/v2/tokens", json={"name": "one of many", "user_id": user_id})
    with looking.connected(server.data) as connection:
        multiply_tokens(connection, UUID(user_id), MANY - 1)
    yield user_id
    assert admin.delete(f"/api/v2/members/{user_id}").status_code == 204


def test_further_tokens_are_loaded_on_demand(signed_in: Page, admin: httpx.Client, crowd: str) -> None:
    page = signed_in
    total = admin.get("/api/v2/tokens", params={"limit": 1}).json()["total"]
    page.goto("/settings/tokens")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(1 + 1000)
    expect(page.get_by_text("These are the first 1000.")).to_be_visible()
    page.get_by_role("button", name="Further tokens").click()
    expect(rows).to_have_count(1 + total)
    expect(page.get_by_role("button", name="Further tokens")).to_be_hidden()


@pytest.fixture
def people(admin: httpx.Client, server: RunningServer) -> Iterator[None]:
    """Many of them, who are gone when the test is over, and Zoe, who comes after them all."""
    last = {"given_name": "Zoe", "family_name": "Z", "email": f"zz-{uuid4().hex}@example.com", "role": "user"}
    zoe = admin.post("/api/v2/members", json=last).json()["user_id"]
    with looking.connected(server.data) as connection:
        ids = multiply_member(connection, UUID(zoe), MANY)
    yield
    assert admin.delete(f"/api/v2/members/{zoe}").status_code == 204
    with looking.connected(server.data) as connection:
        connection.execute(delete(members_table).where(members_table.c.user_id.in_(ids)))


@pytest.mark.usefixtures("people")
def test_a_person_beyond_the_first_thousand_is_found(signed_in: Page) -> None:
    signed_in.goto("/settings/members")
    signed_in.get_by_role("searchbox").fill("Zoe")
    expect(signed_in.get_by_role("cell", name="Zoe Z", exact=True)).to_be_visible()
