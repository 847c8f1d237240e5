"""R6: a change without its audit record does not happen, whatever is changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import httpx

from tests.conftest import definition
from tests.faults.conftest import Figure
from tests.faults.place import Storage, made, models_of, seen_at
from tests.server.access.people import new_member, new_token

RAISES = {
    "sqlite": ["CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no record'); END"],
    "postgresql": [
        "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no record'; END $$",
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_audit()",
    ],
}
GONE = {"sqlite": "DROP TRIGGER no_audit", "postgresql": "DROP TRIGGER no_audit ON audit"}
KEPT = "audit", "models", "revisions", "secrets", "tokens", "users", "members", "workspaces", "receipts"


def test_no_change_is_made_without_its_record(storage: Storage, figure: Figure) -> None:
    with storage.serving() as server, storage.client(server) as client:
        address = made(client)
        changes = changes_of(client, address)
        before = everything(storage), client.get(seen_at(address)).json()
        for statement in RAISES[storage.kind]:
            storage.sql(statement)
        for what, change in changes.items():
            answer = change()
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed"), f"{what}: {answer.text}"
            assert (everything(storage), client.get(seen_at(address)).json()) == before, what
        storage.sql(GONE[storage.kind])
        for number, (what, change) in enumerate(changes.items()):
            assert change().is_success, what
            assert everything(storage)["audit"] == before[0]["audit"] + number + 1, what
    figure("R6 no audit record", f"{storage.kind}: {len(changes)} kinds of changes are 503 and leave nothing")


Change = Callable[[], httpx.Response]


def changes_of(client: httpx.Client, address: str) -> dict[str, Change]:
    """A change of each kind; none is made yet."""
    home = models_of(client).removesuffix("/models")
    gone, member, token = made(client), new_member(client), new_token(client)["token_id"]
    person = {"given_name": "A", "family_name": "B", "email": f"{uuid.uuid4().hex}@example.com", "role": "user"}
    fresh = f"n-{uuid.uuid4().hex}"
    return {
        "update": lambda: client.patch(address, json={"provider": "changed"}),
        "create": lambda: client.post(f"{home}/models/custom", json=definition(fresh)),
        "create once": lambda: client.post(
            f"{home}/models/custom", json=definition(f"{fresh}-2"), headers={"Idempotency-Key": fresh}
        ),
        "delete": lambda: client.delete(gone),
        "secret": lambda: client.post(f"{home}/secrets", json={"name": f"KEY_{uuid.uuid4().hex}", "secret": "sk-1"}),
        "token": lambda: client.post("/api/v2/tokens", json={"name": fresh}),
        "end of a token": lambda: client.delete(f"/api/v2/tokens/{token}"),
        "person": lambda: client.post("/api/v2/members", json=person),
        "role": lambda: client.put("/api/v2/members", json={"user_id": member, "role": "editor"}),
        "end of a member": lambda: client.delete(f"/api/v2/members/{member}"),
        "workspace": lambda: client.post("/api/v1/workspaces", json={"name": fresh}),
    }


def everything(storage: Storage) -> dict[str, int]:
    """How many rows each table has."""
    return {table: int(storage.sql(f"SELECT count(*) FROM {table}")[0][0]) for table in KEPT}
