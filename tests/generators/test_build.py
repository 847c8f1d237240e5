"""Definitions made into live generators, with nothing of the process they are made in."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage

from haymow.egress import Egress, allowances
from haymow.errors import Conflict
from haymow.generators.live.arguments import NO_KEY
from haymow.generators.live.build import LiveGenerator
from haymow.generators.live.build import build as build_
from tests.upstream import Upstream

CORE = "haystack.components.generators.chat"
OPENAI = f"{CORE}.openai.OpenAIChatGenerator"
AZURE = f"{CORE}.azure.AzureOpenAIChatGenerator"
INTEGRATIONS = "haystack_integrations.components.generators"
KEY = "sk-workspace"
build = partial(build_, egress=Egress(allowances("127.0.0.1:*")))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def config(type_: str = OPENAI, **parameters: Any) -> dict[str, Any]:
    return {"type": type_, "init_parameters": parameters}


def call(live: LiveGenerator) -> Any:
    """One chat, and the generator closed after it."""

    async def chat() -> Any:
        messages = [ChatMessage.from_user("Hello?")]
        try:
            return await live.component.run_async(messages=messages, streaming_callback=None, generation_kwargs={})
        finally:
            await live.close()

    return asyncio.run(chat())


def refusal(definition: dict[str, Any], secrets: dict[str, str] | None = None) -> Conflict:
    with pytest.raises(Conflict) as refused:
        build(definition, secrets or {})
    return refused.value


def test_a_definition_and_its_secret_answer(upstream: Upstream) -> None:
    live = build(config(model="m", api_base_url=upstream.url), {"OPENAI_API_KEY": KEY})
    assert call(live)["replies"][0].text == "Hello"
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {KEY}"


def test_the_definition_is_left_as_it_was(upstream: Upstream) -> None:
    definition = config(
        model="m",
        api_base_url=upstream.url,
        api_key={"type": "env_var", "env_vars": ["OPENAI_API_KEY"], "strict": True},
        generation_kwargs={"stop": ["x"]},
        http_client_kwargs={"headers": {"x-team": "a"}},
    )
    before = repr(definition)
    live = build(definition, {"OPENAI_API_KEY": KEY})
    call(live)
    assert repr(definition) == before
    assert live.generation_kwargs == {"stop": ["x"]}


def test_the_first_name_that_resolves_is_used(upstream: Upstream) -> None:
    secret = {"type": "env_var", "env_vars": ["FIRST", "SECOND", "THIRD"], "strict": True}
    call(build(config(model="m", api_base_url=upstream.url, api_key=secret), {"THIRD": "sk-3", "SECOND": "sk-2"}))
    assert upstream.seen[-1].headers["authorization"] == "Bearer sk-2"


def test_the_definitions_own_headers_and_organization_are_sent(upstream: Upstream) -> None:
    headers = {"headers": {"x-team": "barn"}, "timeout": 5, "limits": {"max_connections": 1}}
    definition = config(model="m", api_base_url=upstream.url, organization="org-1", http_client_kwargs=headers)
    call(build(definition, {"OPENAI_API_KEY": KEY}))
    seen = upstream.seen[-1].headers
    assert (seen["x-team"], seen["openai-organization"]) == ("barn", "org-1")


# --- secrets ---


def test_a_missing_secret_is_named() -> None:
    missing = refusal(config(model="m"), {"OTHER": "sk-other"})
    assert missing.code == "missing_secret"
    assert "OPENAI_API_KEY" in missing.message and "sk-other" not in missing.message


def test_of_several_names_all_are_named() -> None:
    secret = {"type": "env_var", "env_vars": ["FIRST", "SECOND"], "strict": True}
    assert "FIRST or SECOND" in refusal(config(model="m", api_key=secret)).message


def test_azure_needs_its_key_or_its_token(upstream: Upstream) -> None:
    definition = config(AZURE, azure_endpoint=upstream.url.removesuffix("/v1"), azure_deployment="d")
    missing = refusal(definition)
    assert missing.code == "missing_secret"
    assert "AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN" in missing.message
    call(build(definition, {"AZURE_OPENAI_API_KEY": "k-azure"}))
    call(build(definition, {"AZURE_OPENAI_AD_TOKEN": "t-azure"}))
    by_key, by_token = upstream.seen
    assert by_key.headers["api-key"] == "k-azure" and "authorization" not in by_key.headers
    assert by_token.headers["authorization"] == "Bearer t-azure" and "api-key" not in by_token.headers
    assert by_key.path == "/openai/deployments/d/chat/completions"


def test_an_optional_key_that_is_not_there_is_not_looked_for(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("OPTIONAL", "sk-canary")
    secret = {"type": "env_var", "env_vars": ["OPTIONAL"], "strict": False}
    call(build(config(model="m", api_base_url=upstream.url, api_key=secret), {}))
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {NO_KEY}"


# --- nothing of the process ---

CANARY = "canary-7a31"


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Upstream]:
    """A server that must get nothing; every variable and file that libraries are known to read leads there."""
    with Upstream() as sink:
        proxy = f"http://user:{CANARY}@127.0.0.1:{sink.port}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
            monkeypatch.setenv(name.lower(), proxy)
        for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "AZURE_OPENAI_ENDPOINT", "NVIDIA_API_URL"):
            monkeypatch.setenv(name, sink.url)
        for name in (
            "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID",
            "OPENAI_WEBHOOK_SECRET", "OPENAI_API_VERSION", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN",
        ):  # fmt: skip
            monkeypatch.setenv(name, CANARY)
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Canary: {CANARY}\nAuthorization: Bearer {CANARY}")
        monkeypatch.setenv("OPENAI_TIMEOUT", "0.000001")
        monkeypatch.setenv("OPENAI_MAX_RETRIES", "9")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        monkeypatch.setenv("HOME", str(tmp_path))
        netrc = tmp_path / ".netrc"
        netrc.write_text(f"default login user password {CANARY}\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield sink


@pytest.mark.parametrize(
    ("type_", "secret"),
    [
        (OPENAI, "OPENAI_API_KEY"),
        (f"{CORE}.openai_responses.OpenAIResponsesChatGenerator", "OPENAI_API_KEY"),
        (AZURE, "AZURE_OPENAI_API_KEY"),
        (AZURE, "AZURE_OPENAI_AD_TOKEN"),
        (f"{CORE}.azure_responses.AzureOpenAIResponsesChatGenerator", "AZURE_OPENAI_API_KEY"),
    ],
)
def test_neither_values_nor_hosts_come_from_the_process(
    upstream: Upstream, poisoned: Upstream, type_: str, secret: str
) -> None:
    address = {"azure_endpoint": upstream.url} if "azure" in type_ else {"api_base_url": upstream.url, "model": "m"}
    live = build(config(type_, **address), {secret: KEY})
    try:
        call(live)
    except Exception:
        assert "responses" in type_  # the scripted upstream answers chats alone; what was sent is what counts
    assert len(upstream.seen) == 1
    assert poisoned.seen == []
    seen = upstream.seen[0]
    assert CANARY not in repr(seen)
    assert KEY in (seen.headers.get("api-key"), seen.headers.get("authorization", "").removeprefix("Bearer "))


def test_an_address_that_is_left_out_is_the_providers_own(poisoned: Upstream) -> None:
    live: Any = build(config(model="m"), {"OPENAI_API_KEY": KEY})
    assert str(live.component.async_client.base_url) == "https://api.openai.com/v1/"


def test_a_missing_secret_is_not_taken_from_the_environment(poisoned: Upstream) -> None:
    assert refusal(config(model="m")).code == "missing_secret"


# --- what cannot be built ---


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("subprocess.Popen", "does not know"),
        ("haystack.components.fetchers.link_content.LinkContentFetcher", "does not know"),
        (f"{CORE}.fallback.FallbackChatGenerator", "register each of them"),
        (f"{INTEGRATIONS}.watsonx.chat.chat_generator.WatsonxChatGenerator", "HAYMOW_UNPOLICED_GENERATORS"),
    ],
)
def test_a_type_haymow_does_not_call_is_incompatible(type_: str, reason: str) -> None:
    refused = refusal(config(type_, model="m"), {"WATSONX_API_KEY": KEY})
    assert refused.code == "incompatible"
    assert reason in refused.message


def test_a_package_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"{INTEGRATIONS}.mistral.chat.chat_generator"
    type_ = f"{module}.MistralChatGenerator"
    monkeypatch.setitem(sys.modules, module, None)
    refused = refusal(config(type_, model="m"), {"MISTRAL_API_KEY": KEY})
    assert refused.code == "incompatible"
    assert "install haymow[mistral], then start haymow again" in refused.message


def test_parameters_that_the_installed_class_refuses_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    refused = refusal(config(model="m", unknown_parameter="hunter2"), {"OPENAI_API_KEY": KEY})
    assert refused.code == "incompatible"
    assert "hunter2" not in refused.message + caplog.text and KEY not in refused.message + caplog.text


def test_the_mock_generator_needs_nothing() -> None:
    live = build(config(f"{CORE}.mock.MockChatGenerator", responses="Moo"), {})
    assert call(live)["replies"][0].text == "Moo"


def test_a_live_generator_shows_no_secret() -> None:
    live = build(config(model="m"), {"OPENAI_API_KEY": KEY})
    assert KEY not in repr(live) + repr(vars(live.component))


# --- Haystack as a guest ---


def test_haystack_phones_nobody_and_writes_nothing(tmp_path: Path) -> None:
    script = (
        "from haymow.egress import Egress\n"
        "from haymow.generators.live.build import build\n"
        f"build({config(model='m')!r}, {{'OPENAI_API_KEY': 'k'}}, Egress())\n"
        "import haystack.telemetry._telemetry as telemetry\n"
        "assert telemetry.telemetry is None\n"
        "import logging\n"
        "assert not logging.getLogger('openai._base_client').isEnabledFor(logging.CRITICAL)\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HAYSTACK_TELEMETRY_ENABLED"}
    environment |= {"HOME": str(tmp_path), "OPENAI_LOG": "debug"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_imported_before_something_is_built() -> None:
    script = (
        "import sys, haymow.generators.live.build, haymow.generators.live.chat, haymow.generators.live.replies\n"
        "print([name for name in ('haystack', 'openai', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["haystack.components.generators.utils", "openai._base_client", "httpx2"])
def test_what_libraries_say_of_prompts_and_answers_is_not_logged(caplog: pytest.LogCaptureFixture, name: str) -> None:
    build(config(model="m"), {"OPENAI_API_KEY": KEY})
    with caplog.at_level(logging.DEBUG):
        assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)
