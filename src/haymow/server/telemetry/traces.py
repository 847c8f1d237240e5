"""Traces by OpenTelemetry: a request, its units of work with their statements, its calls to providers, as OTLP.

The only importer of opentelemetry, and that when the operator says where traces go. Attributes are ids, routes,
statuses, classes and SQL without its parameters: no value, address or body that was sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from haymow.errors import HaymowError
from haymow.server.telemetry.seen import Seen
from haymow.server.telemetry.statements import Whose

SHUTDOWN_SECONDS: Final = 3.0
"""How long the last spans may take to get out."""

_PARENT: Final = {b"traceparent": "traceparent", b"tracestate": "tracestate"}
_IDS: Final = ("user_id", "workspace_id", "model_id")
_CONTEXT: Final = TraceContextTextMapPropagator()


class Tracing:
    """All traces of this process."""

    def __init__(self, version: str, environ: Mapping[str, str]) -> None:
        """Built while the process's environment has the OTEL_* of `environ`, which the SDK reads by itself."""
        own = {"service.version": version}
        if "OTEL_SERVICE_NAME" not in environ and "service.name" not in environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
            own["service.name"] = "haymow"
        self._provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("haymow", version)

    def begin(self, seen: Seen, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """A request begins, as part of the trace that its client names, if it names one."""
        carrier = {_PARENT[name]: value.decode("latin-1") for name, value in headers if name in _PARENT}
        parent = _CONTEXT.extract(carrier) if carrier else None
        span = self._tracer.start_span("request", parent, SpanKind.SERVER)
        seen.trace = Trace(self._tracer, span)

    def end(self, seen: Seen) -> None:
        """It is over."""
        if isinstance(seen.trace, Trace):
            seen.trace.end(seen)

    def close(self) -> None:
        """Send what is left, if that does not take long."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(SHUTDOWN_SECONDS)


class Trace:
    """The part of a trace that one request is."""

    def __init__(self, tracer: Tracer, span: OtelSpan) -> None:
        self._tracer = tracer
        self._span = span
        self._inside = set_span_in_context(span)

    def database(self, kind: str) -> UnitSpan:
        """A unit of work begins."""
        return UnitSpan(self._tracer, self._tracer.start_span(f"database {kind}", self._inside))

    def upstream(self, generator: str, host: str | None) -> Span:
        """A call to a provider begins."""
        attributes = {"haymow.generator": generator, **({"server.address": host} if host else {})}
        span = self._tracer.start_span(f"chat {generator}", self._inside, SpanKind.CLIENT, attributes)
        return Span(span)

    def end(self, seen: Seen) -> None:
        span = self._span
        span.update_name(f"{seen.method} {seen.route}")
        span.set_attributes({
            "http.request.method": seen.method,
            "http.route": seen.route,
            "http.response.status_code": seen.status,
            "haymow.request_id": seen.request_id,
        })  # fmt: skip
        for name in _IDS:
            if (value := getattr(seen, name)) is not None:
                span.set_attribute(f"haymow.{name}", str(value))
        if seen.revision is not None:
            span.set_attribute("haymow.revision", seen.revision)
        if seen.code is not None:
            span.set_attribute("error.type", seen.code)
        if seen.status >= 500 or not seen.whole:
            span.set_status(Status(StatusCode.ERROR))
        span.end()


class Span:
    """A part of a request."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def failed(self, error: BaseException) -> None:
        """What it is for raises; an exception's words may repeat what was sent."""
        self._failed(error.code if isinstance(error, HaymowError) else type(error).__name__)

    def _failed(self, error_type: str) -> None:
        self._span.set_attribute("error.type", error_type)
        self._span.set_status(Status(StatusCode.ERROR))

    def answered(self, status: int | None, outcome: str, is_ok: bool) -> None:
        """How a call to a provider ended."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if not is_ok:
            self._failed(outcome)

    def headers(self) -> dict[str, str]:
        """What a request carries to be part of it."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier, set_span_in_context(self._span))
        return carrier

    def end(self) -> None:
        self._span.end()


class UnitSpan(Span):
    """A unit of work, below which its statements are."""

    def __init__(self, tracer: Tracer, span: OtelSpan) -> None:
        super().__init__(span)
        self._tracer = tracer
        self._inside = set_span_in_context(span)

    @property
    def is_kept(self) -> bool:
        """Whether a sampler has left it in."""
        return self._span.is_recording()

    @contextmanager
    def statement(self, text: str, summary: str, whose: Callable[[], Whose]) -> Iterator[None]:
        """A statement runs, for as long as the block does."""
        attributes = {**whose(), "db.query.summary": summary, "db.query.text": text}
        span = _StatementSpan(self._tracer.start_span(summary, self._inside, SpanKind.CLIENT, attributes))
        try:
            yield
        except BaseException as error:
            span.failed(error)
            raise
        finally:
            span.end()


class _StatementSpan(Span):
    def failed(self, error: BaseException) -> None:
        """A database's own code is what there is to say: PostgreSQL's SQLSTATE, SQLite's by its name."""
        own = getattr(error, "orig", error)  # the driver's, where SQLAlchemy has wrapped it
        code = getattr(own, "sqlstate", None) or getattr(own, "sqlite_errorname", None)
        if code is None:
            super().failed(error)
            return
        self._span.set_attribute("db.response.status_code", code)
        self._failed(code)
