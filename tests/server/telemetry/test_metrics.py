"""/metrics of a real server, read by Prometheus's own parser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from haymow import __version__
from haymow.errors import StartFailed
from haymow.server.settings import settings_from
from haymow.server.telemetry.upstreams import Upstreams
from tests.answers import Dies, Fails, Garbles, Says
from tests.conftest import client_of
from tests.ports import free_port
from tests.running import running
from tests.server.telemetry.conftest import KEY, Place, placed
from tests.waiting import wait_until

Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
CHATS = "/api/v2/workspaces/{workspace_id}/openai/v1/chat/completions"
OPENAI = "OpenAIChatGenerator"

PORTS: dict[int, int] = {}
"""The port of /metrics by that of the server."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    with placed(
        tmp_path_factory.mktemp("metrics") / "data", {"HAYMOW_METRICS_PORT": str(port)}, max_retries=1
    ) as found:
        PORTS[found.client.base_url.port or 0] = port
        yield found


def text(place: Place) -> str:
    answer = httpx.get(f"http://127.0.0.1:{PORTS[place.client.base_url.port or 0]}/metrics", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def figures(place: Place) -> Figures:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text(place))
        for sample in family.samples
    }


class Since:
    """How much figures have grown."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._before = figures(place)

    def __call__(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return figures(self._place).get(key, 0.0) - self._before.get(key, 0.0)


def test_requests_are_counted_by_route_method_and_status(place: Place) -> None:
    since = Since(place)
    one = f"{place.home}/models/{place.model['model_id']}"
    for _ in range(3):
        place.client.get(one)
    place.client.get(one.replace(place.workspace, "00000000-0000-4000-8000-000000000000"))
    place.client.request("BREW", one)
    route = "/api/v2/workspaces/{workspace_id}/models/{model_id}"
    wait_until(lambda: since("haymow_http_requests_total", route=route, method="GET", status="404") == 1)
    assert since("haymow_http_requests_total", route=route, method="GET", status="200") == 3
    assert since("haymow_http_request_seconds_count", route=route, method="GET") == 4
    assert 0 < since("haymow_http_request_seconds_sum", route=route, method="GET") < 10
    assert since("haymow_http_request_seconds_bucket", route=route, method="GET", le="120.0") == 4


def test_what_clients_send_makes_no_series(place: Place) -> None:
    before = set(figures(place))
    for name in ("canary-a", "canary-b"):
        place.client.get(f"/{name}")
        place.client.get(f"/api/v1/workspaces/{name}")
        place.client.get(f"/errors/{name}")
        place.client.get("/healthz", headers={"host": f"{name}.example.com"})
        place.chat(model=name)
    new = {labels for name, labels in set(figures(place)) - before if not name.endswith("_bucket")}
    assert "canary" not in text(place)
    assert len(new) <= 10  # routes that nothing had been asked of before
    again = set(figures(place))
    for name in ("canary-c", "canary-d"):
        place.client.get(f"/{name}")
        place.client.get(f"/api/v1/workspaces/{name}")
        place.chat(model=name)
    assert set(figures(place)) == again


def test_calls_to_providers_are_counted_by_generator_and_outcome(place: Place) -> None:
    since = Since(place)
    place.chat()
    place.upstream.script(Fails(401), Garbles())
    place.chat()
    place.chat()
    for outcome in ("ok", "upstream_credentials", "upstream_malformed"):
        assert since("haymow_upstream_calls_total", generator=OPENAI, outcome=outcome) == 1, outcome
    assert since("haymow_upstream_seconds_count", generator=OPENAI) == 3


def test_streams_say_when_they_began_and_how_they_ended(place: Place) -> None:
    since = Since(place)
    place.upstream.script(Says("a b", pause=0.06), Dies(after=3))
    place.chat(stream=True)
    place.chat(stream=True)
    asked = {"model": "calls", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    place.upstream.script(Says("x" * 100, pieces=100, pause=0.1))
    with place.client.stream("POST", f"{place.home}/openai/v1/chat/completions", json=asked) as answer:
        next(answer.iter_raw())
    wait_until(lambda: since("haymow_upstream_calls_total", generator=OPENAI, outcome="cancelled") == 1)
    assert since("haymow_upstream_calls_total", generator=OPENAI, outcome="ok") == 1
    assert since("haymow_upstream_calls_total", generator=OPENAI, outcome="upstream_failed") == 1
    assert since("haymow_upstream_first_chunk_seconds_count", generator=OPENAI) == 3
    assert since("haymow_upstream_first_chunk_seconds_sum", generator=OPENAI) > 0.1
    assert since("haymow_upstream_seconds_sum", generator=OPENAI) > 0.24


@pytest.mark.parametrize("more", [{}, {"stream": True, "stream_options": {"include_usage": True}}])
def test_tokens_are_counted_as_the_provider_counts_them(place: Place, more: dict[str, object]) -> None:
    since = Since(place)
    place.chat(**more)
    assert since("haymow_upstream_tokens_total", generator=OPENAI, kind="prompt") == 9
    assert since("haymow_upstream_tokens_total", generator=OPENAI, kind="completion") == 3


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": "9"}])
def test_a_usage_that_cannot_be_is_not_counted(usage: object) -> None:
    figures = Upstreams()
    call = figures.begin(OPENAI, None)
    call.used(usage)
    call.end("ok")
    assert figures.tokens.values == {}


def test_a_usage_that_is_said_again_and_again_counts_once() -> None:
    figures = Upstreams()
    call = figures.begin(OPENAI, None)
    call.used({"prompt_tokens": 9, "completion_tokens": 1})
    call.used({"prompt_tokens": 9, "completion_tokens": 2})
    call.end("ok")
    call.end("cancelled")
    assert figures.tokens.values == {(OPENAI, "prompt"): 9, (OPENAI, "completion"): 2}
    assert figures.calls.values == {(OPENAI, "ok"): 1}


def test_a_call_that_is_made_again_is_a_retry(place: Place) -> None:
    since = Since(place)
    place.upstream.script(Fails(429, headers={"retry-after": "0"}))
    assert place.chat().status_code == 200
    assert since("haymow_upstream_retries_total", generator=OPENAI) == 1
    assert since("haymow_upstream_calls_total", generator=OPENAI, outcome="ok") == 1


def test_the_pool_the_process_and_the_build_are_there(place: Place) -> None:
    place.chat()
    now = figures(place)
    assert now["haymow_live_generators", frozenset()] == 1
    assert now["haymow_live_generators_built_total", frozenset()] >= 1
    assert now["haymow_live_generators_evicted_total", frozenset()] == 0
    assert now["haymow_build_info", frozenset({("version", __version__)})] == 1
    assert now["process_open_fds", frozenset()] > 5
    assert now["process_resident_memory_bytes", frozenset()] > 10_000_000


def test_units_of_work_are_timed_by_kind(place: Place) -> None:
    since = Since(place)
    made = place.client.post("/api/v1/workspaces", json={"name": "timed"})
    assert made.status_code == 201
    assert since("haymow_database_unit_seconds_count", kind="write") == 1
    assert since("haymow_database_unit_seconds_sum", kind="write") > 0
    place.client.get(f"{place.home}/models/{place.model['model_id']}")
    assert since("haymow_database_unit_seconds_count", kind="read") >= 1
    place.client.get(f"{place.home}/models")
    assert since("haymow_database_unit_seconds_count", kind="scan") >= 1
    for kind in ("reads", "scans", "writes"):
        assert figures(place)[f"haymow_database_{kind}_waiting", frozenset()] == 0


def test_what_is_being_answered_is_in_flight(place: Place) -> None:
    wait_until(lambda: figures(place)["haymow_http_requests_in_flight", frozenset()] == 0)
    place.upstream.script(Says("x" * 300, pieces=300, pause=0.1))
    asked = {"model": "calls", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with place.client.stream("POST", f"{place.home}/openai/v1/chat/completions", json=asked) as answer:
        parts = answer.iter_raw()  # which closes the answer when it is forgotten
        next(parts)
        assert figures(place)["haymow_http_requests_in_flight", frozenset()] == 1


def test_nothing_of_a_tenant_is_in_it(place: Place) -> None:
    place.chat()
    shown = text(place)
    for private in (KEY, place.server.token, place.workspace, place.model["model_id"], "127.0.0.1", '"calls"'):
        assert private not in shown


class TestWhoMayReadIt:
    def test_it_is_not_at_the_address_of_the_api(self, place: Place) -> None:
        assert place.client.get("/metrics").status_code == 404
        assert "/metrics" not in place.client.get("/openapi.json").json()["paths"]

    def test_its_listener_has_nothing_else(self, place: Place) -> None:
        base = f"http://127.0.0.1:{PORTS[place.client.base_url.port or 0]}"
        for path in ("/", "/api/v2/me", "/healthz"):
            assert httpx.get(base + path, trust_env=False).status_code == 404
        assert httpx.post(f"{base}/metrics", trust_env=False).status_code == 404

    def test_it_is_off_unless_a_port_is_named(self, tmp_path: Path) -> None:
        with running(tmp_path / "data") as server, client_of(server.url, server.token) as client:
            assert client.get("/metrics").status_code == 404
        assert settings_from({}).metrics_port is None

    def test_it_is_on_loopback_unless_a_host_is_named(self) -> None:
        assert settings_from({"HAYMOW_METRICS_PORT": "9"}).metrics_host == "127.0.0.1"

    def test_a_port_that_is_none_is_refused(self) -> None:
        with pytest.raises(StartFailed, match="HAYMOW_METRICS_PORT is not a port"):
            settings_from({"HAYMOW_METRICS_PORT": "canary"})
