"""Workspaces, users, members with their roles, API tokens, and the sessions of the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, RootModel

from haymow.wire.shapes import Answer, Id, Instant, Query, Request

RoleName = Literal["user", "editor", "admin"]
"""A user reads models and chats, an editor changes models and secrets of a workspace, an admin everything."""


class CreateWorkspace(Request):
    """A new, empty workspace."""

    name: str


class DeleteWorkspaceQuery(Query):
    """Whether to delete a workspace although models and secrets are in it."""

    force: bool = False


class Workspace(Answer):
    """A workspace, with what the platform's clients expect of one: haymow has no languages and never idles."""

    name: str
    workspace_id: UUID
    languages: dict[str, Any] = Field(default_factory=dict)
    default_idle_timeout_in_seconds: int = 0


class WorkspaceList(RootModel[list[Workspace]]):
    """Workspaces by name: a bare list, as the platform's clients expect it."""


class User(Answer):
    """A user as others of the organization see them."""

    user_id: UUID
    given_name: str
    family_name: str
    email: str


class Organization(Answer):
    """The organization that a user belongs to."""

    organization_id: UUID
    name: str


class Me(User):
    """Who is calling, and what the token in use allows: `role` in the organization or in its one workspace."""

    organization: Organization
    role: RoleName
    workspace_id: UUID | None = Field(description="The only workspace the token is for, if it is for one.")
    expires_at: datetime | None = Field(
        description="When the token expires, or the session ends; null when it does not."
    )


class SignIn(Request):
    """What a person signs in with: an API token, or the code of a sign-in link, which works once. Give one of them."""

    token: str | None = None
    code: str | None = None


class Member(User):
    """A user with their role in the organization or in a workspace."""

    role: RoleName


class MemberListQuery(Query):
    """Which part of a list of members, by e-mail address."""

    limit: int = Field(default=1000, ge=1, le=1000)
    after: Id | None = Field(default=None, description="The `next_cursor` of the part before: the list goes on there.")


class MemberList(Answer):
    """A part of a list of members; `total` counts the whole list. `next_cursor` as `after` gets the next part."""

    data: list[Member]
    has_more: bool
    total: int
    next_cursor: UUID | None = None


class CreateMember(Request):
    """A new user of the organization."""

    given_name: str
    family_name: str
    email: str
    role: RoleName


class PutMember(Request):
    """The role that a user is to have."""

    user_id: Id
    role: RoleName


class CreateToken(Request):
    """A new API token. It never allows more than its owner may: `role` is a cap, by default the owner's own.

    Only an administrator names another user in `user_id`.
    """

    name: str
    role: RoleName | None = None
    workspace_id: Id | None = Field(default=None, description="The only workspace the token is to be for.")
    expires_at: Instant | None = None
    user_id: Id | None = Field(default=None, description="The owner; by default the caller.")


class Token(Answer):
    """An API token without the token itself; `prefix` is its readable beginning."""

    token_id: UUID
    user_id: UUID
    name: str
    prefix: str
    role: RoleName
    workspace_id: UUID | None
    created_at: datetime
    expires_at: datetime | None


class CreatedToken(Token):
    """A new API token; `token` is shown this once and not kept."""

    token: str


class TokenListQuery(Query):
    """Which part of a list of API tokens, the oldest first."""

    limit: int = Field(default=1000, ge=1, le=1000)
    after: str | None = Field(
        default=None, max_length=64, description="The `next_cursor` of the part before: the list goes on there."
    )


class TokenList(Answer):
    """A part of a list of API tokens; `total` counts the whole list. `next_cursor` as `after` gets the next part."""

    data: list[Token]
    has_more: bool
    total: int
    next_cursor: str | None = None
