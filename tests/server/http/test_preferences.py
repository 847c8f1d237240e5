"""`Preference-Applied` (RFC 7240): said of every operation that reads a body strictly, whatever it answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.conftest import definition
from tests.server.access.people import new_member, new_secret, unique
from tests.server.registry.shelf import secret_name

STRICT = {"prefer": "handling=strict"}
APPLIED = "preference-applied"


def bodies() -> list[tuple[str, dict[str, Any]]]:
    """What creates something, anew for each test."""
    person = {"given_name": "Ada", "family_name": "L", "email": f"{unique('p')}@example.com", "role": "user"}
    return [
        ("/api/v2/tokens", {"name": unique("t")}),
        ("/api/v2/members", person),
        ("/api/v1/workspaces", {"name": unique("w")}),
        ("/api/v2/secrets", {"name": secret_name(), "secret": "sk-1"}),
        ("/api/v2/models/custom", definition(unique("m"))),
        ("/api/v2/models/validate", definition(unique("m"))),
    ]


@pytest.mark.parametrize("number", range(len(bodies())))
def test_said_on_success_and_on_error_and_only_when_asked(admin: httpx.Client, number: int) -> None:
    path, body = bodies()[number]
    refused = admin.post(path, json={**body, "surprise": 1}, headers=STRICT)
    assert (refused.status_code, refused.headers.get(APPLIED)) == (422, "handling=strict"), refused.text
    made = admin.post(path, json=body, headers=STRICT)
    assert made.status_code in (200, 201), made.text
    assert made.headers.get(APPLIED) == "handling=strict"
    path, body = bodies()[number]
    assert APPLIED not in admin.post(path, json=body).headers
    assert APPLIED not in admin.post(path, json={**body, "surprise": 1}).headers
    assert APPLIED not in admin.post(path, json=[]).headers


def test_said_of_changes(admin: httpx.Client) -> None:
    model = admin.post("/api/v2/models/custom", json=definition(unique("m"))).json()["model_id"]
    secret = new_secret(admin)["secret_id"]
    for answer in (
        admin.patch(f"/api/v2/models/custom/{model}", json={"name": unique("n")}, headers=STRICT),
        admin.put(f"/api/v2/secrets/{secret}", json={"secret": "sk-2"}, headers=STRICT),
        admin.put("/api/v2/members", json={"user_id": new_member(admin), "role": "editor"}, headers=STRICT),
    ):
        assert (answer.status_code, answer.headers.get(APPLIED)) == (200, "handling=strict"), answer.text


@pytest.mark.parametrize("path", ["/api/v2/me", "/api/v2/models?limit=x", "/api/v2/models/not-an-id", "/api/v2/tokens"])
def test_not_said_where_there_is_no_body(admin: httpx.Client, path: str) -> None:
    assert APPLIED not in admin.get(path, headers=STRICT).headers
