"""Secrets: named, never given; never read from the environment, never sent astray, never repeated."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.abuse.conftest import ENVIRONMENT, Exposed
from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named, refused
from tests.conftest import definition
from tests.running import environment, haymow_command, running, sentences_of
from tests.server.access.people import new_secret, new_workspace
from tests.upstream import Upstream

API_KEY = "#/chat_generator_config/init_parameters/api_key"
CANARY = "env-canary-7c1e"


def openai_error(answer: httpx.Response, status: int) -> str:
    """Check that a chat was refused, and give the code."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["code"])


@pytest.mark.parametrize("name", [*ENVIRONMENT, "HAYMOW_DATA", "PATH", "HOME"])
def test_b1_a_name_of_the_environment_is_a_secrets_name_like_any_other(
    exposed: Exposed, upstream: Upstream, name: str
) -> None:
    subject = exposed.subject()
    changed = subject.patch_config(api_base_url=upstream.url, api_key=named(name))
    assert changed.status_code == 200, changed.text
    assert changed.json()["connected"] is False
    assert openai_error(subject.chat(), 409) == "missing_secret"
    assert upstream.seen == []


def test_b1_an_omitted_key_is_not_taken_from_the_environment(exposed: Exposed, upstream: Upstream) -> None:
    subject = exposed.subject()
    assert subject.patch_config(api_base_url=upstream.url).json()["connected"] is False
    assert openai_error(subject.chat(), 409) == "missing_secret"
    assert upstream.seen == []


def test_b1_nothing_of_the_environment_goes_to_a_provider(exposed: Exposed, upstream: Upstream) -> None:
    subject = exposed.subject()
    host = f"127.0.0.1:{upstream.port}"
    new_secret(subject.client, subject.workspace, "OPENAI_API_KEY", secret="sk-of-the-workspace-1", hosts=[host])
    assert subject.patch_config(api_base_url=upstream.url).json()["connected"] is True
    answered = subject.chat()
    assert answered.status_code == 200, answered.text
    assert upstream.seen[-1].headers["authorization"] == "Bearer sk-of-the-workspace-1"
    assert CANARY not in repr(upstream.seen)


@pytest.mark.parametrize(
    "text",
    [
        "os.environ/OPENAI_API_KEY",
        "${OPENAI_API_KEY}",
        "$OPENAI_API_KEY",
        "{{env.OPENAI_API_KEY}}",
        "file:///etc/passwd",
    ],
)
def test_b5_references_to_the_environment_are_never_expanded(exposed: Exposed, text: str) -> None:
    subject = exposed.subject()
    with subject.unharmed():
        for key in (text, named(text), {"type": "token", "token": text}, {"type": "env_var", "env_vars": text}):
            answer = subject.patch_config(api_key=key)
            assert list(refused(answer, 422)) == [API_KEY]
            assert text not in answer.text
    changed = subject.patch_config(model=text)
    assert changed.json()["chat_generator_config"]["init_parameters"]["model"] == text


@pytest.mark.parametrize("text", ["/proc/self/environ", "file:///proc/self/environ", "os.environ/OPENAI_BASE_URL"])
def test_b5_an_address_is_not_read_from_the_environment_either(exposed: Exposed, text: str) -> None:
    subject = exposed.subject()
    with subject.unharmed():
        refused(subject.patch_config(api_base_url=text), 422)


def test_b6_another_workspaces_secret_is_as_if_it_did_not_exist(
    admin: httpx.Client, subject: Subject, upstream: Upstream
) -> None:
    _, elsewhere = new_workspace(admin)
    host = f"127.0.0.1:{upstream.port}"
    secret = new_secret(admin, elsewhere, secret="sk-of-another-workspace", hosts=[host])
    there = subject.patch_config(api_base_url=upstream.url, api_key=named(secret["name"]))
    assert there.status_code == 200, there.text
    assert there.json()["connected"] is False
    nowhere = subject.patch_config(api_base_url=upstream.url, api_key=named(f"{secret['name']}_NOT"))
    assert nowhere.json()["connected"] is False
    subject.patch_config(api_base_url=upstream.url, api_key=named(secret["name"]))
    assert openai_error(subject.chat(), 409) == "missing_secret"
    assert upstream.seen == []


