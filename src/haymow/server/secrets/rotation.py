"""Putting a new master key in the place of the old one, and new data keys, while haymow goes on.

Where it stands is read from the database and the key file alone, so it goes on after whatever ended it: the new key is
in the file, then the database says that it is in use, then each data key is under it (docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from haymow.errors import Conflict
from haymow.server.audit.rules import Actor, Record
from haymow.server.audit.service import record, subjects
from haymow.server.database import Database
from haymow.server.secrets import store
from haymow.server.secrets.cipher import Unreadable, WrappedKey
from haymow.server.secrets.master_keys import MasterKeys
from haymow.server.secrets.rules import StoredKey

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROTATED: Final = "master_key.rotated"
_RENEW: Final = "data_key.renew"
_FIRST: Final = UUID(int=0)
PORTION: Final = 100
"""Data keys looked at, or values encrypted anew, in one unit of work."""


class State(NamedTuple):
    """Where a rotation stands: whether the file has a key that is not in use, and data keys that are still to do."""

    is_prepared: bool
    left: int
    keys: int
    newest: str


class End(NamedTuple):
    """What the record says of the newest key: that all came under it, and which scopes had no new data key for it."""

    is_recorded: bool
    unrenewed: tuple[UUID, ...]


class Position(NamedTuple):
    """Where to go on: from this scope on, in the order of their ids, and in it from this value on."""

    scope: UUID = _FIRST
    secret: UUID = _FIRST


class Step(NamedTuple):
    """What a step did: data keys that are done, values encrypted anew; where to go on, None behind the last scope."""

    done: int
    values: int
    next: Position | None


@dataclass(frozen=True)
class Rotation:
    """Rotates the keys of one database, of which this process has a key file."""

    database: Database
    keys: MasterKeys
    now: Callable[[], datetime]
    portion: int = PORTION

    async def state(self) -> State:
        """Where it stands."""
        self.keys.refresh()
        return await self.database.scan(self._state)

    async def end(self) -> End:
        """Whether a rotation, in which nothing is left, came to its end."""
        self.keys.refresh()

        def look(connection: Connection) -> End:
            newest = self.keys.newest.key_id
            renewed = subjects(connection, _RENEW, newest)
            scopes = [row.scope_id for row in store.every_data_key(connection)]
            unrenewed = tuple(scope for scope in scopes if scope not in renewed)
            return End(bool(subjects(connection, _ROTATED, newest)), unrenewed)

        return await self.database.scan(look)

    async def prepare(self) -> State:
        """Write a new key into the key file, to be used when every server has got it. Raises Conflict, StartFailed."""
        state = await self.state()
        if state.is_prepared or state.left:
            raise Conflict("A new master key is there already. Go on with: haymow admin rotate-key")
        self.keys.add()
        return await self.state()

    async def activate(self, actor: Actor) -> None:
        """From now on, data keys are wrapped by the newest key of the file."""
        self.keys.refresh()

        def activate(connection: Connection) -> None:
            if not self._newest_is_active(connection):
                store.replace_key_check(connection, self.keys.check())
                self._record(connection, actor, None, "master_key.rotate", self.keys.newest.key_id)

        await self.database.write(activate)

    async def step(self, actor: Actor, start: Position, renew: bool) -> Step:
        """Put the next data keys under the newest master key; with `renew`, give the next scope a new one."""
        return await self._stepped(lambda connection: self._step(connection, actor, start, renew))

    async def again(self, actor: Actor, start: Position) -> Step:
        """Give this very scope a new data key, though it is under the newest master key already."""

        def again(connection: Connection) -> Step:
            rows = store.data_keys_from(connection, start.scope, 1)
            if not rows or rows[0].scope_id != start.scope:  # it is gone
                return Step(0, 0, None)
            return self._renewed(connection, actor, rows[0], self._within(rows[0], start), None)

        return await self._stepped(again)

    async def _stepped(self, unit: Callable[[Connection], Step]) -> Step:
        self.keys.refresh()

        def step(connection: Connection) -> Step:
            if not self._newest_is_active(connection):
                raise Conflict("The newest master key is not in use yet. Go on with: haymow admin rotate-key")
            return unit(connection)

        return await self.database.write(step, long=True)

    async def finish(self, actor: Actor) -> State:
        """Where it stands, and when nothing is left, an entry of that in the record.

        In a unit that writes: a data key that a server makes at this moment under the old key is not overlooked.
        """

        def finish(connection: Connection) -> State:
            state = self._state(connection)
            if not state.left and not state.is_prepared:
                self._record(connection, actor, None, _ROTATED, state.newest)
            return state

        return await self.database.write(finish, long=True)

    async def forget(self, actor: Actor) -> State:
        """Take the keys out of the file that nothing is under any more. Raises Conflict, StartFailed."""
        self.keys.refresh()

        def forget(connection: Connection) -> None:
            state = self._state(connection)
            if state.is_prepared or state.left:
                raise Conflict("The old master key is still needed. Finish first: haymow admin rotate-key")
            self._record(connection, actor, None, "master_key.forget", self.keys.newest.key_id)

        await self.database.write(forget, long=True)
        self.keys.keep_newest()
        return await self.state()

    # Units of work

    def _state(self, connection: Connection) -> State:
        newest = self.keys.newest
        left = sum(self._is_left(connection, row) for row in store.every_data_key(connection))
        return State(not self._newest_is_active(connection), left, self.keys.count, newest.key_id)

    def _newest_is_active(self, connection: Connection) -> bool:
        check = store.key_check(connection)
        return check is not None and self.keys.newest.passes(check)

    def _step(self, connection: Connection, actor: Actor, start: Position, renew: bool) -> Step:
        rows = store.data_keys_from(connection, start.scope, self.portion + 1)
        following = [*(Position(row.scope_id) for row in rows[1:]), None]
        done = 0
        for row, behind in zip(rows[: self.portion], following, strict=False):
            secret = self._within(row, start)
            if secret is None and not self._is_left(connection, row):
                continue
            if renew or secret is not None or self._is_half_renewed(connection, row):
                step = self._renewed(connection, actor, row, secret, behind)
                return step._replace(done=step.done + done)
            self._rewrap(connection, row)
            done += 1
        return Step(done, 0, following[self.portion - 1] if len(rows) > self.portion else None)

    def _within(self, row: StoredKey, start: Position) -> UUID | None:
        """From which value of the scope to go on, where a step before gave it a new data key."""
        if start.scope != row.scope_id or start.secret == _FIRST:
            return None
        parts = WrappedKey.of(row).parts()
        return start.secret if len(parts) > 1 and self.keys.newest.wraps(parts[0]) else None

    def _is_left(self, connection: Connection, row: StoredKey) -> bool:
        try:
            under_newest = all(self.keys.newest.wraps(part) for part in WrappedKey.of(row).parts())
        except Unreadable:
            return True
        return not under_newest or self._is_half_renewed(connection, row)

    def _is_half_renewed(self, connection: Connection, row: StoredKey) -> bool:
        """Whether values are still under a key that another one takes the place of."""
        parts = WrappedKey.of(row).parts()
        if len(parts) == 1 or len(parts) > _most_parts(row):
            return len(parts) > 1
        opened = self.keys.unwrap(WrappedKey.of(row))
        return not all(opened.is_under(sealed, place) for place, sealed in store.values_of(connection, row.scope_id))

    def _rewrap(self, connection: Connection, row: StoredKey) -> None:
        parts = [self._under_newest(part) for part in WrappedKey.of(row).parts()]
        store.replace_data_key(connection, row, row.version, b"".join(part.wrapped for part in parts))

    def _under_newest(self, part: WrappedKey) -> WrappedKey:
        return self.keys.newest.rewrap(part, self.keys.holder(part))

    def _renewed(
        self, connection: Connection, actor: Actor, row: StoredKey, secret: UUID | None, behind: Position | None
    ) -> Step:
        """A new data key, unless a step before has made it, and a portion of the scope's values under it.

        While values are under the key before, it stays behind the new one; an organization's stays until the next
        time, for answers that are kept under it for a day.
        """
        parts = WrappedKey.of(row).parts()
        has_begun = secret is not None or self._is_half_renewed(connection, row)
        if not has_begun or not self.keys.newest.wraps(parts[0]):
            new = self.keys.newest.new_data_key(row.scope_id, row.version + 1)
            parts = [new, *(self._under_newest(part) for part in parts)]
        version, wrapped = parts[0].version, b"".join(part.wrapped for part in parts)
        values, left = self._encrypt_anew(connection, WrappedKey(row.scope_id, version, wrapped), secret or _FIRST)
        if left is None:
            wrapped = b"".join(part.wrapped for part in parts[: _most_parts(row)])
            workspace_id = None if row.is_organizations else row.scope_id
            self._record(connection, actor, workspace_id, _RENEW, self.keys.newest.key_id)
        store.replace_data_key(connection, row, version, wrapped)
        return Step(left is None, values, behind if left is None else Position(row.scope_id, left))

    def _encrypt_anew(self, connection: Connection, key: WrappedKey, start: UUID) -> tuple[int, UUID | None]:
        """A portion of values, from one on, under a scope's new key: how many, and where to go on; None when all are.

        That all are is looked at once, at the end, whoever said where to go on: the key before goes then.
        """
        opened, scope_id = self.keys.unwrap(key), key.scope_id
        page = store.values_from(connection, scope_id, start, self.portion + 1)
        old = [(place, sealed) for place, sealed in page[: self.portion] if not opened.is_under(sealed, place)]
        anew = [(place, opened.encrypt(opened.decrypt(sealed, place), place)) for place, sealed in old]
        store.replace_ciphertexts(connection, anew)
        if len(page) > self.portion:
            return len(anew), page[-1][0].secret_id
        values = store.values_of(connection, scope_id) if start != _FIRST else ()
        return len(anew), None if all(opened.is_under(sealed, place) for place, sealed in values) else _FIRST

    def _record(
        self, connection: Connection, actor: Actor, workspace_id: UUID | None, action: str, key_id: str
    ) -> None:
        subject = workspace_id or actor.organization_id
        record(connection, Record(actor, workspace_id, action, subject, key_id, self.now()))


def _most_parts(row: StoredKey) -> int:
    return 2 if row.is_organizations else 1
