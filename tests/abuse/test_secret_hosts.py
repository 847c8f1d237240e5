"""Secrets and their hosts: no way around leads a value to an address of the asker's choice (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.abuse.sink import Sink
from tests.abuse.subject import Subject, config, named, refused
from tests.conftest import client_of, definition
from tests.server.access.people import Somebody, let_in, new_secret, new_token, somebody, unique
from tests.upstream import Upstream

API_KEY = "#/chat_generator_config/init_parameters/api_key"


@pytest.fixture
def editor(admin: httpx.Client, subject: Subject) -> Iterator[Somebody]:
    """An editor of the workspace, and of nothing else."""
    person = somebody(admin)
    let_in(admin, subject.workspace, person.user_id, "editor")
    with person.client:
        yield person


def hosts_of(client: httpx.Client, secret: dict[str, str]) -> object:
    return client.get(f"/api/v2/secrets/{secret['secret_id']}").json()["hosts"]


def test_a_workspaces_editor_does_not_bind_the_organizations_secret(
    admin: httpx.Client, subject: Subject, editor: Somebody, sink: Sink
) -> None:
    secret = new_secret(admin)
    theirs = config(api_base_url=f"{sink.url}/v1", api_key=named(secret["name"]))
    change = {"chat_generator_config": theirs}
    with subject.unharmed():
        assert refused(editor.client.patch(subject.url, json=change), 422) == {API_KEY: "secret_host_mismatch"}
        created = editor.client.post(subject.collection, json=definition("theirs", **change))
        assert refused(created, 422) == {API_KEY: "secret_host_mismatch"}
        validated = editor.client.post(f"{subject.home}/models/validate", json={"model_id": subject.id, **change})
        assert refused(validated, 422) == {API_KEY: "secret_host_mismatch"}
    assert hosts_of(admin, secret) is None


def test_an_administrators_token_of_one_workspace_does_not_either(
    admin: httpx.Client, subject: Subject, sink: Sink
) -> None:
    secret, limited = new_secret(admin), new_token(admin, workspace_id=subject.workspace)["token"]
    body = {"chat_generator_config": config(api_base_url=f"{sink.url}/v1", api_key=named(secret["name"]))}
    with client_of(str(admin.base_url), limited) as client, subject.unharmed():
        assert refused(client.patch(subject.url, json=body), 422) == {API_KEY: "secret_host_mismatch"}
    assert hosts_of(admin, secret) is None


def test_what_is_refused_or_only_tried_binds_nothing(admin: httpx.Client, subject: Subject) -> None:
    secret, other = new_secret(admin), Subject(admin, subject.workspace, definition(unique("taken")))
    body = {"chat_generator_config": config(api_base_url="https://first.example/v1", api_key=named(secret["name"]))}
    with subject.unharmed():
        taken = subject.patch({**body, "name": other.model["name"]})
        refused(taken, 409)
        refused(subject.patch({**body, "provider": "Not A Slug"}), 422)
        refused(subject.patch(body, **{"if-match": '"none"'}), 412)
        validate = f"{subject.home}/models/validate"
        assert admin.post(validate, json={**definition(unique("v")), **body}).status_code == 200
        assert admin.post(validate, json={"model_id": subject.id, **body}).status_code == 200
        assert hosts_of(admin, secret) is None
    assert subject.patch(body).status_code == 200
    assert hosts_of(admin, secret) == ["first.example:443"]
    elsewhere = config(api_base_url="https://second.example/v1", api_key=named(secret["name"]))
    assert refused(subject.patch({"chat_generator_config": elsewhere}), 422) == {API_KEY: "secret_host_mismatch"}


def test_a_restored_revision_sends_a_secret_nowhere_that_it_may_not_go_now(
    admin: httpx.Client, subject: Subject, upstream: Upstream
) -> None:
    host = f"127.0.0.1:{upstream.port}"
    secret = new_secret(admin, subject.workspace, secret="sk-value-one", hosts=[host])
    assert subject.patch_config(api_base_url=upstream.url, api_key=named(secret["name"])).status_code == 200
    assert subject.patch_config(api_key=named("NONE_SUCH")).status_code == 200
    one = f"{subject.home}/secrets/{secret['secret_id']}"
    assert admin.put(one, json={"secret": "sk-value-two", "hosts": ["api.openai.com"]}).status_code == 200
    with subject.unharmed():
        answer = admin.post(f"{subject.read_url}/revisions/2/restore")
        assert refused(answer, 422) == {API_KEY: "secret_host_mismatch"}
    assert "sk-value" not in repr(upstream.seen)


def test_an_editor_does_not_restore_what_only_an_administrator_may_set(subject: Subject, editor: Somebody) -> None:
    assert subject.patch_config(http_client_kwargs={"timeout": 5}).status_code == 200
    assert subject.patch_config().status_code == 200
    with subject.unharmed():
        answer = editor.client.post(f"{subject.read_url}/revisions/2/restore")
        assert list(refused(answer, 422).values()) == ["administrator_only"]
    assert subject.client.post(f"{subject.read_url}/revisions/2/restore").status_code == 200


@pytest.mark.parametrize("how", ["hosts", "value", "mask"])
def test_nobody_widens_a_secrets_hosts_without_its_value(admin: httpx.Client, subject: Subject, how: str) -> None:
    secret = new_secret(admin, subject.workspace, hosts=["api.openai.com"])
    one = f"{subject.home}/secrets/{secret['secret_id']}"
    body = {"hosts": ["evil.example"], **{"hosts": {}, "value": {"secret": ""}, "mask": {"secret": "********"}}[how]}
    with subject.unharmed():
        assert "#/secret" in refused(admin.put(one, json=body), 422)
        assert admin.patch(one, json={"hosts": ["evil.example"]}).status_code == 405
        again = {"name": secret["name"], "secret": "another value", "hosts": ["evil.example"]}
        refused(admin.post(f"{subject.home}/secrets", json=again), 409)


def test_a_nearer_secret_of_the_same_name_is_the_one_that_is_sent(
    admin: httpx.Client, subject: Subject, upstream: Upstream
) -> None:
    host = f"127.0.0.1:{upstream.port}"
    organizations = new_secret(admin, secret="sk-of-the-organization-77", hosts=[host])
    name = organizations["name"]
    subject.patch({"generation_kwargs": {}})
    assert subject.patch_config(api_base_url=upstream.url, api_key=named(name)).json()["connected"] is True
    assert subject.chat().status_code == 200
    new_secret(admin, subject.workspace, name, secret="sk-of-the-workspace-77", hosts=[host])
    assert subject.chat().status_code == 200
    sent = [seen.headers["authorization"] for seen in upstream.seen]
    assert sent == ["Bearer sk-of-the-organization-77", "Bearer sk-of-the-workspace-77"]
