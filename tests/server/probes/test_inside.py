"""Connection tests in this process: their own time limit, the platform's models, what is kept and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from haymow.errors import RateLimited
from haymow.server.access.rules import Person, Principal, Role
from haymow.server.app import House
from haymow.server.registry.connection_tests import ConnectionTests
from haymow.server.registry.proposals import Change
from haymow.server.serving.probes import Allowances, Probes
from tests.answers import Fails, Trickles
from tests.running import LOOPBACK
from tests.server.registry.inside import opened
from tests.server.registry.shelf import openai_config
from tests.upstream import Upstream
from tests.waiting import wait_until

PLATFORMS = UUID(int=501)


@dataclass(frozen=True)
class Stage:
    """A house, its administrator's client, the path of its workspace, and a model there that calls `upstream`."""

    house: House
    client: httpx.AsyncClient
    prefix: str
    upstream: Upstream
    model_id: str

    @property
    def workspace_id(self) -> UUID:
        return UUID(self.prefix.rpartition("/")[2])

    async def ask(self, model_id: str = "") -> dict[str, Any]:
        answer = await self.client.post(f"{self.prefix}/models/{model_id or self.model_id}/test")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def connected(self, model_id: str = "") -> bool | None:
        found: bool | None = (await self.client.get(f"{self.prefix}/models/{model_id or self.model_id}")).json()[
            "connected"
        ]
        return found

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        return await self.house.database.write(lambda one: list(_rows(one.execute(text(statement), values))))


def _rows(result: Any) -> list[Any]:
    return list(result) if result.returns_rows else []


def _uuid(raw: Any) -> UUID:
    """SQLite keeps its digits and PostgreSQL what it is."""
    return UUID(str(raw))


Story = Callable[[Stage], Awaitable[None]]


def told(data: Path, upstream: Upstream, story: Story) -> None:
    async def run() -> None:
        async with opened(data, LOOPBACK["HAYMOW_EGRESS_ALLOW"]) as (house, client, prefix):
            config = openai_config("KEY", model="scripted", api_base_url=upstream.url)
            body = {"name": "m", "provider": "openai", "chat_generator_config": config, "generation_kwargs": {}}
            made = await client.post(f"{prefix}/models/custom", json=body)
            secret = {"name": "KEY", "secret": "sk-inside", "hosts": [f"127.0.0.1:{upstream.port}"]}
            assert (await client.post(f"{prefix}/secrets", json=secret)).status_code == 201
            await house.platform.put({PLATFORMS: Change("shipped", "openai", config, {})})
            await story(Stage(house, client, prefix, upstream, made.json()["model_id"]))

    asyncio.run(asyncio.wait_for(run(), 60))


async def probes_with(stage: Stage, seconds: float) -> tuple[Probes, Principal]:
    """The house's own, but for the time that a test may take; and who asks."""
    house = stage.house
    tests = ConnectionTests(house.database, house.registry)
    probes = Probes(
        find=tests.open, keep=tests.keep, warm=house.serving.warm, complete=house.serving.complete,
        allowances=Allowances(time.monotonic), timeout=seconds, now=lambda: datetime.now(UTC), clock=time.monotonic,
    )  # fmt: skip
    actor = await house.tokens.operator("test")
    return probes, Principal(Person(actor.user_id, "Ada", "L"), actor.organization_id, Role.ADMIN, {})


