"""No SDK leaves by another way than the door: where the definition says, as the operator allows, by nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop
from botocore.awsrequest import AWSRequest
from haystack.dataclasses import ChatMessage

from haymow.errors import UpstreamFailed
from haymow.generators.live.build import build
from tests.answers import Fails, Hangs
from tests.providers.cloud import Cloud
from tests.providers.conftest import enter
from tests.providers.known import ALL, BEDROCK, EACH_SDK, FOUNDRY, KEY, SECRETS, Provider
from tests.server.serving.served import HELLO, Served
from tests.upstream import Upstream
from tests.waiting import wait_until

CANARY = "sk-of-the-server"
CHAT = {"model": "m", "messages": HELLO}

each = pytest.mark.parametrize("provider", ALL, ids=str)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def post(served: Served, provider: Provider, stream: bool = False, **parameters: Any) -> tuple[int, str | None]:
    served.add("m", provider.config(**parameters))
    enter(served, provider)
    got = served.post({**CHAT, "stream": stream})
    return got.status_code, None if got.status_code == 200 else got.json()["error"]["code"]


@each
@both_ways
def test_a_blocked_destination_is_not_connected_to(cloud: Cloud, provider: Provider, stream: bool) -> None:
    with Served(egress=cloud.egress(allowed="127.0.0.1:1")) as careful:
        assert post(careful, provider, stream) == (502, "blocked_by_policy")
    assert cloud.resolved == [provider.host]
    assert cloud.seen == []


def test_bedrocks_session_sends_nothing_to_another_host(cloud: Cloud) -> None:
    live = build(BEDROCK.config(), dict.fromkeys(SECRETS, KEY), cloud.egress())
    component: Any = live.component

    async def send() -> None:
        async with component.async_session.create_client() as client:
            await client._endpoint.http_session.send(AWSRequest("POST", "https://sink.example/model/m/converse"))

    with pytest.raises(UpstreamFailed, match="operator"):
        asyncio.run(send())
    assert cloud.resolved == []


@each
@both_ways
@pytest.mark.parametrize("elsewhere", ["https://sink.example/v1/messages", "http://169.254.169.254/latest/meta-data"])
def test_a_redirect_is_not_followed(
    served: Served, cloud: Cloud, provider: Provider, stream: bool, elsewhere: str
) -> None:
    cloud.script(Fails(307, headers={"location": elsewhere}))
    status, code = post(served, provider, stream)
    assert (status, code) in ((502, "upstream_rejected"), (502, "upstream_malformed"))
    assert len(cloud.seen) == 1
    assert cloud.resolved == [provider.host]


@each
@both_ways
def test_a_request_carries_what_haymow_gives_it_and_the_next_one_another(
    cloud: Cloud, provider: Provider, stream: bool
) -> None:
    """Of what a generator is built with, and of what the direct lane learnt, nothing of it is left."""
    given = iter(f"given-{number}" for number in range(9))
    with Served(egress=cloud.egress(carried=lambda: {"traceparent": next(given)})) as carrying:
        for _ in range(2):
            assert post(carrying, provider, stream) == (200, None)
    assert [seen.headers["traceparent"] for seen in cloud.seen] == ["given-0", "given-1"]


@each
def test_no_cookie_goes_from_one_call_to_the_next(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Fails(400, headers={"set-cookie": "session=1; Path=/"}))
    served.add("m", provider.config())
    enter(served, provider)
    served.post(CHAT)
    served.post(CHAT)
    assert len(cloud.seen) == 2
    assert "cookie" not in cloud.seen[-1].headers


# --- the environment ---


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A server to which every variable points that the SDKs look at: proxies, addresses, keys and settings."""
    with Upstream() as sink:
        address = f"http://127.0.0.1:{sink.port}"
        for name in (
            "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "ANTHROPIC_BASE_URL",
            "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", "CO_API_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL",
            "OLLAMA_HOST", "OPENAI_BASE_URL",
        ):  # fmt: skip
            monkeypatch.setenv(name, address)
        for name in (
            "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_WEBHOOK_SIGNING_KEY", "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "CO_API_KEY", "COHERE_API_KEY",
            "GOOGLE_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "OLLAMA_API_KEY", "OPENAI_API_KEY",
            "OPENAI_ORG_ID", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "AWS_SDK_UA_APP_ID", "AWS_PROFILE",
        ):  # fmt: skip
            monkeypatch.setenv(name, CANARY)
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"x-api-key: {CANARY}\nx-canary: {CANARY}")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"x-canary: {CANARY}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
        monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
        monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", CANARY)
        monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
        monkeypatch.setenv("GOOGLE_GENAI_HTTP_CLIENT", "httpx")
        monkeypatch.setenv("AWS_CA_BUNDLE", os.devnull)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield sink


@each
@both_ways
def test_nothing_comes_from_the_environment(
    served: Served, cloud: Cloud, poisoned: Upstream, provider: Provider, stream: bool
) -> None:
    assert post(served, provider, stream) == (200, None)
    assert poisoned.seen == []
    [seen] = cloud.seen
    assert CANARY not in repr(seen)
    assert seen.path == (provider.stream if stream and provider.stream else provider.path)
    assert seen.headers[provider.header].startswith(provider.key)


@each
def test_a_missing_secret_is_not_taken_from_the_environment(
    served: Served, cloud: Cloud, poisoned: Upstream, provider: Provider
) -> None:
    if provider.header == "user-agent":
        served.add("m", provider.config())  # Ollama's needs none, and must not send one
        served.secrets.clear()
        assert served.post(CHAT).status_code == 200
        assert "authorization" not in cloud.seen[0].headers
        return
    served.add("m", provider.config())
    served.secrets.clear()
    got = served.post(CHAT)
    assert (got.status_code, got.json()["error"]["code"]) == (409, "missing_secret")
    assert cloud.seen == []


def test_a_foundry_of_the_environment_beside_the_definitions_is_refused(
    served: Served, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", "https://sink.example")
    assert post(served, FOUNDRY) == (409, "incompatible")
    assert cloud.seen == []


# --- the life of a client ---


@pytest.mark.parametrize("provider", EACH_SDK, ids=str)
def test_a_generator_built_on_a_loop_that_ended_answers_on_others_and_closes(cloud: Cloud, provider: Provider) -> None:
    live = build(provider.config(), dict.fromkeys(SECRETS, KEY) | dict(provider.secrets), cloud.egress())
    wait_until(lambda: cloud.connections == 0)  # those of the tests before are being closed, or will be

    async def call_and_close() -> None:
        messages = [ChatMessage.from_user("Hello?")]
        answer = await live.component.run_async(messages=messages, streaming_callback=None, generation_kwargs={})
        assert answer["replies"][0].text == "Hello"
        assert cloud.connections == 1
        await live.close()
        await asyncio.to_thread(wait_until, lambda: cloud.connections == 0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(call_and_close())


@pytest.mark.parametrize("provider", EACH_SDK, ids=str)
@both_ways
def test_a_caller_who_goes_away_ends_the_call_upstream(
    served: Served, cloud: Cloud, provider: Provider, stream: bool
) -> None:
    cloud.script(Hangs(20))
    served.add("m", provider.config())
    enter(served, provider)
    served.leave({**CHAT, "stream": stream}, lambda: len(cloud.seen) == 1)
    wait_until(lambda: cloud.abandoned == 1)
