"""Addresses and client settings in definitions and chats (SSRF): refused alike, and nothing is connected to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named, refused, without_request_id
from tests.server.access.people import let_in, new_secret, somebody
from tests.upstream import Upstream

PARAMETERS = "#/chat_generator_config/init_parameters"
SETTINGS = f"{PARAMETERS}/http_client_kwargs"


def settings_that_lead_astray(url: str) -> list[dict[str, Any]]:
    return [
        {"proxy": url},
        {"proxies": {"all://": url}},
        {"transport": url},
        {"transport": {"type": "httpx.HTTPTransport", "init_parameters": {"proxy": url}}},
        {"mounts": {"all://": url}},
        {"event_hooks": {"request": ["builtins.print"]}},
        {"auth": ["user", "password"]},
        {"base_url": url},
        {"cookies": {"session": "1"}},
        {"params": {"key": "1"}},
        {"trust_env": True},
        {"follow_redirects": True},
        {"max_redirects": 5},
        {"http2": True},
        {"app": "os"},
        {"default_encoding": "utf-16"},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Metadata-Flavor": "Google"}},
        {"timeout": "1"},
        {"timeout": -1},
        {"limits": {"max_connections": True}},
    ]


def test_d6_settings_that_lead_calls_astray_are_refused_even_from_an_administrator(
    subject: Subject, sink: Sink
) -> None:
    with subject.unharmed():
        answers = [subject.patch_config(http_client_kwargs=kwargs) for kwargs in settings_that_lead_astray(sink.url)]
    for answer in answers:
        assert refused(answer, 422) == {SETTINGS: "refused_setting"}
        assert without_request_id(answer) == without_request_id(answers[0])


def test_d6_an_editor_sets_changes_and_removes_none(admin: httpx.Client, subject: Subject) -> None:
    editor = somebody(admin)
    let_in(admin, subject.workspace, editor.user_id, "editor")

    def refusals(*changed: dict[str, Any]) -> None:
        with subject.unharmed():
            for one in changed:
                answer = editor.client.patch(subject.url, json={"chat_generator_config": one})
                assert refused(answer, 422) == {SETTINGS: "administrator_only"}
                body = {"model_id": subject.id, "chat_generator_config": one}
                assert refused(editor.client.post(f"{subject.home}/models/validate", json=body), 422)

    with editor.client:
        refusals(config(http_client_kwargs={"timeout": 5}))
        assert subject.patch_config(http_client_kwargs={"timeout": 5}).status_code == 200
        refusals(config(), config(http_client_kwargs={"timeout": 6}), config(http_client_kwargs=None))
        kept = config(model="other", http_client_kwargs={"timeout": 5})
        assert editor.client.patch(subject.url, json={"chat_generator_config": kept}).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        {"verify": False},
        {"verify": True},
        {"verify": "/etc/passwd"},
        {"verify": "/no/such/file"},
        {"verify": "/proc/self/environ"},
        {"cert": "/etc/hostname"},
        {"cert": ["/etc/hostname", "/no/such/file"]},
        {"cert": 5},
    ],
)
def test_d7_certificates_are_always_checked_and_the_answer_tells_nothing_of_files(
    subject: Subject, value: dict[str, Any]
) -> None:
    with subject.unharmed():
        answer = subject.patch_config(http_client_kwargs=value)
        usual = subject.patch_config(http_client_kwargs={"unknown": 1})
    assert refused(answer, 422) == {SETTINGS: "refused_setting"}
    assert without_request_id(answer) == without_request_id(usual)


URLS = [
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://example.com/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "//example.com/v1",
    "example.com/v1",
    "http://",
    "http:///v1",
    "https://user@example.com/v1",
    "https://user:password@example.com/v1",
    "https://api.openai.com@example.com/v1",
    "https://example.com\\@api.openai.com/v1",
    "https:\\\\example.com",
    "https://example.com/v1\r\nX-Injected: 1",
    "https://example.com\r\nHost: evil",
    "https://example.com/\tv1",
    "https://exa mple.com/v1",
    "https://example.com/v1?key=1",
    "https://example.com/v1#@evil",
    "https://example.com:0/v1",
    "https://example.com:65536/v1",
    "https://example.com:http/v1",
    "https://[::1/v1",
    "https://[fe80::1%25eth0]/v1",
    "https://ex\u00e4mple.com/v1",
    "https://\u2460\u2461\u2466.0.0.1/v1",
    "https://example\u3002com/v1",
    "https://1.2.3.4.5/v1",
    "https://256.0.0.1/v1",
    "https://0x100000000/v1",
    "https://" + "a" * 64 + ".example/v1",
    "https://example.com/" + "a" * 3000,
    "",
    " ",
]


@pytest.mark.parametrize("url", URLS)
def test_d8_an_address_that_libraries_read_differently_is_refused(subject: Subject, url: str) -> None:
    with subject.unharmed():
        answer = subject.patch_config(api_base_url=url)
    assert refused(answer, 422) == {f"{PARAMETERS}/api_base_url": "invalid_url"}


@pytest.mark.parametrize("url", [5, [], {}, True, ["https://example.com"], {"type": "env_var", "env_vars": ["A"]}])
def test_d8_an_address_that_is_no_text_is_refused(subject: Subject, url: object) -> None:
    with subject.unharmed():
        assert list(refused(subject.patch_config(api_base_url=url), 422)) == [f"{PARAMETERS}/api_base_url"]


def test_d8_saving_an_address_connects_to_nothing(subject: Subject, sink: Sink) -> None:
    assert subject.patch_config(api_base_url=f"{sink.url}/v1", api_key=named("MISSING")).status_code == 200
    assert subject.client.get(subject.read_url).json()["connected"] is False
    subject.state()


@pytest.mark.parametrize(
    "spelling",
    ["127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1", "LOCALHOST."],
)
def test_d2_another_spelling_of_a_host_is_not_another_host(
    admin: httpx.Client, subject: Subject, spelling: str
) -> None:
    """A secret for one host goes to it under any of its spellings, and to no other host under any."""
    own = "localhost" if spelling == "LOCALHOST." else "127.0.0.1"
    allowed = new_secret(admin, subject.workspace, hosts=[f"{own}:8443"])
    changed = subject.patch_config(api_base_url=f"https://{spelling}:8443/v1", api_key=named(allowed["name"]))
    assert changed.status_code == 200, changed.text
    other = new_secret(admin, subject.workspace, hosts=["api.openai.com"])
    with subject.unharmed():
        refused(subject.patch_config(api_base_url=f"https://{spelling}:8443/v1", api_key=named(other["name"])), 422)


CHAT_PARAMETERS: list[dict[str, Any]] = [
    {"api_base": "SINK"},
    {"api_key": "sk-of-the-caller"},
    {"base_url": "SINK"},
    {"api_base_url": "SINK"},
    {"extra_headers": {"Authorization": "Bearer of-the-caller", "Host": "evil.example"}},
    {"extra_query": {"key": "1"}},
    {"extra_body": {"model": "other"}},
    {"timeout": 0.001},
    {"api_version": "2020-01-01"},
    {"organization": "evil"},
    {"http_client": "SINK"},
    {"streaming_callback": "builtins.print"},
    {"custom_llm_provider": "openai"},
]


@pytest.fixture
def chatting(subject: Subject, upstream: Upstream) -> Subject:
    """A model that answers, and lets callers set any parameter."""
    secret = new_secret(subject.client, subject.workspace, hosts=[f"127.0.0.1:{upstream.port}"])
    definition = config(api_base_url=upstream.url, api_key=named(secret["name"]))
    assert subject.patch({"chat_generator_config": definition, "generation_kwargs": {}}).json()["connected"] is True
    return subject


@pytest.mark.parametrize("parameters", CHAT_PARAMETERS, ids=lambda parameters: next(iter(parameters)))
def test_d13_a_chat_cannot_choose_an_address_a_key_or_the_request_itself(
    chatting: Subject, upstream: Upstream, sink: Sink, parameters: dict[str, Any]
) -> None:
    sent = {name: sink.url if value == "SINK" else value for name, value in parameters.items()}
    for stream in (False, True):
        answer = chatting.chat(stream=stream, **sent)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert sink.url not in answer.text
    assert upstream.seen == []


def test_d13_the_same_chat_without_them_is_answered(chatting: Subject, upstream: Upstream) -> None:
    assert chatting.chat(temperature=0).status_code == 200
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    "name",
    ["api_base", "api_key", "base_url", "extra_headers", "extra_body", "timeout", "model", "messages", "headers"],
)
def test_d13_a_definitions_defaults_cannot_either(subject: Subject, sink: Sink, name: str) -> None:
    defaults = config(generation_kwargs={name: sink.url})
    with subject.unharmed():
        answer = subject.patch({"chat_generator_config": defaults, "generation_kwargs": {}})
    assert refused(answer, 422) == {f"{PARAMETERS}/generation_kwargs": "refused_generation_kwarg"}
