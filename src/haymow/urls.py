"""Addresses in definitions: which are acceptable, and the one host and port each of them means.

A URL is accepted only where every library must read it alike, so that the host haymow checks is the host that is
called. Which hosts may be called is decided elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

_MAX_LENGTH = 2048
_VISIBLE = re.compile(r"[!-~]+")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_CLEAR = "http://"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class UnusableUrl(ValueError):
    """The text is no address haymow accepts; the message says what to write, and repeats nothing of it."""


@lru_cache(maxsize=1024)  # every save asks where its definition calls, and most call one of a few
def host_and_port(url: str) -> str:
    """The destination of a URL as `host:port`, in the one spelling that hosts are compared in.

    Lower case, without a trailing dot; numeric hosts as dotted IPv4 (`127.1`, `0x7f.1`, `[::ffff:127.0.0.1]` are all
    `127.0.0.1`) or as bracketed, compressed IPv6; the port always written. Where everyone on the way could read along,
    `http://` stands in front: a secret for a host is not one for the same host without TLS. Raises UnusableUrl.
    """
    if len(url) > _MAX_LENGTH or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise UnusableUrl("Write the address in plain visible characters, without spaces or backslashes.")
    if "?" in url or "#" in url:
        raise UnusableUrl("Write the address without a query (?) and without a fragment (#).")
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in _DEFAULT_PORTS or not rest:
        raise UnusableUrl("The address must begin with https:// or http://.")
    return _authority(scheme.lower(), _netloc(url))


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # an unbalanced bracket
        raise UnusableUrl("The address has no valid host.") from None


def _authority(scheme: str, netloc: str) -> str:
    if "@" in netloc:
        raise UnusableUrl("An address holds no user name or password: name a secret instead.")
    match = _AUTHORITY.fullmatch(netloc)
    if match is None:
        raise UnusableUrl("The address has no valid host. Write a name outside ASCII in its xn-- form.")
    port = int(match[2]) if match[2] else _DEFAULT_PORTS[scheme]
    if not 1 <= port <= 65535:
        raise UnusableUrl("The port of an address is between 1 and 65535.")
    host = _host(match[1].lower())
    return f"{_CLEAR if scheme == 'http' and not _is_loopback(host) else ''}{host}:{port}"


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "[::1]") or host.startswith("127.")


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = text.removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # how browsers and resolvers tell numbers from names (WHATWG URL, 3.5)
        return _ipv4(labels)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnusableUrl("The address has no valid host.")
    return name


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise UnusableUrl("The address has no valid host.") from None
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"[{address.compressed}]"


def _ipv4(parts: list[str]) -> str:
    """One to four numbers, decimal, octal (0...) or hexadecimal (0x...); the last one fills what is left of 32 bits."""
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        raise UnusableUrl("The address has no valid host.") from None
    *leading, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        raise UnusableUrl("The address has no valid host.")
    high = sum(number << (24 - 8 * place) for place, number in enumerate(leading))
    return str(IPv4Address(high + last))


def _number(part: str) -> int:
    if not _NUMBER.fullmatch(part):
        raise ValueError
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)