def test_a_provider_that_never_ends_is_given_up_after_the_tests_own_time(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        await stage.ask()  # Haystack is loaded
        upstream.script(Trickles())
        probes, principal = await probes_with(stage, 2.0)
        begun = time.monotonic()
        made = await probes.test(principal, stage.workspace_id, UUID(stage.model_id))
        took = time.monotonic() - begun
        assert (made.reason, made.passed) == ("timeout", False)
        assert 1.9 < took < 10
        assert made.latency_ms is not None
        assert 500 < made.latency_ms <= took * 1000
        assert await stage.connected() is False

    told(tmp_path, upstream, story)


def test_who_goes_away_does_not_end_the_test_that_another_waits_for(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        await stage.ask()
        upstream.reset()
        probes, principal = await probes_with(stage, 2.0)
        upstream.script(Trickles())
        asked = [
            asyncio.ensure_future(probes.test(principal, stage.workspace_id, UUID(stage.model_id))) for _ in range(2)
        ]
        await asyncio.to_thread(wait_until, lambda: len(upstream.seen) == 1)
        asked[0].cancel()
        assert (await asked[1]).reason == "timeout"
        assert len(upstream.seen) == 1
        assert probes._running == {}

    told(tmp_path, upstream, story)


def test_a_platforms_model_is_tested_with_the_workspaces_secrets(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        assert await stage.connected(str(PLATFORMS)) is True
        upstream.script(Fails(401))
        assert (await stage.ask(str(PLATFORMS)))["reason"] == "invalid_credentials"
        assert await stage.connected(str(PLATFORMS)) is False
        assert await stage.connected() is True

    told(tmp_path, upstream, story)


def test_one_row_is_kept_and_says_who_tested_what(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        upstream.script(Fails(404))
        for _ in range(2):
            await stage.ask()
        ((tag, secrets, reason, latency, by),) = await stage.sql(
            "SELECT tag, secrets, reason, latency_ms, tested_by FROM connection_tests"
        )
        ((wanted,),) = await stage.sql(f"SELECT tag FROM models WHERE model_id = '{UUID(stage.model_id).hex}'")
        ((secret_id,),) = await stage.sql("SELECT secret_id FROM secrets")
        assert (tag, secrets, reason) == (wanted, f"{_uuid(secret_id)}:1", "ok")
        assert latency >= 0
        assert str(_uuid(by)) == (await stage.client.get("/api/v2/me")).json()["user_id"]

    told(tmp_path, upstream, story)


def test_deleting_the_model_the_workspace_or_a_platforms_model_erases_it(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        await stage.ask()
        await stage.ask(str(PLATFORMS))
        assert await _count(stage) == 2
        assert (await stage.client.delete(f"{stage.prefix}/models/custom/{stage.model_id}")).status_code == 204
        assert await _count(stage) == 1
        await stage.house.platform.put({})
        assert await _count(stage) == 0
        await stage.house.platform.put({PLATFORMS: Change("shipped", "openai", openai_config("KEY"), {})})
        await stage.ask(str(PLATFORMS))
        gone = await stage.client.delete("/api/v1/workspaces/default", params={"force": "true"})
        assert gone.status_code == 204, gone.text
        assert await _count(stage) == 0

    told(tmp_path, upstream, story)


async def _count(stage: Stage) -> int:
    return int((await stage.sql("SELECT count(*) FROM connection_tests"))[0][0])


def test_a_secret_that_does_not_open_is_a_missing_one(tmp_path: Path, upstream: Upstream) -> None:
    async def story(stage: Stage) -> None:
        await stage.sql("UPDATE secrets SET ciphertext = :value", value=b"\0")
        said = await stage.ask()
        assert (said["reason"], said["latency_ms"]) == ("missing_secret", None)
        assert "again" in said["detail"]
        assert upstream.seen == []
        assert await stage.connected() is False

    told(tmp_path, upstream, story)


class TestAllowances:
    """With a clock that stands still until it is told."""

    def test_ten_for_a_person_in_a_workspace_and_one_more_every_six_seconds(self) -> None:
        at, person, workspace = [0.0], uuid4(), uuid4()
        allowances = Allowances(lambda: at[0])
        for _ in range(10):
            allowances.take(person, workspace)
        with pytest.raises(RateLimited) as refused:
            allowances.take(person, workspace)
        assert refused.value.retry_after == 6
        allowances.take(uuid4(), workspace)
        allowances.take(person, uuid4())
        at[0] = 6.0
        allowances.take(person, workspace)
        with pytest.raises(RateLimited):
            allowances.take(person, workspace)

    def test_thirty_for_all_in_a_workspace(self) -> None:
        at, workspace = [0.0], uuid4()
        allowances = Allowances(lambda: at[0])
        for _ in range(30):
            allowances.take(uuid4(), workspace)
        late = uuid4()
        with pytest.raises(RateLimited) as refused:
            allowances.take(late, workspace)
        assert refused.value.retry_after == 2
        at[0] = 2.0
        allowances.take(late, workspace)

    def test_a_refusal_uses_up_nothing(self) -> None:
        at, person, workspace = [0.0], uuid4(), uuid4()
        allowances = Allowances(lambda: at[0])
        for _ in range(10):
            allowances.take(person, workspace)
        for _ in range(100):
            with pytest.raises(RateLimited):
                allowances.take(person, workspace)
        for _ in range(20):
            allowances.take(uuid4(), workspace)

    def test_it_does_not_grow_for_ever(self) -> None:
        at = [0.0]
        allowances = Allowances(lambda: at[0])
        for number in range(3000):
            at[0] = number * 1.0
            allowances.take(uuid4(), uuid4())
        assert len(allowances._buckets) <= 1002
