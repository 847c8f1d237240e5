"""Sessions of the page: what they may, and when they end. With a clock that is set."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from haymow.errors import Denied, NotFound
from haymow.server.access import rules, sessions
from haymow.server.access.rules import Kind, Role
from haymow.server.access.tokens import NewToken
from haymow.server.audit.rules import Filters
from haymow.server.audit.service import Audit
from tests import looking
from tests.server.access.rooms import Rooms, refusal_of, run


def test_a_session_may_what_its_token_may(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        here, there = [await rooms.access.create_workspace(admin, name) for name in ("here", "there")]
        limited = NewToken("t", Role.EDITOR, workspace_id=here.workspace_id)
        session, _ = await rooms.begin_with_token(await rooms.text(admin, limited), "test")
        assert (session.role_in(here), session.role_in(there)) == (Role.EDITOR, None)
        assert session.person == admin.person
        with pytest.raises(Denied):
            session.role_in_organization()

    run(test())


def test_a_session_ends_after_twelve_hours_also_while_it_is_remembered(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        session, cookie = await rooms.begin_with_token(await rooms.text(admin, NewToken("t")), "test")
        assert session.expires_at == rooms.clock.time + timedelta(hours=12)
        rooms.clock.advance(hours=12, microseconds=-1)
        await rooms.signed_in(cookie)
        rooms.clock.advance(microseconds=1)
        assert await refusal_of(rooms.signed_in(cookie)) == "session_ended"

    run(test())


def test_a_session_ends_with_its_token_when_that_is_earlier(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        end = rooms.clock.time + timedelta(minutes=5)
        text = await rooms.text(admin, NewToken("t", expires_at=end))
        session, _ = await rooms.begin_with_token(text, "test")
        assert session.expires_at == end

    run(test())


def test_a_session_ends_when_its_token_is_revoked_and_no_other_does(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        made = [await rooms.tokens.create(admin, NewToken("t")) for _ in range(2)]
        cookies = [(await rooms.begin_with_token(text, "test"))[1] for _, text in made]
        await rooms.tokens.revoke(admin, made[0][0].token_id)
        assert await refusal_of(rooms.signed_in(cookies[0])) == "session_ended"
        assert (await rooms.signed_in(cookies[1])).person == admin.person

    run(test())


def test_a_session_ends_when_its_person_or_its_workspace_goes(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        here = await rooms.access.create_workspace(admin, "here")
        person = await rooms.member(admin, Role.EDITOR)
        cookies = [
            (await rooms.begin_with_token(await rooms.text(admin, wanted), "test"))[1]
            for wanted in (NewToken("t", user_id=person.user_id), NewToken("t", workspace_id=here.workspace_id))
        ]
        await rooms.access.remove_member(admin, person.user_id)
        await rooms.access.delete_workspace(admin, here, force=False)
        for cookie in cookies:
            assert await refusal_of(rooms.signed_in(cookie)) == "session_ended"

    run(test())


def test_a_session_follows_its_persons_role(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        person = await rooms.member(admin, Role.EDITOR)
        text = await rooms.text(admin, NewToken("t", Role.ADMIN, user_id=person.user_id))
        _, cookie = await rooms.begin_with_token(text, "test")
        await rooms.access.set_role(admin, person.user_id, Role.USER)
        assert (await rooms.signed_in(cookie)).role_in_organization() is Role.USER

    run(test())


def test_a_token_is_no_cookie_no_cookie_a_token_and_a_code_is_neither(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        text = await rooms.text(admin, NewToken("t"))
        _, cookie = await rooms.begin_with_token(text, "test")
        code = await rooms.sessions.link("a link", "test")
        for kind, right in ((Kind.TOKEN, text), (Kind.SESSION, cookie)):
            for one in {text, cookie, code} - {right}:
                await refusal_of(rooms.access.authenticate(one, "test", kind))
        for one in (text, cookie):
            assert await refusal_of(rooms.begin_with_code(one, "test")) == "link_used"
        for one in (cookie, code):
            assert await refusal_of(rooms.begin_with_token(one, "test")) == "unauthenticated"

    run(test())


def test_a_digest_is_of_one_kind_whatever_the_text() -> None:
    """Nobody writes a token whose digest is that of a cookie by putting a word before it."""
    texts = ["x", *(f"{kind}{colon}x" for kind in Kind for colon in ("", ":", " "))]
    digests = [rules.token_digest(text, kind) for text in texts for kind in Kind]
    assert len(set(digests)) == len(digests)


def test_neither_cookie_nor_code_is_kept(rooms: Rooms, tmp_path: Path) -> None:
    async def test() -> None:
        await rooms.admin()
        code = await rooms.sessions.link("a link", "test")
        _, cookie = await rooms.begin_with_code(code, "test")
        kept = looking.contents(tmp_path)
        assert rules.token_digest(cookie, Kind.SESSION) in kept
        for text in (code, cookie):
            assert text.encode() not in kept

    run(test())


def test_neither_sessions_nor_links_are_among_the_tokens(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        session, cookie = await rooms.begin_with_token(await rooms.text(admin, NewToken("mine")), "test")
        await rooms.sessions.link("a link", "test")
        assert {token.name for token in (await rooms.tokens.list(admin)).rows} == {"first start", "test", "mine"}
        assert session.token_id is not None
        with pytest.raises(NotFound):
            await rooms.tokens.revoke(admin, session.token_id)
        await rooms.signed_in(cookie)

    run(test())


def test_a_session_makes_tokens_that_last_as_long_as_its_own_token_would(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        session, _ = await rooms.begin_with_token(await rooms.text(admin, NewToken("t")), "test")
        assert (await rooms.tokens.create(session, NewToken("for ever")))[0].expires_at is None
        end = rooms.clock.time + timedelta(days=30)
        brief = await rooms.text(admin, NewToken("brief", expires_at=end))
        session, _ = await rooms.begin_with_token(brief, "test")
        assert (await rooms.tokens.create(session, NewToken("t", expires_at=end)))[0].expires_at == end
        for later in (None, end + timedelta(seconds=1)):
            with pytest.raises(Denied) as caught:
                await rooms.tokens.create(session, NewToken("t", expires_at=later))
            assert caught.value.code == "scope_too_wide"

    run(test())


def test_signing_out_ends_the_session_and_no_other_and_may_be_done_again(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        text = await rooms.text(admin, NewToken("t"))
        cookies = [(await rooms.begin_with_token(text, "test"))[1] for _ in range(2)]
        for _ in range(2):
            await rooms.sessions.end(cookies[0], "test")
            assert await refusal_of(rooms.signed_in(cookies[0])) == "session_ended"
        await rooms.signed_in(cookies[1])
        await rooms.access.authenticate(text, "test")

    run(test())


def test_what_is_over_is_removed_when_a_session_begins(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        text = await rooms.text(admin, NewToken("t"))
        await rooms.sessions.link("a link", "test")
        await rooms.begin_with_token(text, "test")
        tokens = len((await rooms.tokens.list(admin)).rows)
        rooms.clock.advance(hours=24)
        await rooms.begin_with_token(text, "test")
        rows = await rooms.database.read(
            lambda connection: connection.exec_driver_sql("SELECT count(*) FROM tokens").scalar()
        )
        assert rows == tokens + 1

    run(test())


def test_however_many_are_over_only_some_go_with_each_that_begins(rooms: Rooms) -> None:
    """All at once they would take longer than a unit of work may: nobody could sign in any more."""

    async def test() -> None:
        admin = await rooms.admin()
        text = await rooms.text(admin, NewToken("t"))
        for _ in range(6):
            await rooms.begin_with_token(text, "test")
        rooms.clock.advance(hours=24)
        left = []
        for _ in range(3):
            await rooms.begin_with_token(text, "test")
            left.append(looking.rows(rooms.folder, "SELECT count(*) FROM tokens WHERE kind = 'session'")[0][0])
        assert left == [5, 4, 3]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sessions, "MOST_REMOVED", 2)
        run(test())


def test_a_token_has_so_many_sessions_and_the_next_one_ends_the_oldest(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoking it ends all of them at once: of any number it would take longer than it may, and never be done."""
    monkeypatch.setattr(sessions, "MOST_OF_TOKEN", 3)

    async def test() -> None:
        admin = await rooms.admin()
        text, other = [await rooms.text(admin, NewToken(name)) for name in ("t", "other")]
        (_, kept) = await rooms.begin_with_token(other, "test")
        cookies = []
        for _ in range(5):
            rooms.clock.advance(seconds=1)
            cookies.append((await rooms.begin_with_token(text, "test"))[1])
        for cookie in cookies[:2]:
            assert await refusal_of(rooms.signed_in(cookie)) == "session_ended"
        for cookie in (*cookies[2:], kept):
            assert (await rooms.signed_in(cookie)).person == admin.person
        page = await Audit(rooms.database).page(admin.organization_id, None, Filters("session.delete"), None, 10)
        assert len(page.entries) == 2

    run(test())


