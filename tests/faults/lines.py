"""A TCP proxy before PostgreSQL: its lines can be cut, torn, left without an answer, or reset at a COMMIT."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from random import Random

_TEARS = 0.01
_SILENT = 0.1
_COMMIT = re.compile(rb"Q\x00\x00\x00\x0bCOMMIT\x00")
_PREPARED_COMMIT = re.compile(rb"P.{4}(\w+)\x00COMMIT\x00", re.DOTALL)
_RECORD = b"INSERT INTO audit"
_PREPARED_RECORD = re.compile(rb"P.{4}(\w+)\x00" + _RECORD, re.DOTALL)
_BOUND = re.compile(rb"B.{4}\x00(\w+)\x00", re.DOTALL)
_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class Way(Enum):
    """What becomes of what is sent."""

    OPEN = "passed on"
    CUT = "no connection, and those there were are reset"
    HOLE = "nothing comes back, and nobody says why"
    BEFORE_COMMIT = "the line is reset before the server has heard COMMIT"
    ANSWERED = "the line is cut, and stays so, right after the server has said that it committed"
    TORN = "now and then a line is reset behind some byte, or silent from there on"
    AFTER_COMMIT = "the line is reset after the server has committed, before it can say so"


@dataclass
class Line:
    """The proxy: `port` is its own, `to` the server's, which may become another one's.

    `caught` counts COMMITs, or tears. A COMMIT is one of somebody's change, which has a record in the audit: a server
    tidies up behind everybody's back, too.
    """

    to: int
    port: int = 0
    way: Way = Way.OPEN
    caught: int = 0
    at_commit: Callable[[], object] = lambda: None
    chance: Random = field(default_factory=lambda: Random(1))
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self) -> None:
        """Let nobody in, and reset every connection."""
        self.way = Way.CUT
        self.reset()

    def reset(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _reset(*pair)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        if self.way is Way.CUT:
            _reset(near)
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        with self._lock:
            self._pairs.append((near, far))
        talk = _Talk(self, near, far)
        threading.Thread(target=talk.back, daemon=True).start()
        talk.forth()


class _Talk:
    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self._line, self._near, self._far = line, near, far
        self._commits: set[bytes] = set()
        self._records: set[bytes] = set()
        self._is_change = False

    def forth(self) -> None:
        with suppress(OSError):
            while data := self._near.recv(65536):
                if self._asks_commit(data) and self._is_change and self._line.way is Way.BEFORE_COMMIT:
                    self._catch()
                    return
                if not self._passed_on(data, self._near, self._far):
                    break
        _reset(self._near, self._far)

    def back(self) -> None:
        with suppress(OSError):
            while data := self._far.recv(65536):
                committed = _COMMITTED in data and self._is_change
                if committed and self._line.way is Way.AFTER_COMMIT:
                    self._catch()
                    return
                self._is_change = self._is_change and not committed
                is_last = committed and self._line.way is Way.ANSWERED  # now: the test goes on when it is passed on
                if not self._passed_on(data, self._far, self._near):
                    break
                if is_last:
                    self._line.cut()
                    self._line.caught += 1  # last: who waits for it may open the line again
        _reset(self._near, self._far)

    def _passed_on(self, data: bytes, source: socket.socket, to: socket.socket) -> bool:
        """Whether the line is still there afterwards."""
        if self._line.way is Way.HOLE:
            return True
        chance = self._line.chance
        if self._line.way is not Way.TORN or chance.random() > _TEARS:
            to.sendall(data)
            return True
        self._line.caught += 1
        to.sendall(data[: chance.randrange(len(data))])
        if chance.random() < _SILENT:
            while source.recv(65536):
                pass
        return False

    def _asks_commit(self, data: bytes) -> bool:
        self._commits.update(_PREPARED_COMMIT.findall(data))
        self._records.update(_PREPARED_RECORD.findall(data))
        bound = _BOUND.findall(data)
        self._is_change = self._is_change or _RECORD in data or not self._records.isdisjoint(bound)
        return bool(_COMMIT.search(data)) or not self._commits.isdisjoint(bound)

    def _catch(self) -> None:
        self._line.caught += 1
        self._line.at_commit()
        _reset(self._near, self._far)


def _reset(*sockets: socket.socket) -> None:
    """Close without a word of good-bye: the other side hears RST."""
    for one in sockets:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RD)  # wakes who waits for it
        with suppress(OSError):
            one.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A proxy before a server of this machine, until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        line = Line(port, listener.getsockname()[1])
        threading.Thread(target=line.serve, args=(listener,), daemon=True).start()
        try:
            yield line
        finally:
            line.cut()
