"""What goes wrong upstream or in a request: a status and a code of ours, and never the provider's words."""

from __future__ import annotations

import base64
import logging
import time

import httpx
import openai
import pytest

from tests.answers import Answer, Fails, Garbles, Hangs, Trickles
from tests.ports import free_port
from tests.server.serving.served import HELLO, KEY, TOKEN, Served, openai_config
from tests.upstream import Upstream

ECHO = f"Incorrect API key provided: {KEY} / {base64.b64encode(KEY.encode()).decode()} / https://x/?key={KEY}"
CHAT = {"model": "fast", "messages": HELLO}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Fails(400, ECHO), 400, "upstream_rejected"),
        (Fails(401, ECHO), 502, "upstream_credentials"),
        (Fails(403, ECHO), 502, "upstream_credentials"),
        (Fails(404, ECHO), 502, "upstream_model_not_found"),
        (Fails(422, ECHO), 400, "upstream_rejected"),
        (Fails(429, ECHO), 429, "upstream_rate_limited"),
        (Fails(500, ECHO), 502, "upstream_failed"),
        (Fails(503, ECHO), 502, "upstream_failed"),
        (Fails(504, ECHO), 504, "upstream_timeout"),
        (Garbles(ECHO.encode()), 502, "upstream_malformed"),
        (Garbles(b'{"note": "' + ECHO.encode() + b'"}', "application/json"), 502, "upstream_malformed"),
    ],
)
def test_a_providers_failure_is_told_in_our_words(
    served: Served, upstream: Upstream, caplog: pytest.LogCaptureFixture,
    answer: Answer, status: int, code: str, stream: bool,
) -> None:  # fmt: skip
    upstream.script(answer)
    with caplog.at_level(logging.DEBUG):
        got = served.post({**CHAT, "stream": stream})
    assert (got.status_code, got.json()["error"]["code"]) == (status, code)
    told = got.text + str(got.headers) + caplog.text
    assert not any(secret in told for secret in (KEY, base64.b64encode(KEY.encode()).decode(), "Incorrect API key"))


def test_an_unreachable_provider_is_502(served: Served) -> None:
    served.add("gone", openai_config(f"http://127.0.0.1:{free_port()}/v1"))
    got = served.post({**CHAT, "model": "gone"})
    assert (got.status_code, got.json()["error"]["code"]) == (502, "upstream_unreachable")


@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_provider_is_504(upstream: Upstream, stream: bool) -> None:
    upstream.script(Hangs())
    with Served(timeout=2.0) as served:  # which is that of the generator's building, too
        served.add("fast", openai_config(upstream.url))
        got = served.post({**CHAT, "stream": stream})
    assert (got.status_code, got.json()["error"]["code"]) == (504, "upstream_timeout")
    assert len(upstream.seen) == 1


def test_a_provider_that_trickles_is_cut_off(upstream: Upstream) -> None:
    upstream.script(Trickles())
    with Served(timeout=0.5) as served:
        served.add("fast", openai_config(upstream.url))
        got = served.post(CHAT)
    assert (got.status_code, got.json()["error"]["code"]) == (504, "upstream_timeout")


def test_the_definitions_own_shorter_timeout_holds(served: Served, upstream: Upstream) -> None:
    upstream.script(Hangs())
    served.add("hasty", openai_config(upstream.url, timeout=0.3))
    begun = time.monotonic()
    assert served.post({**CHAT, "model": "hasty"}).status_code == 504
    assert time.monotonic() - begun < 15  # the server would wait for 20


@pytest.mark.parametrize(("written", "calls"), [(None, 1), (0, 1), (5, 2)])
def test_a_failing_call_is_repeated_at_most_once(
    served: Served, upstream: Upstream, written: int | None, calls: int
) -> None:
    upstream.script(*[Fails(429)] * 5)
    served.add("tried", openai_config(upstream.url, max_retries=written))
    assert served.post({**CHAT, "model": "tried"}).status_code == 429
    assert len(upstream.seen) == calls


def test_a_redirect_is_not_followed(served: Served, upstream: Upstream) -> None:
    with Upstream() as sink:
        upstream.script(Fails(307, headers={"location": f"{sink.url}/chat/completions"}))
        got = served.post(CHAT)
        assert (got.status_code, got.json()["error"]["code"]) == (502, "upstream_rejected")
        assert sink.seen == []


def test_what_one_caller_gets_as_a_cookie_is_not_sent_with_the_next_call(served: Served, upstream: Upstream) -> None:
    upstream.script(Fails(400, headers={"set-cookie": "session=1"}))
    served.post(CHAT)
    served.post(CHAT)
    assert "cookie" not in upstream.seen[-1].headers


