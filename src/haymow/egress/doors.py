"""The one way out of a live generator: it connects to its definition's destination, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haymow.egress.policy import Egress, Target, blocked
from haymow.urls import UnusableUrl, host_and_port

_CLEAR: Final = "http://"


@dataclass(frozen=True, slots=True)
class Door:
    """Leads to `destination` (as `host_and_port` writes it) and nowhere else, as far as `egress` lets it.

    A definition's secrets were held to its destination. Its library is held to it here, when it connects.
    """

    egress: Egress
    destination: str

    def check(self, url: str) -> None:
        """Raises UpstreamFailed `blocked_by_policy` unless a URL leads to the destination."""
        try:
            leads_to = host_and_port(url.partition("?")[0])
        except UnusableUrl:
            raise blocked() from None
        if leads_to != self.destination:
            raise blocked()

    async def targets(self) -> list[Target]:
        """Where connections may be made to, resolved now. Raises as `Egress.targets` does."""
        host, _, port = self.destination.removeprefix(_CLEAR).rpartition(":")
        # Without TLS a loopback destination looks no different; it is never public, so it has to be allowed anyway.
        return await self.egress.targets(host, int(port), tls=not self.destination.startswith(_CLEAR))
