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
PORTION: Final = 100
"""Data keys looked at, or values encrypted anew, in one unit of work."""


class State(NamedTuple):
    """Where a rotation stands: whether the file has a key that is not in use, and data keys that are still to do."""

    is_prepared: bool
    left: int
    keys: int
    newest: str


class End(NamedTuple):
    """What the record says of the newest key: that all came under it, and that every data key was renewed for it."""

    is_recorded: bool
    is_renewed: bool


class Step(NamedTuple):
    """What a step did: data keys looked at and those of them that were done, values encrypted anew, where to go on.

    `after` is the last scope that is done, and None behind the last one.
    """

    seen: int
    done: int
    values: int
    after: UUID | None


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
            whole = all(row.scope_id in renewed for row in store.every_data_key(connection))
            return End(bool(subjects(connection, _ROTATED, newest)), whole)

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

    async def step(self, actor: Actor, after: UUID | None, renew: bool) -> Step:
        """Put the next data keys under the newest master key; with `renew`, give the next scope a new one."""
        self.keys.refresh()

        def step(connection: Connection) -> Step:
            if not self._newest_is_active(connection):
                raise Conflict("The newest master key is not in use yet. Go on with: haymow admin rotate-key")
            return self._step(connection, actor, after, renew)

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

    def _step(self, connection: Connection, actor: Actor, after: UUID | None, renew: bool) -> Step:
        rows = store.data_keys_after(connection, after, self.portion)
        done = 0
        for seen, row in enumerate(rows, start=1):
            if not self._is_left(connection, row):
                continue
            if renew or self._is_half_renewed(connection, row):
                values, is_whole = self._renew(connection, actor, row)
                last = row.scope_id if is_whole else rows[seen - 2].scope_id if seen > 1 else after
                return Step(seen - (not is_whole), done + is_whole, values, last or _FIRST)
            self._rewrap(connection, row)
            done += 1
        return Step(len(rows), done, 0, rows[-1].scope_id if len(rows) == self.portion else None)

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

    def _renew(self, connection: Connection, actor: Actor, row: StoredKey) -> tuple[int, bool]:
        """A new data key, and a portion of the scope's values under it; how many, and whether they were the last.

        While values are under the key before, it stays behind the new one; an organization's stays until the next
        time, for answers that are kept under it for a day.
        """
        parts = WrappedKey.of(row).parts()
        if not self.keys.newest.wraps(parts[0]):
            new = self.keys.newest.new_data_key(row.scope_id, row.version + 1)
            parts = [new, *(self._under_newest(part) for part in parts)]
        version, wrapped = parts[0].version, b"".join(part.wrapped for part in parts)
        values, is_whole = self._encrypt_anew(connection, WrappedKey(row.scope_id, version, wrapped))
        if is_whole:
            wrapped = b"".join(part.wrapped for part in parts[: _most_parts(row)])
            workspace_id = None if row.is_organizations else row.scope_id
            self._record(connection, actor, workspace_id, _RENEW, self.keys.newest.key_id)
        store.replace_data_key(connection, row, version, wrapped)
        return values, is_whole

    def _encrypt_anew(self, connection: Connection, key: WrappedKey) -> tuple[int, bool]:
        opened, portion = self.keys.unwrap(key), []
        for place, ciphertext in store.values_of(connection, key.scope_id):
            if not opened.is_under(ciphertext, place):
                portion.append((place, opened.encrypt(opened.decrypt(ciphertext, place), place)))
            if len(portion) == self.portion:
                break
        store.replace_ciphertexts(connection, portion)
        return len(portion), len(portion) < self.portion

    def _record(
        self, connection: Connection, actor: Actor, workspace_id: UUID | None, action: str, key_id: str
    ) -> None:
        subject = workspace_id or actor.organization_id
        record(connection, Record(actor, workspace_id, action, subject, key_id, self.now()))


_FIRST: Final = UUID(int=0)
"""Before every scope: where a scope is to be gone on with that is the first."""


def _most_parts(row: StoredKey) -> int:
    return 2 if row.is_organizations else 1
