"""Deleting a workspace to which very many tokens are limited: they open nothing at once, and go in portions."""

from __future__ import annotations

from uuid import UUID

import pytest

from haymow.errors import NotFound, Unauthenticated
from haymow.server.access.remains import WORKSPACES
from haymow.server.access.rules import Kind, Role
from haymow.server.access.tokens import NewToken
from tests import looking
from tests.server.access.leaving import MANY, PORTION, broken_off, crowded, gone_on_with, in_portions, left_of, recorded
from tests.server.access.rooms import Rooms, run

TABLES = ("tokens", "workspace_members", "workspaces", "deleted_workspaces")


def left_in(rooms: Rooms, workspace_id: UUID) -> list[str]:
    """The tables that hold something of a workspace."""
    sql = "SELECT 1 FROM {} WHERE workspace_id = :it"
    return [table for table in TABLES if looking.rows(rooms.folder, sql.format(table), it=workspace_id)]


def test_all_of_them_go_with_it_and_it_is_recorded_once(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    in_portions(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        crowd = await crowded(rooms, admin, workspace)
        mine = await rooms.text(admin, NewToken("of all", user_id=crowd.person.user_id))
        await rooms.access.delete_workspace(admin, workspace, force=False)
        assert (left_in(rooms, workspace.workspace_id), left_of(rooms, crowd.person)) == ([], 1)
        await rooms.access.authenticate(mine, "test")
        actions = [("workspace.delete", ()), ("workspace.create", ())]
        assert await recorded(rooms, admin, workspace.workspace_id) == actions

    run(test())


def test_what_is_left_of_it_opens_nothing_and_nobody_sees_it(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        crowd = await crowded(rooms, admin, workspace)
        texts = ((crowd.token, Kind.TOKEN), (crowd.cookie, Kind.SESSION))
        for text, kind in texts:
            await rooms.access.authenticate(text, "test", kind)
        await rooms.access.delete_workspace(admin, workspace, force=False)
        assert 0 < left_of(rooms, crowd.person) < 2 * MANY
        for text, kind in texts:
            with pytest.raises(Unauthenticated):
                await rooms.access.authenticate(text, "test", kind)
        tokens = await rooms.tokens.list(admin)
        assert (tokens.total, {token.workspace_id for token in tokens.rows}) == (2, {None})

    run(test())


def test_a_workspace_that_has_tokens_left_is_not_there(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        crowd = await crowded(rooms, admin, workspace)
        await rooms.access.delete_workspace(admin, workspace, force=False)
        for asked in (
            rooms.access.workspace(admin, workspace.workspace_id),
            rooms.access.workspace_named(admin, "here"),
            rooms.access.delete_workspace(admin, workspace, force=True),
            rooms.access.set_workspace_role(admin, workspace, crowd.person.user_id, Role.USER),
            rooms.tokens.create(admin, NewToken("t", workspace_id=workspace.workspace_id)),
        ):
            with pytest.raises(NotFound):
                await asked
        again = await rooms.access.create_workspace(admin, "here")
        assert {one.workspace_id for one in await rooms.access.workspaces(admin) if one.name == "here"} == {
            again.workspace_id
        }
        assert left_in(rooms, workspace.workspace_id) == ["tokens", "workspaces", "deleted_workspaces"]

    run(test())


@pytest.mark.parametrize("noted", [True, False])
def test_the_next_server_takes_away_what_is_left_of_it(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, noted: bool
) -> None:
    """Also when one of the version before, which knows nothing of the tokens, has found nothing left."""
    broken_off(monkeypatch)

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        crowd = await crowded(rooms, admin, workspace)
        other = await crowded(rooms, admin)
        await rooms.access.delete_workspace(admin, workspace, force=False)
        if not noted:
            looking.execute(rooms.folder, "DELETE FROM deleted_workspaces")
        assert 0 < left_of(rooms, crowd.person) < 2 * MANY
        assert max(await gone_on_with(rooms, WORKSPACES, monkeypatch)) == PORTION
        assert (left_in(rooms, workspace.workspace_id), left_of(rooms, other.person)) == ([], 2 * MANY)
        assert left_of(rooms, crowd.person) == 0

    run(test())
