"""Many who change different things at once: none is refused because others do it, too."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

from tests.conftest import definition
from tests.server.registry.inside import opened

CALLERS, EACH = 8, 10


def test_of_many_changes_of_different_things_none_fails_and_none_is_starved(tmp_path: Path) -> None:
    """In a new database all rows are on few pages, where PostgreSQL takes one transaction's for another's."""

    async def story() -> None:
        async with opened(tmp_path) as (_, client, prefix):

            async def create(caller: int) -> tuple[list[int], float]:
                statuses, longest = [], 0.0
                for number in range(EACH):
                    begun, name = time.monotonic(), f"m {caller} {number}"
                    headers = {"idempotency-key": name.replace(" ", "-")}
                    answer = await client.post(f"{prefix}/models/custom", json=definition(name), headers=headers)
                    statuses.append(answer.status_code)
                    longest = max(longest, time.monotonic() - begun)
                return statuses, longest

            done = await asyncio.gather(*(create(caller) for caller in range(CALLERS)))
            assert Counter(status for statuses, _ in done for status in statuses) == {201: CALLERS * EACH}
            assert max(longest for _, longest in done) < 8

    asyncio.run(asyncio.wait_for(story(), 100))