def test_an_unknown_token_is_an_invalid_api_key(served: Served) -> None:
    with pytest.raises(openai.AuthenticationError) as failed:
        served.openai("hm_other").chat.completions.create(model="fast", messages=HELLO)
    assert failed.value.code == "invalid_api_key"


def test_an_unknown_model_is_model_not_found(served: Served) -> None:
    with pytest.raises(openai.NotFoundError) as failed:
        served.openai().chat.completions.create(model="nothing", messages=HELLO)
    assert (failed.value.code, failed.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize("name", ["api_base", "api_key", "base_url", "timeout", "extra_headers", "extra_body", "input"])
def test_a_parameter_that_would_lead_a_secret_astray_is_refused(served: Served, upstream: Upstream, name: str) -> None:
    got = served.post({**CHAT, name: "http://sink.example"})
    assert (got.status_code, got.json()["error"]["param"]) == (400, name)
    assert "sink.example" not in got.text
    assert upstream.seen == []


def test_a_parameter_outside_of_the_models_schema_is_refused(served: Served, upstream: Upstream) -> None:
    schema = {"type": "object", "properties": {"temperature": {"type": "number", "maximum": 1}}}
    served.add("bounded", openai_config(upstream.url), schema)
    got = served.post({**CHAT, "model": "bounded", "temperature": 1.5})
    assert (got.status_code, got.json()["error"]["param"]) == (400, "temperature")
    assert upstream.seen == []


def test_a_parameter_the_generator_does_not_have_is_refused(served: Served, upstream: Upstream) -> None:
    got = served.post({**CHAT, "mirostat": 2})
    assert (got.status_code, got.json()["error"]["code"]) == (400, "unsupported_parameter")
    assert got.json()["error"]["param"] == "mirostat"
    assert got.json()["error"]["message"].endswith("This model's generator has no such parameter: leave it out.")
    assert upstream.seen == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["$ref", "'", "%00", "a'b", "' hunter2 '", "ünïcode", "x" * 65, "self"])
def test_a_parameter_without_a_proper_name_is_refused_and_its_name_not_told(
    served: Served, upstream: Upstream, name: str, stream: bool
) -> None:
    got = served.post({**CHAT, name: 1, "stream": stream})
    error = got.json()["error"]
    assert (got.status_code, error["code"]) == (400, "unsupported_parameter")
    assert error["param"] == ("self" if name == "self" else None)
    assert "hunter2" not in got.text
    assert upstream.seen == []


def test_a_default_the_generator_does_not_have_is_not_the_providers_failure(served: Served, upstream: Upstream) -> None:
    served.add("odd", openai_config(upstream.url, generation_kwargs={"mirostat": 2}))
    got = served.post({**CHAT, "model": "odd"})
    assert (got.status_code, got.json()["error"]["code"]) == (400, "unsupported_parameter")
    assert got.json()["error"]["param"] is None
    assert "generation_kwargs" in got.json()["error"]["message"]
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": HELLO}, "model"),
        ({"model": "fast"}, "messages"),
        ({"model": "fast", "messages": []}, "messages"),
        ({"model": 5, "messages": HELLO}, "model"),
        ({"model": "fast", "messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"model": "fast", "messages": [*HELLO, {"role": "user"}]}, "messages[1].content"),
        ({"model": "fast", "messages": HELLO, "tools": [{"type": "code"}]}, "tools[0]"),
    ],
)
def test_a_body_that_is_no_chat_names_what_is_wrong(served: Served, body: dict[str, object], param: str) -> None:
    got = served.post(body)
    assert (got.status_code, got.json()["error"]["type"]) == (400, "invalid_request_error")
    assert got.json()["error"]["param"] == param


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"model=fast", "text/plain", 415)],
)
def test_a_body_that_is_no_json_object_is_refused(served: Served, content: bytes, media_type: str, status: int) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": media_type}
    got = httpx.post(f"{served.url}/chat/completions", content=content, headers=headers)
    assert got.status_code == status
    assert set(got.json()["error"]) == {"message", "type", "param", "code"}


def test_sdks_are_told_not_to_repeat_what_fails_again(served: Served) -> None:
    served.secrets.clear()
    got = served.post(CHAT)
    assert (got.status_code, got.json()["error"]["code"]) == (409, "missing_secret")
    assert "OPENAI_API_KEY" in got.json()["error"]["message"]
    assert got.headers["x-should-retry"] == "false"
