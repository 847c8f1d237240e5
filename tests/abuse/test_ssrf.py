"""Models that would call into haymow's own network: no connection is made, and the answer is always the same."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named
from tests.conftest import client_of
from tests.running import RunningServer, running
from tests.server.access.people import new_secret, new_workspace
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def allowed() -> Iterator[Upstream]:
    """The one service of this machine that the operator lets models call."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, allowed: Upstream) -> Iterator[RunningServer]:
    more = {"HAYMOW_EGRESS_ALLOW": f"127.0.0.1:{allowed.port}"}
    with running(tmp_path_factory.mktemp("guarded") / "data", more=more) as server:
        yield server


@pytest.fixture
def subject(guarded: RunningServer) -> Iterator[Subject]:
    with client_of(guarded.url, guarded.token) as client:
        yield Subject(client, new_workspace(client)[1])


def told(subject: Subject, url: str, *, stream: bool = False) -> tuple[int, str, str]:
    """What a chat with a model at `url` is answered: status, code and message."""
    secret = new_secret(subject.client, subject.workspace, hosts=[_host(url)])
    generator = config(api_base_url=url, api_key=named(secret["name"]))
    changed = subject.patch({"chat_generator_config": generator, "generation_kwargs": {}})
    assert changed.status_code == 200, changed.text
    answer = subject.chat(stream=stream)
    error = answer.json().get("error", {})
    return answer.status_code, error.get("code", ""), error.get("message", "")


def _host(url: str) -> str:
    return url.split("/v1", maxsplit=1)[0].removeprefix("https://")


BLOCKED = (502, "blocked_by_policy")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1", "https://169.254.169.254/v1", "https://[fd00:ec2::254]/v1",
        "https://168.63.129.16/v1", "https://100.100.100.200/v1", "https://10.0.0.1/v1", "https://192.168.1.1:8443/v1",
        "https://[::1]:443/v1", "https://[::ffff:169.254.169.254]/v1", "https://0.0.0.0/v1", "https://[::]/v1",
        "http://8.8.8.8/v1",
    ],
)  # fmt: skip
def test_d1_addresses_of_a_network_of_ours_are_blocked(subject: Subject, url: str) -> None:
    assert told(subject, url)[:2] == BLOCKED


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"])
@pytest.mark.parametrize("stream", [False, True])
def test_d2_loopback_is_blocked_in_every_spelling(subject: Subject, sink: Sink, host: str, stream: bool) -> None:
    assert told(subject, f"http://{host}:{sink.port}/v1", stream=stream)[:2] == BLOCKED


def test_d2_an_octal_spelling_is_read_by_no_client(subject: Subject, sink: Sink) -> None:
    assert told(subject, f"http://0177.0.0.1:{sink.port}/v1")[:2] == (409, "incompatible")


def test_d9_what_the_operator_allows_works_and_nothing_beside_it(
    subject: Subject, guarded: RunningServer, allowed: Upstream
) -> None:
    assert told(subject, allowed.url)[0] == 200
    assert told(subject, f"http://localhost:{allowed.port}/v1")[:2] in (BLOCKED, (200, ""))  # ::1 is not allowed
    assert told(subject, "http://127.0.0.1:5432/v1")[:2] == BLOCKED
    assert told(subject, f"{guarded.url}/v1")[:2] == BLOCKED


def test_d11_an_open_port_looks_like_a_closed_one(subject: Subject, sink: Sink) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert told(subject, f"{sink.url}/v1") == told(subject, f"http://127.0.0.1:{port}/v1")


def test_d1_a_name_that_is_not_called_is_told_to_the_operator_alone(subject: Subject, guarded: RunningServer) -> None:
    status, code, message = told(subject, "https://metadata.internal-canary-8f2e.example/v1")
    assert (status, code) == (502, "upstream_unreachable")  # there is no such name
    assert "canary" not in message
    lines = [json.loads(line) for line in guarded.log.read_text().splitlines() if "canary-8f2e" in line]
    assert {line.pop("upstream_host") for line in lines} == {"metadata.internal-canary-8f2e.example:443"}
    assert "canary" not in json.dumps(lines)
