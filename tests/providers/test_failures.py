"""Each provider's failures, as its own SDK tells them: a status and a code of ours, and never the provider's words."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from haymow.egress.lookups import Target
from tests.answers import Fails, Garbles, Hangs
from tests.ports import free_port
from tests.providers.cloud import Answer, Cloud, Dies
from tests.providers.conftest import enter
from tests.providers.known import (
    ALL,
    ANTHROPIC,
    BEDROCK,
    COHERE,
    EACH_SDK,
    GOOGLE,
    KEY,
    MISTRAL,
    OLLAMA,
    Provider,
)
from tests.providers.wires import google
from tests.server.serving.served import HELLO, Served
from tests.waiting import wait_until

ECHO = f"Incorrect key {KEY} / {base64.b64encode(KEY.encode()).decode()}"
CHAT = {"model": "m", "messages": HELLO}

each = pytest.mark.parametrize("provider", ALL, ids=str)
each_sdk = pytest.mark.parametrize("provider", EACH_SDK, ids=str)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(autouse=True)
def no_words_of_the_providers(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG)
    yield
    assert "Incorrect" not in caplog.text and KEY not in caplog.text


def failed(served: Served, provider: Provider, stream: bool = False, **more: Any) -> tuple[int, str]:
    """The status and the code of a chat, in which nothing of what the provider said may be told."""
    served.add("m", provider.config())
    enter(served, provider)
    got = served.post({**CHAT, "stream": stream, **more})
    told = got.text + str(got.headers)
    assert not any(secret in told for secret in (KEY, "Incorrect", base64.b64encode(KEY.encode()).decode()))
    return got.status_code, got.json()["error"]["code"]


@each_sdk
@both_ways
@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (400, 400, "upstream_rejected"),
        (401, 502, "upstream_credentials"),
        (403, 502, "upstream_credentials"),
        (404, 502, "upstream_model_not_found"),
        (429, 429, "upstream_rate_limited"),
        (500, 502, "upstream_failed"),
        (503, 502, "upstream_failed"),
        (504, 504, "upstream_timeout"),
    ],
)
def test_a_status_is_told_in_our_words(
    served: Served, cloud: Cloud, provider: Provider, stream: bool, status: int, told: int, code: str
) -> None:
    cloud.script(Fails(status, ECHO))
    assert failed(served, provider, stream) == (told, code)
    assert len(cloud.seen) == 1


@both_ways
@pytest.mark.parametrize("provider", [one for one in EACH_SDK if one is not OLLAMA], ids=str)
def test_the_providers_retry_after_is_passed_on(served: Served, cloud: Cloud, provider: Provider, stream: bool) -> None:
    cloud.script(Fails(429, headers={"retry-after": "17"}))
    served.add("m", provider.config())
    enter(served, provider)
    assert served.post({**CHAT, "stream": stream}).headers["retry-after"] == "17"


@both_ways
def test_googles_way_of_refusing_a_key_is_one_of_credentials(served: Served, cloud: Cloud, stream: bool) -> None:
    cloud.script(Garbles(google.wrong_key(ECHO), "application/json", 400))
    assert failed(served, GOOGLE, stream) == (502, "upstream_credentials")


@each_sdk
@both_ways
@pytest.mark.parametrize(
    "answer",
    [
        Garbles(ECHO.encode()),
        Garbles(json.dumps({"note": ECHO}).encode(), "application/json"),
        Garbles(json.dumps([ECHO]).encode(), "application/json"),
        Garbles(b"", "application/json"),
    ],
    ids=["page", "object", "list", "nothing"],
)
def test_an_answer_that_is_none_is_malformed(
    served: Served, cloud: Cloud, provider: Provider, stream: bool, answer: Answer
) -> None:
    cloud.script(answer)
    assert failed(served, provider, stream) == (502, "upstream_malformed")


@each_sdk
@both_ways
def test_a_silent_provider_is_504(cloud: Cloud, provider: Provider, stream: bool) -> None:
    cloud.script(Hangs(3))
    with Served(timeout=0.7, egress=cloud.egress()) as hasty:
        assert failed(hasty, provider, stream) == (504, "upstream_timeout")


@each_sdk
@both_ways
def test_the_definitions_own_shorter_timeout_holds(
    served: Served, cloud: Cloud, provider: Provider, stream: bool
) -> None:
    cloud.script(Hangs(5))
    own = {"boto3_config": {"read_timeout": 1}} if provider is BEDROCK else {"timeout": 1}
    served.add("m", provider.config(**own))
    enter(served, provider)
    got = served.post({**CHAT, "stream": stream})
    assert (got.status_code, got.json()["error"]["code"]) == (504, "upstream_timeout")
    wait_until(lambda: cloud.abandoned == 1)


@each_sdk
@both_ways
def test_an_unreachable_provider_is_502(cloud: Cloud, provider: Provider, stream: bool) -> None:
    port = free_port()

    async def nobody(host: str, _: int) -> list[Target]:
        return [Target("127.0.0.1", port)]

    with Served(egress=cloud.egress(resolve=nobody)) as lost:
        assert failed(lost, provider, stream) == (502, "upstream_unreachable")


@each_sdk
@both_ways
def test_a_certificate_of_an_unknown_authority_is_502(cloud: Cloud, provider: Provider, stream: bool) -> None:
    strangers = Cloud()
    with Served(egress=cloud.egress(certificates=strangers.trusting)) as careful:
        assert failed(careful, provider, stream) == (502, "upstream_unreachable")
    assert cloud.seen == []


@each
def test_a_stream_that_dies_ends_with_an_error(served: Served, cloud: Cloud, provider: Provider) -> None:
    cloud.script(Dies())
    assert last_of_stream(served, provider) in ("upstream_unreachable", "upstream_failed")


@pytest.mark.parametrize("provider", [one for one in ALL if one not in (COHERE, MISTRAL)], ids=str)
def test_a_failure_in_the_middle_of_a_stream_ends_it_with_an_error(
    served: Served, cloud: Cloud, provider: Provider
) -> None:
    cloud.script(Dies(words=ECHO))
    assert last_of_stream(served, provider) == "upstream_failed"


def test_a_stream_that_fails_before_it_says_a_thing_has_a_status(served: Served, cloud: Cloud) -> None:
    cloud.script(Dies(after=2, words=ECHO))
    assert failed(served, ANTHROPIC, stream=True) == (502, "upstream_failed")


def last_of_stream(served: Served, provider: Provider) -> str:
    served.add("m", provider.config())
    enter(served, provider)
    got = served.post({**CHAT, "stream": True})
    assert got.status_code == 200
    assert KEY not in got.text and "Incorrect" not in got.text
    *_, last = [event for event in got.text.split("\n\n") if event and "[DONE]" not in event]
    code: str = json.loads(last.removeprefix("data: "))["error"]["code"]
    return code


@pytest.mark.parametrize(("asked", "calls"), [(None, 1), (0, 1), (1, 2), (5, 2)])
@pytest.mark.parametrize("provider", [ANTHROPIC, GOOGLE, COHERE, OLLAMA, MISTRAL], ids=str)
def test_a_failing_call_is_repeated_at_most_once(
    served: Served, cloud: Cloud, provider: Provider, asked: int | None, calls: int
) -> None:
    cloud.script(*[Fails(429)] * 6)
    served.add("m", provider.config(**({} if asked is None else {"max_retries": asked})))
    enter(served, provider)
    assert served.post(CHAT).status_code == 429
    assert len(cloud.seen) == calls


@pytest.mark.parametrize(
    ("retries", "calls"), [({}, 1), ({"max_attempts": 7}, 2), ({"total_max_attempts": 1}, 1), ({"max_attempts": 0}, 1)]
)
def test_bedrocks_repetitions_are_those_of_its_own_settings_and_bounded(
    served: Served, cloud: Cloud, retries: dict[str, Any], calls: int
) -> None:
    cloud.script(*[Fails(503)] * 9)
    served.add("m", BEDROCK.config(boto3_config={"retries": retries}))
    enter(served)
    assert served.post(CHAT).status_code == 502
    assert len(cloud.seen) == calls


@pytest.mark.parametrize("provider", [GOOGLE, COHERE, MISTRAL], ids=str)
@both_ways
def test_a_parameter_the_generator_does_not_have_is_named(
    served: Served, cloud: Cloud, provider: Provider, stream: bool
) -> None:
    assert failed(served, provider, stream, mirostat_of_mine=2) == (400, "unsupported_parameter")
    assert cloud.seen == []
