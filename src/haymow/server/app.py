"""The only place where the rooms meet: opens storage, builds each room's service, passes down what it needs."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

from starlette.requests import Request
from starlette.types import ASGIApp

from haymow.egress import Egress
from haymow.errors import StartFailed, Unavailable
from haymow.server import local
from haymow.server.access.attempts import Attempts
from haymow.server.access.routes import AccessRoutes, Caller, CountedCaller, may_read_audit
from haymow.server.access.rules import Principal
from haymow.server.access.service import Access
from haymow.server.access.session_routes import SessionRoutes
from haymow.server.access.sessions import Sessions
from haymow.server.access.token_routes import TokenRoutes
from haymow.server.access.tokens import Tokens
from haymow.server.audit.routes import AuditRoutes
from haymow.server.audit.rules import Author
from haymow.server.audit.service import RECORDS, Audit
from haymow.server.database import Database, DataFolder, metadata, open_database
from haymow.server.database.reachable import check_reachable
from haymow.server.database.watched import WatchedDatabase
from haymow.server.http import Operation, openapi
from haymow.server.http.gate import Dialect, Gate
from haymow.server.http.leaving import Leaving
from haymow.server.http.operations import Routing
from haymow.server.http.page import read_page
from haymow.server.http.plain import PlainRoutes
from haymow.server.limits.service import Limits, limits_of
from haymow.server.receipts.service import Receipts
from haymow.server.receipts.service import erase_workspace as erase_receipts
from haymow.server.registry import service as registry_room
from haymow.server.registry.changes import Changes
from haymow.server.registry.connection_tests import ConnectionTests
from haymow.server.registry.generator_routes import GeneratorRoutes
from haymow.server.registry.pipeline_routes import PipelineRoutes
from haymow.server.registry.platform import Platform
from haymow.server.registry.revision_routes import RevisionRoutes
from haymow.server.registry.routes import ORGANIZATION_PREFIX, WORKSPACE_PREFIX, ModelRoutes
from haymow.server.registry.rules import Model
from haymow.server.registry.service import Registry
from haymow.server.registry.state_routes import StateRoutes
from haymow.server.registry.states import States
from haymow.server.secrets import service as secrets_room
from haymow.server.secrets.data_keys import DataKeys
from haymow.server.secrets.integration_routes import IntegrationRoutes
from haymow.server.secrets.integrations import Integrations
from haymow.server.secrets.master_keys import MasterKeys
from haymow.server.secrets.rotation import Rotation
from haymow.server.secrets.routes import SecretRoutes
from haymow.server.secrets.service import Secrets, open_vault
from haymow.server.serving import routes as serving_routes
from haymow.server.serving.live import Upstream, refusal_of
from haymow.server.serving.pool import Pool
from haymow.server.serving.probe_routes import ProbeRoutes
from haymow.server.serving.probe_rules import MOST_SECONDS, advice_of
from haymow.server.serving.probes import Allowances, Probes
from haymow.server.serving.routes import ServingRoutes, problem_in_openai
from haymow.server.serving.rules import ResolvedSecrets
from haymow.server.serving.service import Serving, Sources
from haymow.server.settings import Settings
from haymow.server.telemetry.requests import Requests
from haymow.server.telemetry.seen import Begin, Tell
from haymow.server.telemetry.upstreams import carried

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


class Room(Protocol):
    """What a room's routes have in common."""

    def operations(self) -> list[Operation]:
        """Everything the room answers."""


def tables() -> list[Table]:
    """Every room's tables, those first that others refer to: their rooms are imported here."""
    return metadata.sorted_tables


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """haymow, opened: what a server and the operator's commands use of it."""

    settings: Settings
    database: WatchedDatabase
    access: Access
    tokens: Tokens
    sessions: Sessions
    secrets: Secrets
    registry: Registry
    changes: Changes
    platform: Platform
    serving: Serving
    receipts: Receipts
    limits: Limits
    rotation: Rotation
    gate: Gate
    requests: Requests
    leaving: Leaving
    document: Callable[[], dict[str, Any]]

    @property
    def app(self) -> ASGIApp:
        """All of it, as ASGI."""
        return self.gate


@asynccontextmanager
async def open_house(settings: Settings, tell: Sequence[Tell] = (), trace: Begin | None = None) -> AsyncIterator[House]:
    """Open the data folder, the database and the master key, and build every room. Raises StartFailed.

    Each of `tell` hears of every request that was answered, `trace` of each that begins. A new database is empty
    until `tokens.start` makes its organization, workspace and administrator.
    """
    with ExitStack() as stack:
        folder = DataFolder(settings.data)
        stack.callback(folder.close)
        database = WatchedDatabase(open_database(settings))
        stack.callback(database.close)
        house = await _built(settings, database, tell, trace)
        # With what they raise: else the first that has ended would be all that is waited for.
        remains = (house.access.remains, house.access.remains_of_members)
        tends = (house.receipts.tend, house.limits.tend, *(one.tend for one in remains))
        tending = asyncio.gather(*(tend() for tend in tends), return_exceptions=True)
        try:
            yield house
        finally:
            tending.cancel()
            with suppress(asyncio.CancelledError):
                await tending
            await house.serving.pool.close()


