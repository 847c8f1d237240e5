"""Which addresses are public: reachable by everyone, and so no way into a network that haymow stands in."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

# What ipaddress calls global, or did until late patch releases, and what a call must not reach all the same.
_CLOSED_4: Final = tuple(
    map(
        IPv4Network,
        (
            "168.63.129.16/32",  # Azure's host, which answers the machines on it with their metadata
            "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        ),
    )
)
_CLOSED_6: Final = tuple(
    map(
        IPv6Network,
        (
            "64:ff9b:1::/48",  # local NAT64 (RFC 8215)
            "2001::/23",  # protocol assignments, Teredo among them: they may hold an IPv4 address
            "2002::/16",  # 6to4: holds an IPv4 address (RFC 3056)
            "3fff::/20",  # documentation (RFC 9637)
            "5f00::/16",  # segment routing (RFC 9602)
            "fec0::/10",  # a site's own, as people numbered before fc00::/7 (RFC 3879)
        ),
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=1024)
def is_public(text: str) -> bool:
    """Whether an address is a public one; an IPv6 address that stands for an IPv4 address is as public as that one."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return _is_open(address, _CLOSED_4)
    inner = _ipv4_of(address)
    return _is_open(inner, _CLOSED_4) if inner is not None else _is_open(address, _CLOSED_6)


def _is_open(address: IPv4Address | IPv6Address, closed: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in closed)


def _ipv4_of(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
