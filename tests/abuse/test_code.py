"""Code: a definition names code, and none of it is imported, built, called or rendered."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from tests import looking
from tests.abuse.conftest import Exposed
from tests.abuse.subject import OPENAI, Subject, config, refused
from tests.conftest import definition
from tests.running import RunningServer

TYPE = "#/chat_generator_config/type"
PARAMETERS = "#/chat_generator_config/init_parameters"


@pytest.mark.parametrize(
    "kind",
    [
        "subprocess.Popen",
        "os.system",
        "builtins.eval",
        "haystack.components.generators.chat.openai.OpenAIChatGenerator.run",
        "haystack.components.generators.chat.openai.OpenAI",
        f" {OPENAI}",
        f"{OPENAI}\n",
        OPENAI.upper(),
        OPENAI.replace(".", "/"),
        "../OpenAIChatGenerator",
        "",
    ],
)
def test_a1_a_type_that_is_no_known_generator_is_refused(subject: Subject, kind: str) -> None:
    with subject.unharmed():
        faults = refused(subject.patch_config(kind), 422)
    assert faults == {TYPE: "unknown_generator"}


@pytest.mark.parametrize("kind", [5, 5.5, True, [], [OPENAI], {}, {"type": OPENAI}, None])
def test_a1_a_type_that_is_no_text_is_refused(subject: Subject, kind: object) -> None:
    with subject.unharmed():
        assert list(refused(subject.patch_config(kind), 422)) == [TYPE]


@pytest.mark.parametrize(
    "kind",
    [
        "haystack.components.fetchers.link_content.LinkContentFetcher",
        "LinkContentFetcher",
        "haystack.core.pipeline.pipeline.Pipeline",
        "haystack.components.generators.chat.fallback.FallbackChatGenerator",
        "haystack.components.agents.agent.Agent",
    ],
)
def test_a2_what_haystack_would_build_but_is_no_single_generator_is_refused(subject: Subject, kind: str) -> None:
    with subject.unharmed():
        assert TYPE in refused(subject.patch_config(kind), 422)


@pytest.mark.parametrize(
    "callback",
    [
        "builtins.input",
        "haystack.logging.configure_logging",
        "haystack.components.generators.utils.print_streaming_chunk",
        {"type": "haystack.logging.configure_logging"},
        ["builtins.input"],
        1,
    ],
)
def test_a5_callbacks_are_refused(subject: Subject, callback: object) -> None:
    with subject.unharmed():
        faults = refused(subject.patch_config(streaming_callback=callback), 422)
    assert faults == {f"{PARAMETERS}/streaming_callback": "refused_parameter"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"tools": [{"type": "haystack.tools.tool.Tool", "data": {"function": "os.system"}}]},
        {"tools": {"type": "haystack_integrations.tools.mcp.MCPToolset", "data": {"command": "/bin/sh"}}},
        {"organization": {"type": "subprocess.Popen", "init_parameters": {"args": "id"}}},
        {"organization": {"type": "single", "name": "cpu"}},
        {"generation_kwargs": {"type": "subprocess.Popen", "args": "id"}},
        {"api_key": {"type": "subprocess.Popen"}},
        {"api_key": "builtins.input"},
        {"http_client_kwargs": {"type": "httpx.HTTPTransport"}},
    ],
)
def test_a5_objects_that_haystack_would_build_are_refused(subject: Subject, parameters: dict[str, Any]) -> None:
    with subject.unharmed():
        faults = refused(subject.patch_config(**parameters), 422)
    assert list(faults) == [f"{PARAMETERS}/{name}" for name in parameters]


@pytest.mark.parametrize("attribute", ["", ".Generator", ".missing"])
def test_a7_a_module_on_the_servers_path_is_not_imported(exposed: Exposed, attribute: str) -> None:
    subject, name = exposed.subject(), exposed.module + attribute
    with subject.unharmed():
        refused(subject.patch_config(name), 422)
        refused(subject.patch_config(streaming_callback=name), 422)
        refused(subject.patch_config(organization={"type": name}), 422)
        refused(subject.client.post(subject.collection, json=definition(chat_generator_config=config(name))), 422)
        validated = subject.client.post(
            f"{subject.home}/models/validate", json={**definition(name), "model_id": subject.id}
        )
        assert validated.status_code in (200, 422)
    assert not exposed.trace.exists()


TEMPLATES = [
    "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${7*7}",
    "${env:HOME}",
    "%(name)s",
    "{0.__class__}",
    "{expected}",
    "#{7*7}",
    "$(id)",
    "`id`",
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_a8_templates_are_literal_text(subject: Subject, text: str) -> None:
    kwargs = {
        "type": "object",
        "description": text,
        "properties": {text: {"title": text, "default": text, "enum": [text]}},
    }
    body = {"name": text, "chat_generator_config": config(model=text), "generation_kwargs": kwargs}
    changed = subject.patch(body)
    assert changed.status_code == 200, changed.text
    assert changed.json()["name"] == text
    assert changed.json()["chat_generator_config"]["init_parameters"] == {"model": text}
    assert changed.json()["generation_kwargs"] == kwargs
    assert subject.client.get(subject.read_url).json() == changed.json()
    audit = subject.client.get(f"{subject.home}/audit").json()["data"]
    assert audit[0]["subject_name"] == text


@pytest.mark.parametrize("text", TEMPLATES)
def test_a8_templates_are_not_rendered_into_errors(subject: Subject, text: str) -> None:
    with subject.unharmed():
        answers = [
            subject.patch({text: 1}, prefer="handling=strict"),
            subject.patch({"provider": text}),
            subject.patch_config(text, **{text: text}),
        ]
    for answer in answers:
        refused(answer, 422)
        problem = json.dumps([answer.json()["detail"], answer.json()["details"]])
        assert text not in problem
        assert "49" not in problem


def _rewrite_revision(server: RunningServer, model_id: str, text: str) -> None:
    """What an older or another haymow may have left in the database."""
    statement = "UPDATE revisions SET chat_generator_config = :config WHERE model_id = :model AND revision = 1"
    assert looking.execute(server.data, statement, config=text, model=uuid.UUID(model_id)) == 1


@pytest.mark.parametrize(
    "damaged",
    [
        {"type": "subprocess.Popen", "init_parameters": {"args": "id"}},
        config(streaming_callback="builtins.input"),
        config(api_key="sk-literal"),
    ],
)
def test_a10_a_restored_revision_is_checked_like_any_change(
    subject: Subject, server: RunningServer, damaged: dict[str, Any]
) -> None:
    assert subject.patch({"provider": "other"}).status_code == 200
    _rewrite_revision(server, subject.id, json.dumps(damaged))
    with subject.unharmed():
        faults = refused(subject.client.post(f"{subject.read_url}/revisions/1/restore"), 422)
    assert all(pointer.startswith("#/chat_generator_config/") for pointer in faults)


def test_a10_a_create_is_checked_like_an_update(admin: httpx.Client, subject: Subject) -> None:
    body = definition("another", chat_generator_config=config("subprocess.Popen", streaming_callback="builtins.input"))
    with subject.unharmed():
        for path in (subject.collection, f"{subject.home}/models/validate"):
            assert refused(admin.post(path, json=body), 422) == {TYPE: "unknown_generator"}
