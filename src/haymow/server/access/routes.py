"""HTTP of workspaces, people and roles, as the platform's clients ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from haymow.errors import Unauthenticated
from haymow.server.access import rules
from haymow.server.access.pages import Page
from haymow.server.access.rules import Kind, Member, Person, Principal, Role, Standing, Workspace, role_named
from haymow.server.access.service import Access
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.http.sites import check_site
from haymow.server.limits.service import Limits
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.server.telemetry.seen import note_caller
from haymow.wire import access as wire

MOST_TOKEN_BYTES = 512

COOKIE = "haymow_session"

C = Call[Principal]


@dataclass(frozen=True)
class Caller:
    """Finds out who makes a request: the same for a bearer token, an x-api-key header and the cookie of a session.

    A browser sends the cookie by itself, whoever's page asks; so who comes with it has to come from haymow's own.
    """

    access: Access

    async def __call__(self, request: Request) -> Principal:
        """Raises Unauthenticated, and Denied for a session's request that another site's page makes."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = value.strip(" \t") if scheme.lower() == "bearer" else request.headers.get("x-api-key")
        if token is None and (cookie := session_cookie(request)) is not None:
            check_site(request)
            return _noted(await self.access.authenticate(cookie, source_of(request), Kind.SESSION))
        if not token or not is_secret_text(token):
            raise Unauthenticated("Send an API token as 'Authorization: Bearer TOKEN'.")
        return _noted(await self.access.authenticate(token, source_of(request)))


def _noted(principal: Principal) -> Principal:
    note_caller(principal.person.user_id, principal.token_id)
    return principal


@dataclass(frozen=True)
class CountedCaller:
    """The same, when there are limits of requests: each one that somebody known makes is counted."""

    caller: Caller
    limits: Limits

    async def __call__(self, request: Request) -> Principal:
        """Raises what `caller` raises, RateLimited, and Unavailable when the limits cannot be asked."""
        principal = await self.caller(request)
        await self.limits.request(principal.actor)
        return principal


def session_cookie(request: Request) -> str | None:
    """The cookie of a session; None when there is none that could be one."""
    if "cookie" not in request.headers:
        return None
    cookie = request.cookies.get(COOKIE)
    return cookie if cookie and is_secret_text(cookie) else None


def is_secret_text(text: str) -> bool:
    """Whether it could be a token, a cookie or a code; what is none is not looked for."""
    return len(text) <= MOST_TOKEN_BYTES and text.isascii()


def source_of(request: Request) -> str:
    """The address that a request comes from."""
    client = request.scope.get("client")
    return client[0] if client else "unknown"


