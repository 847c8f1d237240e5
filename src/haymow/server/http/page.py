"""The web page: its files, read once, and one document for all of the addresses that the page itself knows.

Only what was in the folder at the start is served, by its name in a table: no address is ever made a path.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from haymow.errors import NotFound
from haymow.server.http.conditions import accepts_gzip, is_listed
from haymow.server.http.requests import Request

ASSETS: Final = "/assets/"
"""Below it files have their content's hash in their names: what is there once stays what it is."""

_NOT_THE_PAGES: Final = {"api", "assets", "docs", "errors", "healthz", "openapi.json", "readyz"}
"""First parts of addresses that are the server's, whatever may be asked for there."""

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_AN_HOUR: Final = "public, max-age=3600"

_NONCE: Final = b"__CSP_NONCE__"
_PREFIX: Final = b"__PREFIX__"

_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY: Final = {".ico", ".png", ".woff2"}

_NOT_BUILT: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>haymow</title>
<style nonce="__CSP_NONCE__">body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}</style>
<h1>The page is not built</h1>
<p>This haymow runs from a checkout in which the page was not built yet. <code>make setup</code> builds it; start haymow
again then. The API is there all the same: <a href="./docs">its operations</a>."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_DOCUMENT_HEADERS: Final = {
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes, also packed when that saves anything."""

    media_type: str
    plain: bytes
    packed: bytes | None


_CHATS = "/api/v2/workspaces/{workspace_id}/openai/v1"


def _nothing_at(path: str) -> NotFound:
    """What there is instead, for the addresses that OpenAI's clients ask by themselves."""
    said = "There is nothing at this address."
    if "/openai/v1/models/" in path and path.startswith("/api/"):
        return NotFound(f"{said} A slash in a model's name is written %2F.")
    if "/openai/v1/" in path and path.startswith("/api/"):
        return NotFound(f"{said} Of OpenAI's operations haymow has chat/completions and models.")
    if path.startswith("/v1/") or path.endswith("/chat/completions"):
        return NotFound(f"{said} The base URL of an OpenAI client is that of haymow with {_CHATS}.")
    return NotFound(f"{said} /docs has those that there are.")


@dataclass(frozen=True, slots=True)
class Page:
    """Answers what no operation does. Raises NotFound for everything that is not the page's."""

    document: bytes
    files: Mapping[str, File]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if request.method not in ("GET", "HEAD"):
            raise _nothing_at(request.scope["path"])
        await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if (file := self.files.get(path)) is not None:
            return _file(file, path, request)
        # Who takes anything is a program, and gets a problem that it can read.
        is_wanted = is_listed(request.headers.get("accept"), "text/html")
        if path.lstrip("/").partition("/")[0] in _NOT_THE_PAGES or not is_wanted:
            raise _nothing_at(path)
        return self._document()

    def _document(self) -> Response:
        """Kept by nobody: its nonce is good for this once."""
        nonce = secrets.token_urlsafe(16)
        headers = {"content-security-policy": _POLICY.format(nonce), **_DOCUMENT_HEADERS}
        content = self.document.replace(_NONCE, nonce.encode())
        return Response(content, headers=headers, media_type="text/html")


def read_page(folder: Path, prefix: str = "") -> Page:
    """The page that was built into a folder; without one, a document that says how to build it.

    `prefix` is what stands before haymow's own addresses.
    """
    index = folder / "index.html"
    if not index.is_file():
        return Page(_at(_NOT_BUILT, prefix), {})
    files = {
        f"/{path.relative_to(folder).as_posix()}": _read(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _MEDIA_TYPES and path.is_file()
    }
    return Page(_at(index.read_bytes(), prefix), files)


def _at(document: bytes, prefix: str) -> bytes:
    """The document as it is found below a prefix, at whatever address of the page's: what it names is the root's."""
    return document.replace(b'="./', f'="{prefix}/'.encode()).replace(_PREFIX, prefix.encode())


def _read(path: Path) -> File:
    plain = path.read_bytes()
    packed = _packed(path, plain)
    return File(_MEDIA_TYPES[path.suffix], plain, packed if packed and len(packed) < len(plain) else None)


def _packed(path: Path, plain: bytes) -> bytes | None:
    beside = path.with_name(f"{path.name}.gz")
    if beside.is_file():  # the build packs scripts and style sheets
        return beside.read_bytes()
    return None if path.suffix in _PACKED_ALREADY else gzip.compress(plain, mtime=0)


def _file(file: File, path: str, request: Request) -> Response:
    headers = {"cache-control": _FOR_EVER if path.startswith(ASSETS) else _FOR_AN_HOUR}
    if file.packed is None:
        return Response(file.plain, headers=headers, media_type=file.media_type)
    headers["vary"] = "accept-encoding"
    if not accepts_gzip(request.headers.get("accept-encoding")):
        return Response(file.plain, headers=headers, media_type=file.media_type)
    return Response(file.packed, headers={**headers, "content-encoding": "gzip"}, media_type=file.media_type)
