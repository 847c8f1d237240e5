"""The one way out of a live generator: it connects to its definition's destination, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haymow.egress.lookups import Target
from haymow.egress.policy import Egress, blocked
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
        if _host_and_port(url.partition("?")[0]) != self.destination:
            raise blocked()

    async def targets(self, host: str, port: int) -> list[Target]:
        """Where a connection to `host` may be made to, resolved now. Raises as `check` and `Egress.targets` do."""
        written = f"[{host}]" if ":" in host and not host.startswith("[") else host
        destination = self.destination.removeprefix(_CLEAR)
        if _host_and_port(f"https://{written}:{port}") != destination:
            raise blocked()
        # Without TLS a loopback destination looks no different; it is never public, so it has to be allowed anyway.
        tls = destination == self.destination
        return await self.egress.targets(destination.rpartition(":")[0], port, tls=tls)


def _host_and_port(url: str) -> str | None:
    try:
        return host_and_port(url)
    except UnusableUrl:
        return None
