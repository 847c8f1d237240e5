"""Starlette's request, with its headers found by name: an update asks for ten, and each was a search through all."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request as StarletteRequest
from starlette.types import Receive, Scope, Send


class Request(StarletteRequest):
    """A request whose `headers` are indexed."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._headers = _Indexed(raw=scope["headers"])

    @property
    def headers(self) -> Headers:
        return self._headers


class _Indexed(Headers):
    """Header fields by name; the first of several of one name is the one that `get` gives, as Starlette's does."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))

    def get(self, key: str, default: Any = None) -> Any:
        value = self._first.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        return super().getlist(key) if key.lower().encode("latin-1") in self._first else []
