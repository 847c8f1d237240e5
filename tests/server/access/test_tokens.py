"""API tokens: what they are, what they may, and when they end. On a real database, with a clock that is set."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from haymow.errors import Denied, Invalid, NotFound, Unauthenticated
from haymow.server.access import rules
from haymow.server.access.rules import Principal, Role, Workspace
from haymow.server.access.tokens import NewToken
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests import looking
from tests.server.access.rooms import Rooms, run


def test_a_token_is_a_readable_prefix_and_256_random_bits() -> None:
    tokens = {rules.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert len({rules.token_prefix(token) for token in tokens}) > 990
    for token in tokens:
        assert re.fullmatch(r"hm_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", token)
        assert token.startswith(rules.token_prefix(token) + "_")
        assert len(rules.token_digest(token)) == 32


def test_a_token_is_kept_as_a_digest_and_never_itself(rooms: Rooms, tmp_path: Path) -> None:
    async def test() -> None:
        first = await rooms.tokens.start("first start")
        admin = await rooms.admin()
        token, second = await rooms.tokens.create(admin, NewToken("t"))
        assert first is not None
        stored = looking.contents(tmp_path)
        for text in (first, second):
            assert text.encode() not in stored
            assert text.removeprefix(rules.token_prefix(text)).encode() not in stored
            assert rules.token_digest(text) in stored
        assert token.prefix == rules.token_prefix(second)
        assert token.prefix.encode() in stored

    run(test())


def test_the_first_start_makes_a_token_and_no_other_start_does(rooms: Rooms) -> None:
    async def test() -> None:
        first = await rooms.tokens.start("first start")
        assert first is not None
        assert await rooms.tokens.start("first start") is None
        assert (await rooms.access.authenticate(first, "test")).organization_role is Role.ADMIN

    run(test())


def test_a_token_ends_when_its_time_comes_also_while_it_is_remembered(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        end = rooms.clock.time + timedelta(minutes=5)
        text = await rooms.text(admin, NewToken("t", expires_at=end))
        assert (await rooms.access.authenticate(text, "test")).expires_at == end
        rooms.clock.advance(minutes=5, microseconds=-1)
        await rooms.access.authenticate(text, "test")
        rooms.clock.advance(microseconds=1)
        with pytest.raises(Unauthenticated) as ended:
            await rooms.access.authenticate(text, "test")
        assert ended.value.code == "token_expired"

    run(test())


@pytest.mark.parametrize("seconds", [0, -1, -86400])
def test_a_token_that_would_never_be_valid_is_not_made(rooms: Rooms, seconds: int) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        with pytest.raises(Invalid):
            await rooms.tokens.create(admin, NewToken("t", expires_at=rooms.clock.time + timedelta(seconds=seconds)))

    run(test())


def test_an_expiry_without_a_time_zone_is_refused(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        with pytest.raises(Invalid):
            await rooms.tokens.create(admin, NewToken("t", expires_at=datetime(2099, 1, 1)))  # noqa: DTZ001

    run(test())


def test_e7_a_token_is_not_made_to_outlive_the_one_that_makes_it(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        end = rooms.clock.time + timedelta(minutes=5)
        brief = await rooms.access.authenticate(await rooms.text(admin, NewToken("brief", expires_at=end)), "test")
        for later in (None, end + timedelta(seconds=1), datetime.max.replace(tzinfo=UTC)):
            try:
                made, _ = await rooms.tokens.create(brief, NewToken("t", expires_at=later))
            except Denied as refused:
                assert refused.code == "scope_too_wide"
            else:
                assert made.expires_at is not None
                assert made.expires_at <= end
        made, _ = await rooms.tokens.create(brief, NewToken("t", expires_at=end))
        assert made.expires_at == end

    run(test())


@pytest.mark.parametrize("cap", list(Role))
def test_e7_a_token_is_not_made_to_do_more_than_the_one_that_makes_it(rooms: Rooms, cap: Role) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        capped = await rooms.access.authenticate(await rooms.text(admin, NewToken("capped", cap)), "test")
        assert capped.role_in_organization() is cap
        for role in Role:
            if role <= cap:
                text = await rooms.text(capped, NewToken("t", role))
                assert (await rooms.access.authenticate(text, "test")).role_in_organization() is role
            else:
                with pytest.raises(Denied) as refused:
                    await rooms.tokens.create(capped, NewToken("t", role))
                assert refused.value.code == "scope_too_wide"
        by_default = await rooms.access.authenticate(await rooms.text(capped, NewToken("t")), "test")
        assert by_default.role_in_organization() is cap

    run(test())


def test_e7_a_token_of_one_workspace_makes_tokens_of_that_one_alone(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        here, there = [await rooms.access.create_workspace(admin, name) for name in ("here", "there")]
        limited = NewToken("limited", workspace_id=here.workspace_id)
        one = await rooms.access.authenticate(await rooms.text(admin, limited), "test")
        assert (one.role_in(here), one.role_in(there)) == (Role.ADMIN, None)
        with pytest.raises(Denied):
            one.role_in_organization()
        with pytest.raises(Denied):
            await rooms.tokens.create(one, NewToken("t"))
        with pytest.raises(NotFound):
            await rooms.tokens.create(one, NewToken("t", workspace_id=there.workspace_id))
        with pytest.raises(Denied):
            await rooms.tokens.create(
                one, NewToken("t", workspace_id=here.workspace_id, user_id=(await rooms.member(admin)).user_id)
            )
        again = await rooms.access.authenticate(await rooms.text(one, limited), "test")
        assert (again.role_in(here), again.role_in(there)) == (Role.ADMIN, None)

    run(test())


def test_a_token_never_has_more_than_its_owner(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        here = await rooms.access.create_workspace(admin, "here")
        person = await rooms.member(admin, Role.EDITOR)
        text = await rooms.text(admin, NewToken("t", Role.ADMIN, user_id=person.user_id))
        theirs = await rooms.access.authenticate(text, "test")
        assert theirs.role_in_organization() is Role.EDITOR
        assert theirs.role_in(here) is None
        await rooms.access.set_role(admin, person.user_id, Role.USER)
        assert (await rooms.access.authenticate(text, "test")).role_in_organization() is Role.USER

    run(test())


def test_a_token_for_somebody_has_their_role_by_default(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        person = await rooms.member(admin, Role.USER)
        made, text = await rooms.tokens.create(admin, NewToken("t", user_id=person.user_id))
        assert made.role is Role.USER
        await rooms.access.set_role(admin, person.user_id, Role.ADMIN)
        assert (await rooms.access.authenticate(text, "test")).role_in_organization() is Role.USER

    run(test())


def test_only_an_administrator_makes_tokens_for_others(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        one, other = await rooms.member(admin, Role.EDITOR), await rooms.member(admin)
        for limits in (NewToken("t", user_id=one.user_id), NewToken("t", Role.USER)):
            caller = await rooms.access.authenticate(await rooms.text(admin, limits), "test")
            with pytest.raises(Denied):
                await rooms.tokens.create(caller, NewToken("t", user_id=other.user_id))
        with pytest.raises(NotFound):
            await rooms.tokens.create(admin, NewToken("t", user_id=uuid4()))

    run(test())


def test_one_sees_and_revokes_ones_own_tokens_and_an_administrator_everyones(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        people = [await rooms.member(admin) for _ in range(2)]
        made = [await rooms.tokens.create(admin, NewToken("t", user_id=person.user_id)) for person in people]
        one = await rooms.access.authenticate(made[0][1], "test")
        mine, all_ = (await rooms.tokens.list(one)).rows, (await rooms.tokens.list(admin)).rows
        assert [token.token_id for token in mine] == [made[0][0].token_id]
        assert {token for token, _ in made} <= set(all_)
        with pytest.raises(NotFound):
            await rooms.tokens.revoke(one, made[1][0].token_id)
        with pytest.raises(NotFound):
            await rooms.tokens.revoke(one, uuid4())
        await rooms.tokens.revoke(one, made[0][0].token_id)
        await rooms.tokens.revoke(admin, made[1][0].token_id)
        for _, text in made:
            with pytest.raises(Unauthenticated):
                await rooms.access.authenticate(text, "test")

    run(test())


def test_a_token_revokes_none_that_may_do_more_but_itself(rooms: Rooms) -> None:
    """Whoever finds a reader's token does not lock its owner out."""

    async def test() -> None:
        admin = await rooms.admin()
        workspace = await rooms.access.create_workspace(admin, "here")
        assert admin.token_id is not None
        text = await rooms.text(admin, NewToken("r", Role.USER))
        reader = await rooms.access.authenticate(text, "test")
        in_one, _ = await rooms.tokens.create(admin, NewToken("a", Role.ADMIN, workspace_id=workspace.workspace_id))
        for token_id in (admin.token_id, in_one.token_id):
            with pytest.raises(Denied) as caught:
                await rooms.tokens.revoke(reader, token_id)
            assert caught.value.code == "scope_too_wide"
        as_much, _ = await rooms.tokens.create(admin, NewToken("u", Role.USER))
        for mine in (as_much.token_id, reader.token_id):
            assert mine is not None
            await rooms.tokens.revoke(reader, mine)
        with pytest.raises(Unauthenticated):
            await rooms.access.authenticate(text, "test")

    run(test())


