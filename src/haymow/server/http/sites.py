"""Whose page makes a browser send a request: what keeps a session's cookie from being used by another site (CSRF).

A client that is no browser sends none of these headers, and no cookie that it was not given.
"""

from __future__ import annotations

from typing import Final, cast

from starlette.requests import Request

from haymow.errors import Denied
from haymow.server.outside import Outside

_READING: Final = {"GET", "HEAD", "OPTIONS"}


def check_site(request: Request) -> None:
    """Raises Denied unless haymow's own page makes the request, provably when it changes something.

    `Sec-Fetch-Site` is the browser's word, which no page can write. Browsers leave it out towards a plain HTTP address
    that is not this machine; there `Origin` has to name the host that was asked.
    """
    site = request.headers.get("sec-fetch-site")
    if request.method in _READING:
        allowed = site in (None, "same-origin", "none")
    else:
        allowed = site == "same-origin" or (site is None and _is_of_own_origin(request))
    if not allowed:
        message = "A browser's session is for haymow's own page. Send an API token from anywhere else."
        raise Denied(message, code="cross_site")


def outside_of(request: Request) -> Outside:
    """Where clients find haymow, as the operator says."""
    return cast(Outside, request.scope.get("haymow.outside") or Outside())


def own_address(request: Request) -> str:
    """haymow's address as the operator says or else as this client wrote it: the gate has looked at the Host."""
    public = outside_of(request).public
    url = request.url
    return f"{public.origin}{public.prefix}" if public else f"{url.scheme}://{url.netloc}"


def came_by_https(request: Request) -> bool:
    """Whether the browser reached haymow by TLS, of which a proxy may have been the end."""
    return request.url.scheme == "https" or _origin(request).startswith("https://")


def _is_of_own_origin(request: Request) -> bool:
    origin, public = _origin(request), outside_of(request).public
    if public and origin == public.origin:
        return True  # a proxy may have put another Host in its place
    _, _, host = origin.partition("://")
    return host != "" and host == request.headers.get("host", "").lower()


def _origin(request: Request) -> str:
    return request.headers.get("origin", "").lower()
