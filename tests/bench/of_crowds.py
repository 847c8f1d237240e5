"""Parts of the bench: chats in a workspace of many models, and many streams at once."""

from __future__ import annotations

import asyncio
import resource
from contextlib import ExitStack
from dataclasses import dataclass, replace

from tests.bench import gateways, jobs, provider, servers, stage, subjects
from tests.bench.ground import Ground
from tests.bench.jobs import Job
from tests.bench.measure import Case
from tests.bench.report import Row, times
from tests.bench.servers import Server
from tests.bench.stage import Stage, call
from tests.bench.subjects import DIRECT_LANE, HAYSTACK_LANE, Subject

FEW_NAMES = 10
MANY_NAMES = 10_000
NAMES_CONNECTIONS = 8
MOST_TIMES = 1.2
OPEN_MEGABYTES = 400
OPEN_SECONDS = 120.0


def names(ground: Ground) -> list[Row]:
    """A chat, and the list of models as OpenAI has it, in a workspace with few models and in one with many."""
    with ExitStack() as stack:
        upstream = stack.enter_context(gateways.provider(ground.python))
        few, many = _folders(ground, upstream)
        small = stack.enter_context(servers.haymow(few.data))
        large = stack.enter_context(servers.haymow(many.data))
        pairs = [
            [(f"{what} among {number:,} models", server, job(folder, server))
             for number, server, folder in ((FEW_NAMES, small, few), (MANY_NAMES, large, many))]
            for what, job in (("chat", _chats), ("GET openai/v1/models", _listed))
        ]  # fmt: skip
        rows = []
        for pair in pairs:
            cases = [Case(*one) for one in pair]
            for case in cases:  # the first chat builds the generator
                jobs.run(replace(case.job, requests=NAMES_CONNECTIONS))
            less, more = ground.bench.compare(cases, NAMES_CONNECTIONS, ground.plan.chat_rounds)
            rows += times(less, more, MOST_TIMES)
        return [*rows, *_lengths(((FEW_NAMES, few, small), (MANY_NAMES, many, large)))]


def open_streams(ground: Ground) -> list[Row]:
    """The memory of a server with many streams open at once, each of which has had its first chunk."""
    if not _allow_files(3 * ground.plan.open_streams):
        print("  NOT MEASURED: the hard limit of open files (ulimit -Hn) is too low", flush=True)
        return [Row(f"{ground.plan.open_streams:,} streams open", figure="not measured: ulimit -Hn")]
    return [line for name in (HAYSTACK_LANE, DIRECT_LANE) for line in _held_open(ground, name)]


def _held_open(ground: Ground, name: str) -> list[Row]:
    wanted = ground.plan.open_streams
    with gateways.provider(ground.python) as upstream, subjects.lane(name, ground.lane(), upstream) as subject:
        idle = subject.server.megabytes()
        found = asyncio.run(_open(subject, upstream, wanted))
        most = subject.server.most_megabytes()
    whole = found.held == found.complete == wanted
    if not whole:
        sentence = f"of {wanted} streams {found.held} were open at once, {found.complete} came whole"
        ground.bench.lost.append(f"{name}: {sentence} {found.example}")
    print(
        f"  {name}: {found.held:,} open, {idle:.0f} MB, {found.megabytes:.0f} MB with them, {most:.0f} MB at most",
        flush=True,
    )
    mine = name == DIRECT_LANE
    target, reached = (f"under {OPEN_MEGABYTES} MB", whole and most < OPEN_MEGABYTES) if mine else ("", None)
    return [
        Row(f"{wanted:,} streams open, {name}", str(found.held), f"{found.megabytes:.0f} MB"),
        Row(f"the most until their end, {name}", str(found.held), f"{most:.0f} MB", target=target, reached=reached),
    ]


@dataclass(frozen=True)
class _Open:
    """How many streams were open at once, the server's megabytes then, how many came whole; one that failed."""

    held: int
    megabytes: float
    complete: int
    example: str


async def _open(subject: Subject, upstream: Server, wanted: int) -> _Open:
    job = subject.streams(provider.HOLD)
    begun = await asyncio.gather(*(_begun(job, number) for number in range(wanted)), return_exceptions=True)
    held = (await asyncio.to_thread(call, upstream.port, "GET", "/held", {}))["held"]
    megabytes = subject.server.megabytes()
    ends = asyncio.gather(*(_ended(*one) for one in begun if isinstance(one, tuple)), return_exceptions=True)
    await asyncio.to_thread(call, upstream.port, "POST", "/release", {})
    failed = [f"{type(one).__name__}: {one}" for one in begun if isinstance(one, BaseException)]
    return _Open(held, megabytes, sum(count == job.marks for count in await ends), "".join(failed[:1]))


async def _begun(job: Job, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A stream whose first chunk has come. Raises TimeoutError and RuntimeError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
    writer.write(_request(job, number))
    came = b""
    async with asyncio.timeout(OPEN_SECONDS):
        while job.mark.encode() not in came:
            some = await reader.read(65536)
            if not some:
                raise RuntimeError(f"a stream ended before its first chunk: {came[:1000].decode(errors='replace')}")
            came += some
    return reader, writer, came


def _request(job: Job, number: int) -> bytes:
    body = job.body.encode() % {b"n": number}
    headers = {"host": f"127.0.0.1:{job.port}", **job.headers, "connection": "close",
               "content-type": "application/json", "content-length": str(len(body))}  # fmt: skip
    lines = [f"{job.method} {job.targets[0]} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, came: bytes) -> int:
    """How many pieces a stream had in all. Raises TimeoutError."""
    async with asyncio.timeout(OPEN_SECONDS):
        came += await reader.read()
    writer.close()
    return came.count(provider.MARK.encode())


def _folders(ground: Ground, upstream: Server) -> tuple[Stage, Stage]:
    few = stage.begin(ground.folder / "few-names", FEW_NAMES - 1)
    with servers.haymow(few.data) as server:
        stage.add_served_model(few, server, upstream)
    many = stage.grown(few, MANY_NAMES - 1, ground.folder / "many-names")
    return few, many


def _chats(folder: Stage, server: Server) -> Job:
    subject = Subject("", server, f"{folder.openai}/chat/completions", gateways.MODEL, folder.headers)
    return subject.chats()


def _listed(folder: Stage, server: Server) -> Job:
    # As the openai SDK asks for it.
    return Job(server.port, "GET", [f"{folder.openai}/models"], {**folder.headers, "accept-encoding": "gzip, deflate"})


def _lengths(asked: tuple[tuple[int, Stage, Server], ...]) -> list[Row]:
    """How many of the models the list has: it ends somewhere."""
    return [
        Row(f"listed of {number:,} models", figure=f"{len(folder.call(server.port, 'GET', path)['data']):,}")
        for number, folder, server in asked
        for path in [f"{folder.openai}/models"]
    ]


def _allow_files(wanted: int) -> bool:
    """Let this process and those it starts open so many files; whether the machine allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True
