"""Ports of this machine."""

from __future__ import annotations

import os
import socket
from random import SystemRandom

_FROM, _TO = 20_000, 32_000
"""Below those that systems give to who asks for any port, as most servers of tests do, and every client."""
_chance = SystemRandom()  # which nobody seeds
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given until it is used, however long that takes."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))  # the other one takes the other half
    while True:
        port = _chance.randrange(_FROM, _TO, 2) + worker % 2
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