def test_beginning_and_ending_are_recorded_without_cookie_and_code(rooms: Rooms) -> None:
    async def test() -> None:
        admin = await rooms.admin()
        token, text = await rooms.tokens.create(admin, NewToken("the name"))
        code = await rooms.sessions.link("a link", "start")
        by_code, first = await rooms.begin_with_code(code, "192.0.2.1")
        by_token, second = await rooms.begin_with_token(text, "192.0.2.2")
        await rooms.sessions.end(second, "192.0.2.3")
        page = await Audit(rooms.database).page(admin.organization_id, None, Filters(), None, 100)
        newest = [entry.record for entry in page.entries[:4]]
        assert [(one.action, one.subject_name, one.actor.source) for one in newest] == [
            ("session.delete", "the name", "192.0.2.3"),
            ("session.create", "the name", "192.0.2.2"),
            ("session.create", "a link", "192.0.2.1"),
            ("link.create", "a link", "start"),
        ]
        ended, begun, linked, link = newest
        assert (ended.subject_id, begun.subject_id, linked.subject_id) == (
            by_token.token_id, by_token.token_id, by_code.token_id
        )  # fmt: skip
        assert (begun.actor.token_id, linked.actor.token_id) == (token.token_id, link.subject_id)
        for secret in (code, first, second):
            assert secret not in repr(page)

    run(test())