def test_b6_another_workspaces_secret_cannot_be_reached_by_its_id(admin: httpx.Client, subject: Subject) -> None:
    _, elsewhere = new_workspace(admin)
    secret = new_secret(admin, elsewhere)
    here = f"{subject.home}/secrets/{secret['secret_id']}"
    with subject.unharmed():
        for method, body in (
            ("GET", None),
            ("PUT", {"secret": "taken-over", "hosts": ["evil.example"]}),
            ("DELETE", None),
        ):
            refused(admin.request(method, here, json=body), 404)
    there = admin.get(f"/api/v2/workspaces/{elsewhere}/secrets/{secret['secret_id']}").json()
    assert there == secret


def test_b6_a_secret_is_not_sent_to_another_host(admin: httpx.Client, subject: Subject, sink: Sink) -> None:
    secret = new_secret(admin, subject.workspace, hosts=["api.openai.com"])
    with subject.unharmed():
        faults = refused(subject.patch_config(api_base_url=sink.url, api_key=named(secret["name"])), 422)
    assert faults == {API_KEY: "secret_host_mismatch"}


def test_b6_a_secret_that_is_not_needed_is_not_sent_to_another_host_either(
    admin: httpx.Client, subject: Subject, upstream: Upstream
) -> None:
    value = "sk-of-openai-alone-93b1"
    secret = new_secret(admin, subject.workspace, secret=value, hosts=["api.openai.com"])
    subject.patch_config(api_base_url=upstream.url, api_key=named(secret["name"], strict=False))
    subject.chat()
    assert value not in repr(upstream.seen)


def test_b6_a_new_value_for_other_hosts_is_not_sent_where_the_old_one_went(
    admin: httpx.Client, subject: Subject, upstream: Upstream
) -> None:
    secret = new_secret(admin, subject.workspace, secret="sk-first-value", hosts=[f"127.0.0.1:{upstream.port}"])
    assert subject.patch_config(api_base_url=upstream.url, api_key=named(secret["name"])).json()["connected"] is True
    assert subject.chat().status_code == 200
    put = admin.put(
        f"{subject.home}/secrets/{secret['secret_id']}", json={"secret": "sk-second-value", "hosts": ["api.openai.com"]}
    )
    assert put.status_code == 200, put.text
    assert subject.client.get(subject.read_url).json()["connected"] is False
    assert openai_error(subject.chat(), 409) == "missing_secret"
    assert "sk-second-value" not in repr(upstream.seen)


@pytest.mark.parametrize(
    "value", [4815162342, 48151623.42, True, [], ["sk-listed-48151623"], {}, {"v": "sk-boxed-48151623"}, None]
)
def test_b8_a_value_of_another_type_is_refused_without_an_echo(
    admin: httpx.Client, subject: Subject, value: Any
) -> None:
    with subject.unharmed():
        for field, path in (("secret", f"{subject.home}/secrets"), ("token", "/api/v1/model_registry_tokens/openai")):
            answer = admin.post(path, json={"name": "WRONG", field: value})
            assert refused(answer, 422) == {f"#/{field}": "type"}
            assert "48151623" not in answer.text


@pytest.mark.parametrize(
    "value",
    ["sk-break-Qx2fz6d\nrest", "sk-break-Qx2fz6d\r\nx: y", "sk-Qx2fz6d\u2013dash", "sk-Qx2fz6d\x7f", " sk-Qx2fz6d"],
)
def test_b9_a_value_with_a_line_break_or_a_typographic_dash_is_refused(
    admin: httpx.Client, subject: Subject, server: Any, value: str
) -> None:
    existing = new_secret(admin, subject.workspace)
    one = f"{subject.home}/secrets/{existing['secret_id']}"
    with subject.unharmed():
        for answer in (
            admin.post(f"{subject.home}/secrets", json={"name": "BROKEN", "secret": value}),
            admin.put(one, json={"secret": value}),
            admin.post("/api/v1/model_registry_tokens/openai", json={"token": value}),
        ):
            refused(answer, 422)
            assert "Qx2fz6d" not in answer.text
    assert "Qx2fz6d" not in server.log.read_text()


