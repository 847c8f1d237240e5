"""Where haymow is seen from outside: its public address, and the proxies whose word about a client is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]

HEADERS: Final = ("x-forwarded", "forwarded")
"""Which header a proxy writes. The other one may be a client's own, passed on."""

RESERVED: Final = frozenset({"api", "assets", "docs", "errors", "healthz", "metrics", "openapi.json", "readyz"})
"""First parts of haymow's own addresses: below one of them a prefix could not be told from them."""

MOST_HOPS: Final = 32

_PUBLIC: Final = re.compile(
    r"(https?://(?:[a-z0-9](?:[a-z0-9.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?)((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/?"
)
_PORT: Final = re.compile(r"\[(.+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")
_PAIR: Final = re.compile(r'\s*([A-Za-z-]+)\s*=\s*(?:"([^"\\]*)"|([^\s;,"]*))\s*')


class PublicUrl(NamedTuple):
    """What clients write: `origin` such as https://models.example.com, `prefix` such as /haymow, or "" ."""

    origin: str
    prefix: str


class Malformed(ValueError):
    """It cannot be meant; the message says what to write."""


def public_url(text: str) -> PublicUrl:
    """Read an address. Raises Malformed."""
    found = _PUBLIC.fullmatch(text)
    if found is None:
        raise Malformed("Write an address such as https://models.example.com/haymow, without a query.")
    if found[2].strip("/").partition("/")[0] in RESERVED:
        raise Malformed("Its path begins as addresses of haymow's own do. Choose another.")
    return PublicUrl(found[1], found[2])


def networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks, separated by commas. Raises Malformed."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        message = "Write addresses or networks separated by commas, such as 10.0.0.5,10.1.0.0/16,fd00::/8."
        raise Malformed(message) from None


@dataclass(frozen=True, slots=True)
class Outside:
    """`public` is None where clients reach haymow by whatever they write; nobody is `trusted` unless named."""

    public: PublicUrl | None = None
    trusted: tuple[Network, ...] = ()
    header: str = HEADERS[0]

    @property
    def prefix(self) -> str:
        """What stands before every address of haymow's; "" for nothing."""
        return self.public.prefix if self.public else ""

    def told(self, peer: str, headers: Headers) -> tuple[str, str | None]:
        """The client of a request and the scheme it used, by the word of its trusted proxies.

        Hops are followed from this server outwards for as long as each of them is trusted: what stands beyond the
        first who is not, anybody may have written. None: nobody who is trusted says anything of the scheme.
        """
        if not self._trusts(peer):
            return peer, None
        hops, scheme = (_x_forwarded if self.header == HEADERS[0] else _forwarded)(headers)
        client = peer
        for hop in reversed(hops[-MOST_HOPS:]):
            address = _address(hop)
            if address is None:
                break
            client = str(address)
            if not self._trusts(client):
                break
        return client, scheme if scheme in ("http", "https") else None

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.trusted)


def _x_forwarded(headers: Headers) -> tuple[Sequence[str], str | None]:
    hops: list[str] = []
    schemes: list[str] = []
    for name, value in headers:
        if name == b"x-forwarded-for":
            hops += value.decode("latin-1").split(",")
        elif name == b"x-forwarded-proto":
            schemes += value.decode("latin-1").split(",")
    return hops, schemes[-1].strip().lower() if schemes else None


def _forwarded(headers: Headers) -> tuple[Sequence[str], str | None]:
    """RFC 7239. An element that is not as it should be names nobody: hops beyond it are not followed."""
    elements = [part for name, value in headers if name == b"forwarded" for part in value.decode("latin-1").split(",")]
    found = [_pairs(element) for element in elements]
    return [one.get("for", "") for one in found], found[-1].get("proto", "").lower() if found else None


def _pairs(element: str) -> dict[str, str]:
    pairs = [_PAIR.fullmatch(part) for part in element.split(";") if part.strip()]
    if not all(pairs):
        return {}
    return {pair[1].lower(): pair[2] if pair[2] is not None else pair[3] for pair in pairs if pair}


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, without the port that some proxies add; None for anything else."""
    text = text.strip()
    with_port = _PORT.fullmatch(text)
    try:
        address = ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return None
    if address.version == 6 and address.scope_id:
        return None
    return getattr(address, "ipv4_mapped", None) or address
