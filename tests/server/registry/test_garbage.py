"""What a request leaves for Python's garbage collector, which haymow lets come seldom: hardly anything.

A search of 26 KB that only the collector takes away made a server of 85 MB one of 400.
"""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import httpx
import pytest

from tests.conftest import definition
from tests.server.registry.inside import opened

REQUESTS = 20
MOST_OBJECTS = 100
"""Of one request, in objects that hold each other. A quarter of it is the client's, which runs in this process too."""

ADDRESSES = [
    "{prefix}/models?q=a{number}",
    "{prefix}/models?name=a{number}",
    "{prefix}/models?provider=a{number}",
    "{prefix}/models?connected=true&q=a{number}",
    "{prefix}/model_states",
    "{prefix}/models/{model}",
    "{prefix}/models/{model}/pipeline",
    "{prefix}/models/custom/{model}/revisions",
    "{prefix}/secrets",
    "{prefix}/audit?action=model.update&limit={number}",
    "{prefix}/openai/v1/models",
    "{prefix}/openai/v1/models/a{number}",
    "/api/v2/workspaces/d4c3b2a1-0000-4000-8000-{number:012}/models",
    "/api/v2/organization/models?q=a{number}",
    "/api/v2/me",
    "/nothing/{number}",
]


async def left(data: Path, address: str, headers: dict[str, str]) -> float:
    """Objects for each request that nobody has any more, and that only the collector takes away."""
    async with opened(data) as (_, client, prefix):
        model = (await client.post(f"{prefix}/models/custom", json=definition("m"))).json()["model_id"]

        async def ask(number: int) -> None:
            path = address.format(prefix=prefix, model=model, number=number)
            answer = await client.get(path, headers={name: text.format(number) for name, text in headers.items()})
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, answer.text

        for number in range(1, 6):  # what is made once, and kept
            await ask(number)
        gc.collect()
        gc.disable()
        try:
            for number in range(6, 6 + REQUESTS):
                await ask(number)
            return gc.collect() / REQUESTS
        finally:
            gc.enable()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_request_leaves_hardly_anything_to_the_garbage_collector(tmp_path: Path, address: str) -> None:
    assert asyncio.run(left(tmp_path, address, {})) < MOST_OBJECTS


def test_neither_does_a_token_that_nobody_knows(tmp_path: Path) -> None:
    strange = {"authorization": "Bearer hm_{:08}_" + "a" * 43}
    assert asyncio.run(left(tmp_path, "{prefix}/models", strange)) < MOST_OBJECTS