async def _built(settings: Settings, database: WatchedDatabase, tell: Sequence[Tell], trace: Begin | None) -> House:
    key = await _master_keys(settings, database)
    database.follow(RECORDS)
    access = Access(database, now, uuid.uuid4, contents=_contents, erase=_ERASE)
    keys = DataKeys(key, now)
    receipts = Receipts(database, keys.seal, keys.open)
    secrets = Secrets(database, keys, registry_room.uses, registry_room.destinations_of, now, uuid.uuid4)
    registry = Registry(database, access)
    serving = _serving(settings, registry, secrets)
    changes = Changes(database, registry, now, uuid.uuid4)
    tokens, sessions = Tokens(access), Sessions(access, Attempts(time.monotonic))
    operations: list[Operation] = []
    document = cache(lambda: openapi.document(operations, settings.outside.public))
    caller, limits = Caller(access), limits_of(settings, database)
    chats = ServingRoutes(serving, receipts, limits, partial(_still_allowed, caller, access))
    probes = ProbeRoutes(_probes(ConnectionTests(database, registry), serving), receipts)
    states = States(database, partial(refusal_of, serving.upstream), advice_of)
    rooms = _rooms(access, tokens, secrets, registry, changes, states, chats, receipts, database)
    requests, leaving, outside = Requests(), Leaving(), settings.outside
    plain = PlainRoutes(partial(_ready, database, leaving), document)
    for room in (*rooms, probes, SessionRoutes(sessions, receipts, limits), plain):
        operations += (operation.below(outside.prefix) for operation in room.operations())
    authenticate = CountedCaller(caller, limits) if limits.count_requests else caller
    routing = Routing(operations, authenticate, otherwise=read_page(settings.page, outside.prefix))
    dialect = Dialect(serving_routes.ADDRESSES, serving_routes.NAMES, problem_in_openai)
    gate = Gate(routing, dialect, (requests, *tell), leaving, outside, trace)
    return House(
        settings, database, access, tokens, sessions, secrets, registry, changes, Platform(database, now), serving,
        receipts, limits, Rotation(database, key, now), gate, requests, leaving, document,
    )  # fmt: skip


async def _master_keys(settings: Settings, database: Database) -> MasterKeys:
    try:
        return await open_vault(database, settings.key_file, now)
    except Unavailable as error:
        message = f"The database {settings.database_file} is damaged. Restore it from a backup, or move it away."
        raise StartFailed(message) from error


def _serving(settings: Settings, registry: Registry, secrets: Secrets) -> Serving:
    return Serving(
        Sources(registry.version, registry.find, registry.usable, partial(_secrets_of, registry, secrets)),
        pool=Pool(settings.live_generators, settings.calls_per_model),
        upstream=Upstream(_egress(settings), settings.chat_timeout, settings.direct_lane),
        now=now,
        new_id=uuid.uuid4,
    )


def _egress(settings: Settings) -> Egress:
    """Where models may be called: what the operator allows, and what `--local-model` brings with it."""
    allowed = settings.egress_allow | (local.allowances(settings) if settings.local_model else frozenset())
    headers = carried if settings.trace_upstream else None
    return Egress(allowed, unpoliced=settings.unpoliced_generators, carried=headers)


def _probes(tests: ConnectionTests, serving: Serving) -> Probes:
    clock = time.monotonic
    return Probes(
        find=tests.open,
        keep=tests.keep,
        warm=serving.warm,
        complete=serving.complete,
        allowances=Allowances(clock),
        timeout=MOST_SECONDS,
        now=now,
        clock=clock,
    )


def _rooms(
    access: Access,
    tokens: Tokens,
    secrets: Secrets,
    registry: Registry,
    changes: Changes,
    states: States,
    chats: ServingRoutes,
    receipts: Receipts,
    database: Database,
) -> list[Room]:
    """The rooms' routes, in the order of the documentation."""
    models = [ModelRoutes(registry, changes, receipts, prefix) for prefix in (WORKSPACE_PREFIX, ORGANIZATION_PREFIX)]
    return [
        *models,
        *(RevisionRoutes(one) for one in models),
        *(StateRoutes(one, states) for one in models),
        PipelineRoutes(registry),
        GeneratorRoutes(),
        SecretRoutes(secrets, access, receipts),
        IntegrationRoutes(Integrations(secrets), receipts),
        AccessRoutes(access, receipts),
        TokenRoutes(tokens, receipts),
        AuditRoutes(Audit(database), partial(may_read_audit, access), partial(_authors, access)),
        chats,
    ]


# What lower rooms need of higher ones


def _contents(connection: Connection, workspace_id: UUID) -> int:
    return registry_room.count(connection, workspace_id) + secrets_room.count(connection, workspace_id)


_ERASE: Final = (secrets_room.erase_scope, *registry_room.ERASE, erase_receipts)


async def _authors(access: Access, user_ids: Collection[UUID]) -> dict[UUID, Author]:
    people = await access.people(user_ids)
    return {user_id: Author(user_id, one.given_name, one.family_name) for user_id, one in people.items()}


async def _ready(database: Database, leaving: Leaving) -> None:
    leaving.check()
    await check_reachable(database)


async def _still_allowed(caller: Caller, access: Access, request: Request, workspace_id: UUID) -> None:
    await access.workspace(await caller(request), workspace_id)


async def _secrets_of(
    registry: Registry, secrets: Secrets, principal: Principal, workspace_id: UUID, model: Model
) -> ResolvedSecrets:
    refs = await registry.secret_refs(principal, workspace_id, model)

    async def reveal() -> Mapping[str, str]:
        return {name: value.reveal() for name, value in (await secrets.reveal(refs)).items()}

    return ResolvedSecrets(tuple((ref.secret_id, ref.version) for ref in refs), reveal)
