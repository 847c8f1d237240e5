"""The hosts a secret may be sent to: how people write them, and whether they cover where a definition calls."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from haymow.urls import UnusableUrl, host_and_port

_CLEAR: Final = "http://"  # in front of a host that is reached without TLS


def host_of(text: str) -> str:
    """`host:port` in the spelling of `haymow.generators.host_and_port`; the port is 443 when none is given.

    `*.` in front stands for one label, as in a TLS certificate (RFC 9525, section 6.3). Raises UnusableUrl.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "https", text
    if "/" in rest or scheme.lower() not in ("http", "https"):
        raise UnusableUrl("A host has no path, and no scheme but https:// or, without TLS, http://.")
    name = rest.removeprefix("*.")
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    host = host_and_port(f"{scheme.lower()}://{name}")
    if name == rest or name == f"[{rest}]":
        return host
    labels = host.rpartition(":")[0].split(".")
    if len(labels) < 2 or host.startswith("[") or labels[-1].isdigit():
        raise UnusableUrl("A wildcard stands before a domain of at least two labels.")
    clear = _CLEAR if host.startswith(_CLEAR) else ""
    return f"{clear}*.{host.removeprefix(clear)}"


def admits(hosts: Collection[str] | None, destination: str) -> bool:
    """Whether a secret with these hosts may be sent to `destination` (`host:port`); an unbound one goes nowhere.

    Where the exact host is known only to a library, the destination has a `*` too; it is then held to the same `*`.
    """
    return hosts is not None and any(_covers(host, destination) for host in hosts)


def _covers(host: str, destination: str) -> bool:
    if "*" not in host:
        return host == destination
    if host.startswith(_CLEAR) is not destination.startswith(_CLEAR):
        return False
    host, destination = host.removeprefix(_CLEAR), destination.removeprefix(_CLEAR)
    labels, others = host.split("."), destination.split(".")
    return len(labels) == len(others) and all(map(_covers_label, labels, others))


def _covers_label(label: str, other: str) -> bool:
    return label == other or (label == "*" and other != "")