@dataclass(frozen=True)
class AccessRoutes:
    """Workspaces by name (v1), members by id (v2)."""

    access: Access
    receipts: Receipts

    def operations(self) -> list[Operation]:
        """Everything this room answers."""
        return [*self._workspaces(), *self._people(), *self._members()]

    def _workspaces(self) -> list[Operation]:
        path, one = "/api/v1/workspaces", "/api/v1/workspaces/{name}"
        gone = {404: "There is no workspace with this name."}
        return [
            Operation(
                "GET", path, self.list_workspaces, "List Workspaces", "The workspaces you may see, by name.",
                answer=wire.WorkspaceList,
            ),
            Operation(
                "POST", path, self.create_workspace, "Create Workspace", "Makes a workspace in the organization.",
                body=wire.CreateWorkspace, answer=wire.Workspace, status=201,
                errors={409: "A workspace with this name already exists."},
            ),
            Operation(
                "GET", one, self.read_workspace, "Read Workspace", "A workspace by its name.",
                answer=wire.Workspace, errors=gone,
            ),
            Operation(
                "DELETE", one, self.delete_workspace, "Delete Workspace",
                "Deletes an empty workspace; with `force=true` also one with models and secrets.",
                query=wire.DeleteWorkspaceQuery, status=204, errors={**gone, 409: "The workspace is not empty."},
            ),
        ]  # fmt: skip

    def _people(self) -> list[Operation]:
        return [
            Operation(
                "GET", "/api/v1/users/{user_id}", self.read_user, "Read User", "A person of the organization.",
                answer=wire.User, errors={404: "There is no user with this ID."},
            ),
            *(
                Operation("GET", path, self.me, "Read Me", "Who you are and what you may do.", answer=wire.Me)
                for path in ("/api/v1/me", "/api/v2/me")
            ),
        ]  # fmt: skip

    def _members(self) -> list[Operation]:
        listed, one = "/api/v2/members", "/api/v2/members/{user_id}"
        scoped = "/api/v2/workspaces/{workspace_id}/members"
        return [
            Operation("GET", listed, self.list_members, "List Members", "Everyone in the organization.",
                      query=wire.MemberListQuery, answer=wire.MemberList),
            Operation("POST", listed, self.create_member, "Create Member", "A new person in the organization.",
                      body=wire.CreateMember, answer=wire.Member, status=201,
                      errors={409: "A user with this e-mail address already exists."}),
            Operation("PUT", listed, self.put_member, "Set Role", "Sets a member's role in the organization.",
                      body=wire.PutMember, answer=wire.Member),
            Operation("DELETE", one, self.delete_member, "Remove Member",
                      "Takes a person out of the organization, with all of their tokens.", status=204),
            Operation("GET", scoped, self.list_workspace_members, "List Workspace Members",
                      "The workspace's explicit members.", query=wire.MemberListQuery, answer=wire.MemberList),
            Operation("PUT", scoped, self.put_workspace_member, "Set Workspace Role",
                      "Sets a person's role in a workspace.", body=wire.PutMember, answer=wire.Member),
            Operation("DELETE", scoped + "/{user_id}", self.delete_workspace_member, "Remove Workspace Member",
                      "Takes a person out of a workspace.", status=204),
        ]  # fmt: skip

    async def list_workspaces(self, call: C) -> Response:
        return json_answer([_workspace(found) for found in await self.access.workspaces(call.principal)])

    async def create_workspace(self, call: C) -> Response:
        rules.require(call.principal.role_in_organization(), Role.ADMIN)
        body = await call.body(wire.CreateWorkspace)
        create = self.access.creating_workspace(call.principal, body.name)
        once = await begin(self.receipts, call, call.principal.actor)
        return await self.access.change(once.unit(create, _created_workspace))

    async def read_workspace(self, call: C) -> Response:
        found, _ = await self.access.workspace_named(call.principal, call.request.path_params["name"])
        return json_answer(_workspace(found))

    async def delete_workspace(self, call: C) -> Response:
        found, _ = await self.access.workspace_named(call.principal, call.request.path_params["name"])
        await self.access.delete_workspace(call.principal, found, call.query(wire.DeleteWorkspaceQuery).force)
        return empty()

    async def read_user(self, call: C) -> Response:
        return json_answer(_user(await self.access.person(call.principal, call.id("user_id"))))

    async def me(self, call: C) -> Response:
        name = await self.access.organization_name(call.principal)
        return json_answer(me(call.principal, Standing(name, await _role(self.access, call.principal))))

    async def list_members(self, call: C) -> Response:
        query = call.query(wire.MemberListQuery)
        return _members(await self.access.members(call.principal, query.after, query.limit))

    async def create_member(self, call: C) -> Response:
        rules.require(call.principal.role_in_organization(), Role.ADMIN)
        body = await call.body(wire.CreateMember)
        person = Person(UUID(int=0), body.given_name, body.family_name, body.email)
        add = self.access.adding_member(call.principal, person, role_named(body.role))
        once = await begin(self.receipts, call, call.principal.actor)
        return await self.access.change(once.unit(add, lambda member: json_answer(_member(member), 201)))

    async def put_member(self, call: C) -> Response:
        rules.require(call.principal.role_in_organization(), Role.ADMIN)
        body = await call.body(wire.PutMember)
        return json_answer(_member(await self.access.set_role(call.principal, body.user_id, role_named(body.role))))

    async def delete_member(self, call: C) -> Response:
        await self.access.remove_member(call.principal, call.id("user_id"))
        return empty()

    async def list_workspace_members(self, call: C) -> Response:
        workspace_id, query = call.id("workspace_id"), call.query(wire.MemberListQuery)
        found = await self.access.workspace_members(call.principal, workspace_id, query.after, query.limit)
        return _members(found)

    async def put_workspace_member(self, call: C) -> Response:
        workspace, role = await self.access.workspace(call.principal, call.id("workspace_id"))
        rules.require(role, Role.ADMIN)
        body = await call.body(wire.PutMember)
        member = await self.access.set_workspace_role(call.principal, workspace, body.user_id, role_named(body.role))
        return json_answer(_member(member))

    async def delete_workspace_member(self, call: C) -> Response:
        workspace_id, user_id = call.ids("workspace_id", "user_id")
        workspace, _ = await self.access.workspace(call.principal, workspace_id)
        await self.access.remove_workspace_member(call.principal, workspace, user_id)
        return empty()


def me(principal: Principal, standing: Standing) -> dict[str, Any]:
    """Who is calling and what they may do, as `wire.Me`."""
    return {
        **_user(principal.person),
        "organization": {"organization_id": principal.organization_id, "name": standing.organization},
        "role": standing.role.word,
        "workspace_id": principal.only_workspace,
        "expires_at": principal.expires_at,
    }


async def _role(access: Access, principal: Principal) -> Role:
    """The role in the organization or, with a token of one workspace, there."""
    if principal.only_workspace is None:
        return principal.role_in_organization()
    return (await access.workspace(principal, principal.only_workspace))[1]


def _workspace(workspace: Workspace) -> dict[str, Any]:
    # The platform's clients want languages and a time-out that haymow has no use for.
    return {
        "name": workspace.name,
        "workspace_id": workspace.workspace_id,
        "languages": {},
        "default_idle_timeout_in_seconds": 0,
    }


def _created_workspace(made: Workspace) -> Response:
    return json_answer(_workspace(made), 201, {"location": f"/api/v1/workspaces/{quote(made.name)}"})


def _user(person: Person) -> dict[str, Any]:
    return {
        "user_id": person.user_id,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


def _member(member: Member) -> dict[str, Any]:
    return {**_user(member.person), "role": member.role.word}


def _members(page: Page[Member]) -> Response:
    next_cursor = page.rows[-1].person.user_id if page.has_more else None
    data = [_member(member) for member in page.rows]
    return json_answer({"data": data, "has_more": page.has_more, "total": page.total, "next_cursor": next_cursor})


async def may_read_audit(access: Access, principal: Principal, workspace_id: UUID | None) -> UUID:
    """The organization whose record may be read: a workspace's by its editors, all of it by administrators.

    Raises NotFound, Denied.
    """
    if workspace_id is None:
        rules.require(principal.role_in_organization(), Role.ADMIN)
    else:
        _, role = await access.workspace(principal, workspace_id)
        rules.require(role, Role.EDITOR)
    return principal.organization_id
