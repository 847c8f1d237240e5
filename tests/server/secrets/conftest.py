"""A real database with an organization, its people and two workspaces; what models say is the test's to set."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from haymow.server.access.routes import Caller
from haymow.server.access.rules import Person, Principal, Role, Workspace
from haymow.server.access.service import Access
from haymow.server.access.tokens import NewToken, Tokens
from haymow.server.audit.rules import Entry, Filters
from haymow.server.audit.service import Audit
from haymow.server.database import Database
from haymow.server.http.gate import Gate
from haymow.server.http.operations import Routing
from haymow.server.receipts.service import Receipts
from haymow.server.secrets.data_keys import DataKeys
from haymow.server.secrets.integration_routes import IntegrationRoutes
from haymow.server.secrets.integrations import Integrations
from haymow.server.secrets.rotation import Rotation
from haymow.server.secrets.routes import SecretRoutes
from haymow.server.secrets.rules import SecretScope, Use, Uses
from haymow.server.secrets.service import Secrets, Sees, open_vault
from tests import databases

if TYPE_CHECKING:
    from sqlalchemy import Connection


def now() -> datetime:
    return datetime.now(UTC)


def sees_everything(scope_id: UUID) -> bool:
    """What a caller sees who sees all scopes."""
    return True


@dataclass
class Models:
    """What the registry would say: names of models, and destinations, by scope and secret's name."""

    using: dict[tuple[UUID, str], list[str]] = field(default_factory=dict)
    destinations: dict[tuple[UUID, str], set[str]] = field(default_factory=dict)

    def uses(
        self, connection: Connection, scope_id: UUID, organization_id: UUID, name: str, sees: Sees, most: int
    ) -> Uses:
        models = self.using.get((scope_id, name), [])
        seen = [Use(scope_id, uuid.uuid4(), model) for model in models if sees(scope_id)]
        return Uses(seen[:most], len(seen), len(models))

    def destinations_of(self, connection: Connection, scope_id: UUID, name: str) -> set[str]:
        return self.destinations.get((scope_id, name), set())


@dataclass(frozen=True)
class Rooms:
    """Secrets and what lies below them."""

    database: Database
    access: Access
    tokens: Tokens
    secrets: Secrets
    models: Models
    admin: Principal
    admin_token: str
    workspace: Workspace
    other_workspace: Workspace

    @property
    def organization(self) -> SecretScope:
        return SecretScope(self.admin.organization_id)

    @property
    def scope(self) -> SecretScope:
        """The workspace's own."""
        return SecretScope(self.admin.organization_id, self.workspace.workspace_id)

    @property
    def second(self) -> SecretScope:
        """The other workspace's own."""
        return SecretScope(self.admin.organization_id, self.other_workspace.workspace_id)

    async def audited(self, actions: tuple[str, ...] = ("secret.",)) -> list[Entry]:
        """The record of changes of secrets, or of what begins like `actions`, oldest first."""
        page = await Audit(self.database).page(self.admin.organization_id, None, Filters(), None, 1000)
        return [entry for entry in page.entries[::-1] if entry.record.action.startswith(actions)]

    async def token(
        self, role: Role = Role.USER, workspace_role: Role | None = None, only_workspace: UUID | None = None
    ) -> str:
        """The token of a new person with these roles in the organization and in the workspace."""
        person = Person(uuid.uuid4(), "Ada", "Lovelace", f"{uuid.uuid4().hex}@example.com")
        member = await self.access.add_member(self.admin, person, role)
        if workspace_role is not None:
            await self.access.set_workspace_role(self.admin, self.workspace, member.person.user_id, workspace_role)
        text = await self._token_of(member.person)
        if only_workspace is None:
            return text
        principal = await self.access.authenticate(text, "test")
        return (await self.tokens.create(principal, NewToken("narrow", workspace_id=only_workspace)))[1]

    async def _token_of(self, person: Person) -> str:
        return (await self.tokens.create(self.admin, NewToken("test", Role.ADMIN, user_id=person.user_id)))[1]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated database that has an organization, two workspaces and a key: made once, then copied."""
    folder = tmp_path_factory.mktemp("prepared")

    async def prepare() -> None:
        database = databases.open_in(folder)
        access = Access(database, now, uuid.uuid4)
        await Tokens(access).start("first start")
        admin = await access.authenticate(await Tokens(access).for_first_admin("test"), "test")
        for name in ("first", "second"):
            await access.create_workspace(admin, name)
        await open_vault(database, folder / "master.key", now)
        database.close()

    asyncio.run(prepare())
    return folder


@pytest.fixture
async def rooms(prepared: Path, tmp_path: Path) -> AsyncIterator[Rooms]:
    databases.copy(prepared, tmp_path)
    database = databases.open_in(tmp_path)
    access, models = Access(database, now, uuid.uuid4), Models()
    tokens = Tokens(access)
    admin_token = await tokens.for_first_admin("test")
    admin = await access.authenticate(admin_token, "test")
    key = await open_vault(database, tmp_path / "master.key", now)
    secrets = Secrets(database, DataKeys(key, now), models.uses, models.destinations_of, now, uuid.uuid4)
    workspaces = [(await access.workspace_named(admin, name))[0] for name in ("first", "second")]
    yield Rooms(database, access, tokens, secrets, models, admin, admin_token, *workspaces)
    database.close()


@pytest.fixture
async def http(rooms: Rooms) -> AsyncIterator[httpx.AsyncClient]:
    """A client of these rooms' routes with the administrator's token."""
    keys = rooms.secrets.data_keys
    receipts = Receipts(rooms.database, keys.seal, keys.open)
    operations = [
        *SecretRoutes(rooms.secrets, rooms.access, receipts).operations(),
        *IntegrationRoutes(Integrations(rooms.secrets), receipts).operations(),
    ]
    app = Gate(Routing(operations, Caller(rooms.access)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {rooms.admin_token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://haymow", headers=headers) as client:
        yield client


@pytest.fixture
def rotation(rooms: Rooms) -> Rotation:
    return Rotation(rooms.database, rooms.secrets.data_keys.keys, now)
