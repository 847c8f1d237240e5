"""Parts of the bench: haymow on PostgreSQL, beside pgbench, with a second server, and with a million models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache

from tests import postgres
from tests.bench import bodies, cluster, gateways, jobs, servers
from tests.bench.cluster import Shared
from tests.bench.ground import Ground
from tests.bench.jobs import Job
from tests.bench.measure import Case, Figures
from tests.bench.report import Row, row, times
from tests.bench.servers import Server
from tests.bench.stage import call

CLIENTS = 8
MODELS, WORKSPACES = 10_000, 100
PATCH_SHARE, PATCH_P99 = 0.4, 40
MANY_WORKSPACES = 10_000
PEER_CLIENTS, PEER_TIMES = (8, 32), 20


def postgresql(ground: Ground) -> list[Row]:
    """PATCH, GET and list on PostgreSQL; PATCH beside pgbench, which says the same to the same server.

    Not in the same rows: they would be another server's changes, which haymow hears of and has to look up again.
    """
    few = _few(ground)
    beside = few.copied()
    with few.served() as server:
        patch, others = Case("PATCH, PostgreSQL", server, few.patches(server.port)), []
        found = Figures(patch.name, CLIENTS)
        floor = Figures("pgbench with PATCH's statements", CLIENTS)
        for _ in range(ground.bench.rounds):
            floor.rates.append(beside.pgbench(CLIENTS, ground.bench.seconds))
            ground.bench.measure(patch, found)
        for what, job in (("GET", few.reads), ("list", few.lists)):
            others.append(Case(f"{what}, PostgreSQL", server, job(server.port)))
        compared = ground.bench.compare(others, CLIENTS)
    share, p99 = found.ratio(floor), found.milliseconds(0.99)
    target = f"at least {PATCH_SHARE}, p99 under {PATCH_P99} ms"
    return [
        Row(floor.name, str(CLIENTS), f"{floor.rate:,.0f}/s"),
        row(found, floor, target, share >= PATCH_SHARE and p99 < PATCH_P99),
        *map(row, compared),
    ]


def replicas(ground: Ground) -> list[Row]:
    """PATCH by two servers of one database, and by one, in turns."""
    few = _few(ground)
    one, two = Figures("PATCH, one server", CLIENTS), Figures("PATCH, two servers", 2 * CLIENTS)
    with ExitStack() as stack:
        pair = [stack.enter_context(few.served()) for _ in range(2)]
        for _ in range(ground.bench.rounds):
            ground.bench.measure(Case(one.name, pair[0], few.patches(pair[0].port)), one)
            clients = [jobs.start(ground.bench.job(few.patches(server.port), CLIENTS)) for server in pair]
            outcomes = [jobs.finish(client) for client in clients]
            two.rates.append(sum(outcome.rate for outcome in outcomes))
            two.latencies += [latency for outcome in outcomes for latency in outcome.latencies]
    figure = Row(two.name, str(two.connections), f"{two.rate:,.0f}/s", f"{two.milliseconds(0.5):.2f}",
                 f"{two.milliseconds(0.99):.2f}", "", f"{two.ratio(one):.2f} times", one.name,
                 "1.6 times where cores allow")  # fmt: skip
    return [row(one), figure]


def million(ground: Ground) -> list[Row]:
    """The same requests to a database with ten thousand models and to one with many, in ten thousand workspaces."""
    few, many, rows = _few(ground), _shared(ground, ground.plan.shared, MANY_WORKSPACES), []
    with few.served() as small, many.served() as large:
        for what, ask in (("PATCH", Shared.patches), ("GET", Shared.reads), ("list", Shared.lists)):
            less, more = ground.bench.compare(
                [
                    Case(f"{what}, {few.models:,} models", small, ask(few, small.port)),
                    Case(f"{what}, {many.models:,} models", large, ask(many, large.port)),
                ],
                CLIENTS,
            )
            rows += times(less, more, 1.3)
    return rows


def mlflow(ground: Ground) -> list[Row]:
    """The update of a model definition by MLflow's AI gateway, and haymow's: each on SQLite, one process."""
    rows = []
    try:
        with gateways.mlflow() as peer, servers.haymow(ground.few.data) as server:
            cases = [
                Case("MLflow, update", peer, _mlflow_updates(peer)),
                Case("PATCH, SQLite", server, ground.few.patches(server.port)),
            ]
            for connections in PEER_CLIENTS:
                theirs, ours = ground.bench.compare(cases, connections)
                reached = ours.ratio(theirs) >= PEER_TIMES
                rows += [row(theirs), row(ours, theirs, f"at least {PEER_TIMES}", reached, digits=0)]
    except gateways.NotInstalled as missing:
        print(f"  {missing}", flush=True)
    return rows


_GATEWAY = "/api/3.0/mlflow/gateway"


def _mlflow_updates(server: Server) -> Job:
    """Updates of one model definition's model name."""

    def made(what: str, body: Mapping[str, object]) -> dict[str, str]:
        answer: dict[str, dict[str, str]] = call(server.port, "POST", f"{_GATEWAY}/{what}/create", {}, json.dumps(body))
        return next(iter(answer.values()))

    key = {"secret_name": "key", "secret_value": {"api_key": "sk-bench"}, "provider": "openai"}
    secret = made("secrets", key)["secret_id"]
    model = {"name": "bench", "secret_id": secret, "provider": "openai", "model_name": "gpt-5"}
    changed = {"model_definition_id": made("model-definitions", model)["model_definition_id"]}
    body = json.dumps({**changed, "model_name": f"gpt-5-{bodies.N}"})
    return Job(server.port, "POST", [f"{_GATEWAY}/model-definitions/update"], {}, body)


@cache
def _cluster() -> postgres.Postgres:
    return postgres.create()


@cache
def _shared(ground: Ground, models: int, workspaces: int) -> Shared:
    return ground.timed(
        f"{models:,} models in {workspaces:,} workspaces of PostgreSQL",
        lambda: cluster.create(_cluster(), ground.folder, models, workspaces),
    )


def _few(ground: Ground) -> Shared:
    return _shared(ground, MODELS, WORKSPACES)
