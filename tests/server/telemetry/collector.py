"""A collector of traces: an HTTP server that decodes OTLP's protobuf."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.waiting import wait_until


class Collector:
    """What an OTLP collector hears: `spans` by name and `resources`; `headers` of each request, `raw` its bytes."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.raw = b""

    def hear(self, headers: dict[str, str], body: bytes) -> None:
        body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.headers.append(headers)
        self.raw += body
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append({one.key: one.value.string_value for one in part.resource.attributes})
            self.spans += [span for scope in part.scope_spans for span in scope.spans]

    def of(self, request_id: str) -> list[Any]:
        """The spans of a request, its own first."""
        own = [span for span in self.spans if attributes(span).get("haymow.request_id") == request_id]
        return [*own, *(self.below(own[0]) if own else ())]

    def below(self, span: Any) -> list[Any]:
        """Its children."""
        return [one for one in self.spans if one.parent_span_id == span.span_id]


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector, and where it is, until the block ends."""
    heard = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.hear({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield heard, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def told(endpoint: str) -> dict[str, str]:
    """What a server is told, so that it sends its traces there."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=canary-otel",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
    }


def spans_of(collector: Collector, answer: httpx.Response) -> list[Any]:
    """The spans of an answer, which come a little later than it: its own, then those right below."""
    request_id = answer.headers["x-request-id"]
    wait_until(lambda: collector.of(request_id) != [])
    return collector.of(request_id)
