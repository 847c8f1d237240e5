"""The load client counts what came: a stream that is cut short must not pass for a quick one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench import bodies, gateways, jobs, provider
from tests.bench.jobs import Job
from tests.bench.load import Connection, Run
from tests.bench.servers import Server

_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
_ANSWER = _HEAD + b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in provider.events(False)) + b"0\r\n\r\n"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Server]:
    with gateways.provider(Path(sys.executable)) as server:
        yield server


@pytest.fixture
def streams(upstream: Server) -> Job:
    return Job(
        upstream.port, "POST", ["/v1/chat/completions"], body=bodies.chat("scripted-1", stream=True),
        connections=4, mark=provider.MARK, marks=provider.CHUNKS,
    )  # fmt: skip


def test_whole_streams_are_counted_and_their_first_pieces_timed(streams: Job) -> None:
    outcome = jobs.run(replace(streams, requests=40))
    assert (outcome.completed, outcome.failures) == (40, {})
    assert len(outcome.firsts) == 40
    assert all(0 < first <= whole for first, whole in zip(outcome.firsts, outcome.latencies, strict=True))


def test_every_answer_counts_until_the_last_when_all_of_them_are_to(streams: Job) -> None:
    job = replace(streams, body=bodies.chat("scripted-1", stream=True, asking=provider.PAUSE), whole=True, seconds=0.1)
    outcome = jobs.run(job)
    assert outcome.completed == len(outcome.latencies) == sum(one.acknowledged for one in outcome.written) > 0
    assert outcome.seconds > job.seconds


def test_a_stream_without_one_of_its_pieces_is_a_failure(streams: Job) -> None:
    outcome = jobs.run(replace(streams, requests=4, marks=provider.CHUNKS + 1))
    assert outcome.failures == {f"{provider.CHUNKS} of {provider.CHUNKS + 1} pieces": 4}


def test_another_whole_answer_is_a_failure(streams: Job) -> None:
    outcome = jobs.run(replace(streams, requests=4, body=bodies.chat("scripted-1"), mark="Goodbye", marks=1))
    assert outcome.failures == {"0 of 1 pieces": 4}


@pytest.mark.parametrize("at", [*range(1, len(_HEAD) + 8), *range(len(_ANSWER) - 24, len(_ANSWER))])
def test_the_end_of_a_stream_is_seen_wherever_it_is_cut(at: int) -> None:
    run, acknowledged = asyncio.run(_received(_ANSWER[:at], _ANSWER[at:]))
    assert (run.completed, dict(run.failures), acknowledged) == (1, {}, 1)


def test_pieces_cut_by_the_bounds_of_chunks_are_counted() -> None:
    body = b"".join(provider.events(False))
    cut = body.index(provider.MARK.encode()) + 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:cut], body[cut:]))
    run, acknowledged = asyncio.run(_received(_HEAD + chunks + b"0\r\n\r\n"))
    assert (run.completed, dict(run.failures), acknowledged) == (1, {}, 1)


class _Sink(asyncio.Transport):
    """A transport to nobody: what is received is given by hand, segment by segment."""

    def write(self, data: Any) -> None:
        pass

    def close(self) -> None:
        pass


async def _received(*segments: bytes) -> tuple[Run, int]:
    """What a connection makes of one answer that comes in these segments."""
    run = Run(Job(1, "POST", ["/"], body="{}", requests=1, mark=provider.MARK, marks=provider.CHUNKS))
    run.begin(asyncio.get_running_loop())
    connection = Connection(run, 0)
    connection.connection_made(_Sink())
    connection.send()
    for segment in segments[:-1]:
        connection.data_received(segment)
        assert not connection.done.done()
    connection.data_received(segments[-1])
    return run, connection.acknowledged[0]
