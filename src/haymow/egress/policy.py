"""The operator's policy: public addresses over TLS, and what is allowed beside them."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from haymow.egress.addresses import is_public
from haymow.egress.lookups import Lookups, Target
from haymow.errors import UpstreamFailed
from haymow.urls import UnusableUrl, host_and_port

BLOCKED: Final = "haymow's operator does not let it call this address. HAYMOW_EGRESS_ALLOW names what it may call."

_ANY_PORT: Final = re.compile(r"(.+):\*")


Allowance = tuple[str, int | None]
"""A host, as `host_and_port` writes it, and one port of it, or any."""

Resolve = Callable[[str, int], Awaitable[list[Target]]]


class MalformedAllowance(ValueError):
    """A part of the allowed list is no `host:port`; the message says what to write."""


def allowances(text: str) -> frozenset[Allowance]:
    """Read a comma-separated list of `host:port`, in which the port may be `*`. Raises MalformedAllowance."""
    return frozenset(_allowance(part.strip()) for part in text.split(",") if part.strip())


def _allowance(text: str) -> Allowance:
    any_port = _ANY_PORT.fullmatch(text)
    try:
        found = host_and_port(f"https://{any_port[1] if any_port else text}")
    except UnusableUrl:
        found = ""
    host, _, port = found.rpartition(":")
    if not host or ("/" in text) or not (any_port or text.endswith(f":{port}")):
        raise MalformedAllowance("Write host:port, several of them separated by commas, such as 127.0.0.1:11434.")
    return host, None if any_port else int(port)


@cache
def system_certificates() -> ssl.SSLContext:
    """TLS that trusts the system's certificate authorities; kept, for reading them takes 20 ms."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Egress:
    """Where haymow may connect to, and how: over TLS to what is public, and to what the operator allows.

    An allowed host may be in the clear and anywhere. A name that is not allowed itself may lead to an allowed address.
    `unpoliced` names the generators that the operator lets connect past all this, for haymow cannot hold them to it.
    `carried` gives the headers that a request carries beside its library's, if any are to; asked where it is sent.
    """

    allowed: frozenset[Allowance] = frozenset()
    resolve: Resolve = field(default_factory=Lookups)
    certificates: Callable[[], ssl.SSLContext] = system_certificates
    unpoliced: frozenset[str] = frozenset()
    carried: Callable[[], Mapping[str, str]] | None = None

    async def targets(self, host: str, port: int, *, tls: bool) -> list[Target]:
        """The addresses of a host, each of which may be connected to. Raises UpstreamFailed `blocked_by_policy`.

        And OSError when there is none. One address that is not allowed blocks them all: which of them would be
        taken is not ours to say.
        """
        found = await self.resolve(host.strip("[]"), port)
        if not found:
            raise OSError("no address")
        if not self._allows(host, port):
            self._check(found, port, tls)
        return found

    def _check(self, targets: Iterable[Target], port: int, tls: bool) -> None:
        if not all(
            self._allows(_written(found.address), port) or (tls and is_public(found.address)) for found in targets
        ):
            raise blocked()

    def _allows(self, host: str, port: int) -> bool:
        return (host, port) in self.allowed or (host, None) in self.allowed


def blocked() -> UpstreamFailed:
    """The refusal of a connection; the same whatever is there, so that it tells nothing of the network."""
    return UpstreamFailed(BLOCKED, code="blocked_by_policy")


def _written(address: str) -> str:
    """An address as hosts are written."""
    try:
        return host_and_port(f"https://[{address}]" if ":" in address else f"https://{address}").rpartition(":")[0]
    except UnusableUrl:  # one of a single link, with its interface
        return ""