@pytest.mark.parametrize("mask", ["********", "sk-***", "\u2022" * 8, "SecretValue(***)", "<redacted>", "sk-...ab12"])
def test_a_mask_that_comes_back_does_not_replace_the_value(admin: httpx.Client, subject: Subject, mask: str) -> None:
    secret = new_secret(admin, subject.workspace)
    with subject.unharmed():
        answer = admin.put(f"{subject.home}/secrets/{secret['secret_id']}", json={"secret": mask})
        assert "#/secret" in refused(answer, 422)


@pytest.mark.parametrize(
    "parameters",
    [
        {"http_client_kwargs": {"headers": {"Authorization": "Bearer sk-literal-qx9vz7a"}}},
        {"http_client_kwargs": {"headers": {"aUTHORIZATION": "x-qx9vz7a"}}},
        {"http_client_kwargs": {"headers": {"X-Api-Key": "x-qx9vz7a"}}},
        {"http_client_kwargs": {"headers": {"X-Plain": "Bearer sk-literal-qx9vz7a"}}},
        {"http_client_kwargs": {"headers": {"Cookie": "a=qx9vz7a"}}},
        {"http_client_kwargs": {"headers": {"Host": "evil-qx9vz7a.example"}}},
        {"http_client_kwargs": {"headers": {"X-A": "b\r\nAuthorization: qx9vz7a"}}},
        {"generation_kwargs": {"extra_headers": {"Authorization": "Bearer qx9vz7a"}}},
        {"organization": "Bearer sk-literal-qx9vz7a"},
        {"api_key": "sk-literal-qx9vz7a"},
    ],
)
def test_b12_a_literal_credential_in_a_definition_is_refused(subject: Subject, parameters: dict[str, Any]) -> None:
    with subject.unharmed():
        answer = subject.patch_config(**parameters)
        refused(answer, 422)
    assert "qx9vz7a" not in answer.text


def started_in_vain(data: Path) -> subprocess.CompletedProcess[str]:
    command = haymow_command("serve", "--port", "0")
    return subprocess.run(command, env=environment(data), capture_output=True, text=True, timeout=30)


def test_b15_a_start_without_the_databases_master_key_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        server.stop()
    key = data / "master.key"
    before = key.read_bytes()
    key.unlink()
    without = started_in_vain(data)
    assert without.returncode not in (0, None)
    assert len(sentences_of(without.stderr)) == 1, without.stderr
    assert not key.exists()
    key.write_bytes(before[:-1] + (b"A" if before[-1:] != b"A" else b"B"))
    wrong = started_in_vain(data)
    assert wrong.returncode not in (0, None)
    assert len(sentences_of(wrong.stderr)) == 1, wrong.stderr
    assert before.decode("latin-1").strip() not in wrong.stderr


def test_b17_a_secret_in_use_is_not_deleted_and_the_answer_names_the_models(
    admin: httpx.Client, subject: Subject
) -> None:
    secret = new_secret(admin, subject.workspace, hosts=["api.openai.com"])
    using = {"name": "the one that uses it", "chat_generator_config": config(api_key=named(secret["name"]))}
    assert subject.patch(using).json()["connected"] is True
    other = Subject(admin, subject.workspace, definition("uses no secret of ours"))
    one = f"{subject.home}/secrets/{secret['secret_id']}"
    with subject.unharmed():
        answer = admin.delete(one)
        refused(answer, 409)
        assert "the one that uses it" in answer.json()["detail"]
        assert other.model["name"] not in answer.text
    assert admin.delete(one, params={"force": "true"}).status_code == 204
    assert admin.get(subject.read_url).json()["connected"] is False


def test_b17_a_secret_of_the_organization_is_in_use_by_any_workspaces_model(
    admin: httpx.Client, subject: Subject
) -> None:
    secret = new_secret(admin, hosts=["api.openai.com"])
    assert subject.patch_config(api_key=named(secret["name"])).json()["connected"] is True
    one = f"/api/v2/secrets/{secret['secret_id']}"
    with subject.unharmed():
        refused(admin.delete(one), 409)
    assert admin.delete(one, params={"force": "true"}).status_code == 204
