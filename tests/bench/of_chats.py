"""Parts of the bench: chats through haymow and through what else there is, to a provider that answers at once."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.bench import jobs, provider, subjects
from tests.bench.ground import Ground
from tests.bench.jobs import Job
from tests.bench.measure import Case, Figures
from tests.bench.report import Row, row
from tests.bench.subjects import DIRECT_LANE, HAYHOOKS, HAYSTACK_LANE, LITELLM, PORTKEY, STRAIGHT, Subject, Subjects

WARM_UP_SECONDS = 2.0
"""For each before the first round: imports, connections and Node.js's compiler are not what is asked."""

FIRST_CHUNK_MS = 2.0
"""The most that the first chunk may come later than the provider's own."""

Target = tuple[str, str, float]
"""A subject, another one, and how many times as many the first is to reach."""

CHATS: tuple[Target, ...] = (
    (HAYSTACK_LANE, HAYHOOKS, 1), (DIRECT_LANE, LITELLM, 20), (DIRECT_LANE, PORTKEY, 1.5),
)  # fmt: skip
STREAMS: tuple[Target, ...] = (
    (HAYSTACK_LANE, HAYHOOKS, 1), (DIRECT_LANE, LITELLM, 30), (DIRECT_LANE, HAYHOOKS, 10),
)  # fmt: skip


def chats(ground: Ground) -> list[Row]:
    """Whole chats to a provider that answers at once."""
    with subjects.everything(ground) as found:
        cases, silent = _ready(ground, found, Subject.chats)
        rows = [line for number in ground.plan.chat_connections for line in _compared(ground, cases, number, CHATS)]
        held = [Row(f"memory after chats, {one.name}", figure=f"{one.server.megabytes():.0f} MB") for one in cases[1:]]
    return _told([*rows, *_absent(found.absent | silent), *held], "chat")


def streams(ground: Ground) -> list[Row]:
    """Streams of 50 chunks from a provider that answers at once, and the time to the first chunk."""
    with subjects.everything(ground) as found:
        cases, silent = _ready(ground, found, Subject.streams)
        rows = [line for number in ground.plan.chat_connections for line in _compared(ground, cases, number, STREAMS)]
        first = [Case(name, found.running[name].server, found.running[name].streams(provider.PAUSE, whole=True))
                 for name in (case.name for case in cases)]  # fmt: skip
        later = _first_chunks(ground.bench.compare(first, 1, ground.plan.chat_rounds))
    return [*_told([*rows, *_absent(found.absent | silent)], "stream"), *_told(later, "first chunk")]


def _ready(ground: Ground, found: Subjects, ask: Callable[..., Job]) -> tuple[list[Case], dict[str, str]]:
    """The cases of those that answer, and why the others do not. Raises RuntimeError when the provider does not."""
    cases, silent = [], {}
    for name, subject in found.running.items():
        job = ask(subject, whole=True)
        tried = jobs.run(replace(job, connections=8, seconds=WARM_UP_SECONDS))
        if not tried.failures:
            cases.append(Case(name, subject.server, job))
            continue
        sentence = f"{name}: {tried.failures} {tried.example[:600]}"
        if name == STRAIGHT:
            raise RuntimeError(sentence)
        if name in (HAYSTACK_LANE, DIRECT_LANE):
            ground.bench.lost.append(sentence)
        silent[name] = f"none: {', '.join(tried.failures)}"
        print(f"  NOT MEASURED, {sentence}", flush=True)
    return cases, silent


def _compared(ground: Ground, cases: list[Case], connections: int, targets: tuple[Target, ...]) -> list[Row]:
    measured = ground.bench.compare(cases, connections, ground.plan.chat_rounds)
    by_name = {figures.name: figures for figures in measured}
    straight, *others = measured
    rows = [row(straight), *(row(one, straight, digits=4) for one in others)]
    return rows + [_against(by_name, *target) for target in targets if {*target[:2]} <= {*by_name}]


def _against(by_name: Mapping[str, Figures], name: str, other: str, times: float) -> Row:
    ratio, connections = by_name[name].ratio(by_name[other]), str(by_name[name].connections)
    return Row(name, connections, ratio=f"{ratio:.2f}", of=other, target=f"{times:g}", reached=ratio >= times)


def _first_chunks(measured: list[Figures]) -> list[Row]:
    straight, *others = measured
    rows = [Row(straight.name, "1", p50=f"{straight.first_milliseconds():.2f}")]
    for one in others:
        later = statistics.median((mine - own) / 1000 for mine, own in zip(one.firsts, straight.firsts, strict=True))
        mine = one.name == DIRECT_LANE
        rows.append(
            Row(one.name, "1", p50=f"{one.first_milliseconds():.2f}", ratio=f"+{later:.2f} ms", of=straight.name,
                target=f"within {FIRST_CHUNK_MS:g} ms" if mine else "",
                reached=later <= FIRST_CHUNK_MS if mine else None)
        )  # fmt: skip
    return rows


def _absent(reasons: Mapping[str, str]) -> list[Row]:
    return [Row(name, figure=reason) for name, reason in reasons.items()]


def _told(rows: list[Row], what: str) -> list[Row]:
    """The rows with what was asked before who was asked."""
    return [line if line.what.startswith("memory") else replace(line, what=f"{what}, {line.what}") for line in rows]