def test_a_token_of_one_workspace_revokes_none_that_may_do_more_there(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        here = (await rooms.access.create_workspace(admin, "here")).workspace_id
        chief, _ = await rooms.tokens.create(admin, NewToken("a", Role.ADMIN, workspace_id=here))
        text = await rooms.text(admin, NewToken("u", Role.USER, workspace_id=here))
        reader = await rooms.access.authenticate(text, "test")
        with pytest.raises(Denied) as caught:
            await rooms.tokens.revoke(reader, chief.token_id)
        assert caught.value.code == "scope_too_wide"
        assert admin.token_id is not None
        with pytest.raises(NotFound):
            await rooms.tokens.revoke(reader, admin.token_id)

    run(test())


def test_making_and_revoking_are_recorded_without_the_token(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("the name"))
        await rooms.tokens.revoke(admin, token.token_id)
        page = await Audit(rooms.database).page(admin.organization_id, None, Filters(), None, 100)
        mine = [entry.record for entry in page.entries if entry.record.subject_id == token.token_id]
        assert [record.action for record in mine] == ["token.delete", "token.create"]
        assert {record.subject_name for record in mine} == {"the name"}
        assert text not in repr(page)

    run(test())


def principal(role: Role, limit: Role, **more: Any) -> Principal:
    return Principal(rules.Person(uuid4(), "A", "B"), ORGANIZATION, role, limit=limit, **more)


ORGANIZATION = uuid4()
HERE, THERE = Workspace(uuid4(), ORGANIZATION, "here"), Workspace(uuid4(), ORGANIZATION, "there")


@pytest.mark.parametrize("organization", list(Role))
@pytest.mark.parametrize("limit", list(Role))
@pytest.mark.parametrize("member", [None, *Role])
@pytest.mark.parametrize("only", [None, HERE, THERE])
def test_what_a_token_leaves_of_its_owners_rights(
    organization: Role, limit: Role, member: Role | None, only: Workspace | None
) -> None:
    workspaces = {} if member is None else {HERE.workspace_id: member}
    one = principal(organization, limit, workspaces=workspaces, only_workspace=only and only.workspace_id)
    seen = one.role_in(HERE)
    if only is THERE or (organization is not Role.ADMIN and member is None):
        assert seen is None
    else:
        owners = Role.ADMIN if organization is Role.ADMIN else member
        assert owners is not None
        assert seen == min(owners, limit)
    elsewhere = Workspace(HERE.workspace_id, uuid4(), "of another organization")
    assert one.role_in(elsewhere) is None
