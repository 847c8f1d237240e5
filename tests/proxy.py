"""A small reverse proxy, as operators put before haymow: it adds what proxies add, and passes everything else on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

_OF_THE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Proxy:
    """`prefix` is what it answers below; with `strips` haymow does not see it. `writes` is the header of its word.

    With `keeps_host` haymow sees the Host that the client wrote. `says` is the scheme that it says clients use.
    """

    prefix: str = ""
    strips: bool = False
    writes: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    keeps_host: bool = True
    says: str = "https"
    url: str = ""


@contextmanager
def before(port: int, proxy: Proxy, own_port: int = 0) -> Iterator[Proxy]:
    """The proxy before a server on a port of this machine, until the block ends; `url` is set."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            if not self.path.startswith(proxy.prefix):
                self.send_error(404)
                return
            path = self.path.removeprefix(proxy.prefix) or "/" if proxy.strips else self.path
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            self._answer(connection)
            connection.close()

        def _headers(self) -> Iterator[tuple[str, str]]:
            peer = self.client_address[0]
            own = f"127.0.0.1:{port}"
            yield "Host", (self.headers["host"] if proxy.keeps_host else own)
            for name, value in self.headers.items():
                if name.lower() not in _OF_THE_HOP | {"host"}:
                    yield name, value
            if proxy.writes == "x-forwarded":  # appended, as nginx and others do
                yield "X-Forwarded-For", peer
                yield "X-Forwarded-Proto", proxy.says
            else:
                yield "Forwarded", f"for={peer};proto={proxy.says}"

        def _answer(self, connection: HTTPConnection) -> None:
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_THE_HOP:
                    self.send_header(name, value)
            if answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", own_port), Handler) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}{proxy.prefix}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            server.shutdown()
