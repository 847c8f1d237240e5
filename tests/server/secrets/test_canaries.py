"""No answer, no log line, no record and no traceback ever holds a value."""

import base64
import json
import logging
import sys
import traceback
from urllib.parse import quote

import httpx
import pytest

from tests.server.secrets.asking import CANARY, create, paths
from tests.server.secrets.conftest import Rooms

pytestmark = pytest.mark.anyio


async def test_a_value_is_in_no_answer_no_log_and_no_record(
    rooms: Rooms, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    async def keep(response: httpx.Response) -> None:
        seen.append(f"{response.headers}{(await response.aread()).decode()}")

    http.event_hooks = {"response": [keep]}
    for path in paths(rooms).values():
        one = f"{path}/{(await create(http, path))['secret_id']}"
        for method, body in (
            ("GET", None),
            ("PUT", {"secret": CANARY}),
            ("PUT", {"secret": CANARY + "\n"}),
            ("DELETE", None),
        ):
            await http.request(method, one, json=body)
        await http.post(
            path, content=json.dumps({"name": "A", "secret": CANARY})[:-1], headers={"content-type": "application/json"}
        )
        await http.post(path, json={"name": "B", "secret": CANARY, "more": 1}, headers={"Prefer": "handling=strict"})
    await http.put("/api/v1/model_registry_tokens/openai", json={"token": CANARY})
    await http.get("/api/v1/model_registry_tokens")
    monkeypatch.setattr(type(rooms.secrets), "_create", _broken)
    failed = await http.post("/api/v2/secrets", json={"name": "C", "secret": CANARY})
    assert failed.status_code == 500
    assert "request" in caplog.text
    everything = "".join(seen) + caplog.text + repr(await rooms.audited())
    encoded = base64.b64encode(CANARY.encode()).decode()
    for form in (
        CANARY,
        encoded,
        encoded.rstrip("="),
        quote(CANARY, safe=""),
        CANARY.encode().hex(),
        json.dumps(CANARY)[1:-1],
    ):
        assert form not in everything


def _broken(*_: object) -> None:
    raise RuntimeError("broken")


async def test_an_unexpected_failure_shows_no_value_in_its_frames(
    rooms: Rooms, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def keep(*_: object) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        found.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))

    monkeypatch.setattr(logging.getLogger("haymow.server.http.gate"), "exception", keep)
    made = await create(http, "/api/v2/secrets")
    monkeypatch.setattr(type(rooms.secrets), "_create", _broken)
    monkeypatch.setattr(type(rooms.secrets), "_replace", _broken)
    await http.post("/api/v2/secrets", json={"name": "C", "secret": CANARY})
    await http.put(f"/api/v2/secrets/{made['secret_id']}", json={"secret": CANARY})
    await http.put("/api/v1/model_registry_tokens/openai", json={"token": CANARY})
    assert len(found) == 3
    assert all("SecretStr" in one or "Entered" in one for one in found)
    assert "canary" not in "".join(found)
