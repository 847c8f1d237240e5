"""An organization of more workspaces than one would list by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from haymow.server.access import store
from haymow.server.access.rules import Role, Workspace
from haymow.server.access.tokens import NewToken
from tests.server.access.rooms import open_rooms

MANY = 1200


def test_everyone_sees_their_own_wherever_they_sort(tmp_path: Path) -> None:
    async def test() -> None:
        with open_rooms(tmp_path) as rooms:
            admin = await rooms.admin()

            def add_many(connection: Connection) -> None:
                for number in range(MANY):
                    one = Workspace(uuid4(), admin.organization_id, f"a {number:04}")
                    store.add_workspace(connection, one, rooms.clock())

            await rooms.database.write(add_many, long=True)
            last = await rooms.access.create_workspace(admin, "zzz")
            person = await rooms.member(admin)
            await rooms.access.set_workspace_role(admin, last, person.user_id, Role.USER)
            text = await rooms.text(admin, NewToken("t", user_id=person.user_id))
            narrow = await rooms.text(admin, NewToken("n", workspace_id=last.workspace_id))
            for token in (text, narrow):
                assert await rooms.access.workspaces(await rooms.access.authenticate(token, "test")) == [last]
            everyone = await rooms.access.workspaces(admin)
            assert len(everyone) == MANY + 2  # and `default`
            assert everyone[-1] == last

    asyncio.run(asyncio.wait_for(test(), 60))
