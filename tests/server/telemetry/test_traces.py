"""Traces of a real server, read by a collector of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from haymow.errors import StartFailed
from haymow.server.settings import settings_from
from tests.answers import Fails
from tests.running import running
from tests.server.telemetry.collector import Collector, attributes, spans_of, told
from tests.server.telemetry.conftest import KEY, Place, placed

CHATS = "POST /api/v2/workspaces/{workspace_id}/openai/v1/chat/completions"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, collector: tuple[Collector, str]) -> Iterator[Place]:
    with placed(tmp_path_factory.mktemp("traces") / "data", told(collector[1]), max_retries=0) as found:
        yield found


def test_a_chat_is_traced_from_http_through_sql_to_the_provider(place: Place, collector: tuple[Collector, str]) -> None:
    asked = {"model": "calls", "messages": [{"role": "user", "content": "canary-hi"}]}
    answer = place.client.post(f"{place.home}/openai/v1/chat/completions", json=asked, headers=TRACEPARENT)
    own, *parts = spans_of(collector[0], answer)
    assert own.name == CHATS
    assert (own.trace_id.hex(), own.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(own) == {
        "http.request.method": "POST",
        "http.route": CHATS.removeprefix("POST "),
        "http.response.status_code": 200,
        "haymow.request_id": answer.headers["x-request-id"],
        "haymow.user_id": place.client.get("/api/v2/me").json()["user_id"],
        "haymow.workspace_id": place.workspace,
        "haymow.model_id": place.model["model_id"],
        "haymow.revision": 1,
    }
    assert {part.name for part in parts} == {"database read", "chat OpenAIChatGenerator"}
    (call,) = [part for part in parts if part.name.startswith("chat")]
    assert attributes(call) == {
        "haymow.generator": "OpenAIChatGenerator",
        "server.address": f"127.0.0.1:{place.upstream.port}",
        "http.response.status_code": 200,
    }
    assert own.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano <= own.end_time_unix_nano


def test_a_change_is_traced_to_its_write(place: Place, collector: tuple[Collector, str]) -> None:
    path = f"{place.home}/models/custom/{place.model['model_id']}"
    answer = place.client.patch(path, json={"generation_kwargs": {"type": "object"}})
    assert "database write" in {part.name for part in spans_of(collector[0], answer)}


def test_a_failure_shows_in_both_spans(place: Place, collector: tuple[Collector, str]) -> None:
    place.upstream.script(Fails(401))
    own, *parts = spans_of(collector[0], place.chat())
    (call,) = [part for part in parts if part.name.startswith("chat")]
    assert own.status.code == call.status.code == 2
    assert attributes(call)["error.type"] == attributes(own)["error.type"] == "upstream_credentials"
    assert attributes(call)["http.response.status_code"] == 401


def test_the_usual_variables_count(place: Place, collector: tuple[Collector, str]) -> None:
    spans_of(collector[0], place.client.get("/api/v2/me"))
    assert collector[0].headers[-1]["x-key"] == "canary-otel"
    resource = collector[0].resources[-1]
    assert (resource["service.name"], resource["deployment.environment"]) == ("haymow", "test")


def test_nothing_that_was_sent_is_in_them(place: Place, collector: tuple[Collector, str]) -> None:
    place.client.get(f"/api/v1/workspaces/canary-77aa05?canary-77aa05={KEY}")
    place.client.get("/canary-77aa05")
    spans_of(collector[0], place.chat(model="canary-77aa05"))
    for sent in (b"77aa", KEY.encode(), place.server.token.encode(), b"canary-hi", b"canary-otel"):
        assert sent not in collector[0].raw


@pytest.mark.parametrize("direct", ["on", "off"])
@pytest.mark.parametrize("stream", [False, True])
def test_providers_see_no_trace_unless_the_operator_wants_it(
    collector: tuple[Collector, str], tmp_path: Path, direct: str, stream: bool
) -> None:
    more = {**told(collector[1]), "HAYMOW_DIRECT_LANE": direct}
    with placed(tmp_path / "unwanted", more) as unwanted:
        spans_of(collector[0], unwanted.chat(stream=stream))
        assert "traceparent" not in unwanted.upstream.seen[-1].headers
    with placed(tmp_path / "wanted", {**more, "HAYMOW_TRACE_UPSTREAM": "on"}) as wanted:
        spans_of(collector[0], wanted.chat(stream=stream))  # a generator is built: no call is of this trace any more
        own, *parts = spans_of(collector[0], wanted.chat(stream=stream))
        (call,) = [part for part in parts if part.name.startswith("chat")]
        sent = wanted.upstream.seen[-1].headers["traceparent"]
        assert sent.startswith(f"00-{own.trace_id.hex()}-{call.span_id.hex()}-")


def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    with running(tmp_path / "data", more=told("http://127.0.0.1:9")) as server:
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert server.stop() == 0


class TestSettings:
    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"OTEL_SERVICE_NAME": "x"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "none"},
        ],
    )
    def test_leave_them_off(self, environ: dict[str, str]) -> None:
        assert settings_from(environ).otel == {}

    def test_refuse_another_protocol(self) -> None:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
        with pytest.raises(StartFailed, match="http/protobuf"):
            settings_from(environ)

    def test_show_no_header(self) -> None:
        assert "canary" not in repr(settings_from(told("http://a")))
