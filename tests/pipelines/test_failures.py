"""What a pipeline is told when it cannot chat: what is wrong, what to do, and never a key."""

from __future__ import annotations

import traceback
from functools import partial
from typing import Any

import openai
import pytest
from haystack.utils import Secret
from pydantic import BaseModel

from haymow.errors import Denied, HaymowError, Invalid, Malformed, NotFound, Unauthenticated, Unavailable
from haystack_integrations.components.generators.haymow import HaymowChatGenerator, registry
from tests.answers import Fails, Hangs, Trickles
from tests.pipelines.house import House, awaited, key
from tests.pipelines.impostor import Impostor
from tests.server.registry.shelf import UNKNOWN
from tests.upstream import Upstream

CANARY = "hm_canary_4d1e"

both = pytest.mark.parametrize("mode", ["remote", "local"])


def failure(generator: HaymowChatGenerator, kind: type[HaymowError], **more: Any) -> str:
    """The one message of both ways to run."""
    messages = []
    for run in (generator.run, partial(awaited, generator)):
        with pytest.raises(kind) as caught:
            run("Hi", **more)
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


@both
class TestNames:
    def test_a_model_that_is_not_there(self, house: House, mode: str) -> None:
        said = failure(house.generator("no such model", mode=mode), NotFound)
        assert "'no such model'" in said
        assert house.server.url in said

    @pytest.mark.parametrize("name", [UNKNOWN, f"{UNKNOWN}@1", "nothing@2"])
    def test_an_id_or_a_revision_that_is_not_there(self, house: House, mode: str, name: str) -> None:
        assert name in failure(house.generator(name, mode=mode), NotFound)

    def test_a_revision_that_was_never_saved(self, house: House, mode: str) -> None:
        name = f"{house.model()['name']}@7"
        assert name in failure(house.generator(name, mode=mode), NotFound)

    @pytest.mark.parametrize("workspace", ["no such workspace", "a/../b", UNKNOWN])
    def test_a_workspace_that_is_not_there(self, house: House, mode: str, workspace: str) -> None:
        said = failure(house.generator("m", mode=mode, workspace=workspace), NotFound)
        assert repr(workspace) in said

    def test_a_model_that_was_deleted(self, house: House, mode: str) -> None:
        model = house.model()
        generator = house.generator(model["name"], mode=mode, refresh_definition_every=0)
        assert generator.run("Hi")["replies"]
        house.shelf.delete(model["model_id"])
        assert model["name"] in failure(generator, NotFound)

    def test_a_workspace_of_the_same_name_as_one_before(self, house: House, mode: str) -> None:
        generator = house.generator("m", mode=mode, workspace="phoenix", refresh_definition_every=0)
        body = {"name": "m", "provider": "mock", "chat_generator_config": {"type": "MockChatGenerator"}}
        for is_again in (False, True):
            made = house.client.post("/api/v1/workspaces", json={"name": "phoenix"}).json()
            house.client.post(f"/api/v2/workspaces/{made['workspace_id']}/models/custom", json=body)
            if is_again:
                with pytest.raises(NotFound):  # the first call after the change still asks the one before
                    generator.run("Hi")
            assert generator.run("Hi")["replies"][0].text == "Hi"
            house.client.delete("/api/v1/workspaces/phoenix", params={"force": "true"})


@both
class TestKeys:
    def test_none_at_all(self, house: House, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HAYMOW_API_KEY")
        assert "HAYMOW_API_KEY" in failure(house.generator("m", mode=mode), Unauthenticated)

    def test_one_that_haymow_does_not_know(self, house: House, mode: str) -> None:
        for workspace in (house.workspace, "default"):
            generator = house.generator("m", mode=mode, workspace=workspace, api_key=key(CANARY))
            assert "does not accept" in failure(generator, Unauthenticated)

    @pytest.mark.parametrize("wrong", [f"{CANARY}\n", f"{CANARY}\u2013", f"{CANARY} x"])
    def test_one_that_no_header_may_hold(self, house: House, mode: str, wrong: str) -> None:
        generator = house.generator("m", mode=mode, api_key=key(wrong))
        assert "line break" in failure(generator, Unauthenticated)

    def test_one_without_a_role_in_the_workspace(self, house: House, mode: str) -> None:
        other = house.client.post("/api/v1/workspaces", json={"name": f"other-{mode}"}).json()["workspace_id"]
        token = house.client.post("/api/v2/tokens", json={"name": "t", "workspace_id": other}).json()["token"]
        generator = house.generator(house.model()["name"], mode=mode, api_key=key(token))
        assert "has no workspace" in failure(generator, NotFound)


@both
class TestAddresses:
    def test_nobody_answers(self, house: House, mode: str) -> None:
        for workspace in (house.workspace, "default"):
            away = {"api_base_url": "http://127.0.0.1:9/", "workspace": workspace, "max_retries": 0}
            generator = house.generator("m", mode=mode, **away)
            said = failure(generator, Unavailable)
            assert "http://127.0.0.1:9 cannot be reached. See that it runs there" in said

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (200, b"<html>", Unavailable),
            (200, b"[]", Unavailable),
            (200, b"{}", Unavailable),
            (200, b"[" * 100_000, Unavailable),
            (302, b"", Malformed),
            (403, b"", Denied),
            (404, b"404 page not found", Unavailable),
            (404, b'{"code": "not_found"}', NotFound),
            (429, b"", Unavailable),
            (502, b"", Unavailable),
        ],
    )
    def test_something_else_answers(
        self, house: House, impostor: Impostor, mode: str, status: int, body: bytes, kind: type[HaymowError]
    ) -> None:
        impostor.answers["/api/v1/workspaces/default"] = (status, body)
        failure(house.generator("m", mode=mode, api_base_url=impostor.url, workspace="default"), kind)

    def test_one_that_does_not_say_its_last(self, house: House, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
        monkeypatch.setattr(registry, "SECONDS", 0.3)
        with Upstream(Trickles()) as endless:
            away = {"api_base_url": endless.url.removesuffix("/v1"), "workspace": "default"}
            assert "does not answer in time" in failure(house.generator("m", mode=mode, **away), Unavailable)

    def test_one_that_cannot_be_unpacked(self, house: House, mode: str) -> None:
        with Upstream(Fails(200, headers={"content-encoding": "gzip"})) as garbled:
            away = {"api_base_url": garbled.url.removesuffix("/v1"), "workspace": "default"}
            assert "not haymow's" in failure(house.generator("m", mode=mode, **away), Unavailable)

    def test_a_workspaces_name_is_one_part_of_the_address(self, house: House, impostor: Impostor, mode: str) -> None:
        failure(house.generator("m", mode=mode, api_base_url=impostor.url, workspace="a/b?c#ü"), NotFound)
        assert set(impostor.asked) == {"/api/v1/workspaces/a%2Fb%3Fc%23%C3%BC"}


def test_a_chat_that_takes_too_long(house: House) -> None:
    house.upstream.script(Hangs(), Hangs())
    said = failure(house.generator(house.model()["name"], timeout=2.0, max_retries=0), Unavailable)
    assert "did not answer in time" in said


@both
@pytest.mark.parametrize("timeout", [0, -1.0, "5", float("nan")])
def test_a_timeout_that_is_none_is_refused_at_once(mode: Any, timeout: Any) -> None:
    with pytest.raises(ValueError, match="`timeout` is a number of seconds above 0"):
        HaymowChatGenerator("m", "w", mode=mode, timeout=timeout)


@both
def test_a_key_that_is_no_secret_is_refused_at_once_and_not_repeated(mode: Any) -> None:
    key: Any = CANARY
    with pytest.raises(ValueError, match=r"`api_key` is a Secret, such as Secret\.from_env_var") as caught:
        HaymowChatGenerator("m", "w", mode=mode, api_key=key)
    assert CANARY not in str(caught.value)


@both
@pytest.mark.parametrize("more", ["/v1", "/api"])
def test_an_address_with_more_than_haymows_own(house: House, mode: str, more: str) -> None:
    generator = house.generator("m", mode=mode, workspace="default", api_base_url=house.server.url + more)
    assert "without /v1, /api or the like" in failure(generator, NotFound)


SCHEMA = {
    "type": "object",
    "properties": {"temperature": {"type": "number", "maximum": 1}},
    "additionalProperties": False,
}


@pytest.mark.parametrize("more", [{"temperature": 2}, {"top_p": 1}, {"extra_headers": {"a": "b"}}, {"model": "x"}])
def test_what_the_model_does_not_allow_never_goes_upstream(house: House, more: dict[str, Any]) -> None:
    model = house.model(schema=SCHEMA)["name"]
    failure(house.generator(model, mode="local"), Invalid, generation_kwargs=more)
    failure(house.generator(model, mode="local", generation_kwargs=more), Invalid)
    with pytest.raises((openai.BadRequestError, Invalid)):
        house.generator(model).run("Hi", generation_kwargs=more)
    assert house.upstream.seen == []


@both
@pytest.mark.parametrize("name", ["model", "messages", "stream", "extra_headers", "extra_body", "timeout", "api_key"])
def test_what_would_change_the_call_itself_is_refused_whatever_the_schema_says(
    house: House, mode: str, name: str
) -> None:
    model = house.model()["name"]
    assert "may not set this" in failure(house.generator(model, mode=mode), Invalid, generation_kwargs={name: "x"})
    assert house.upstream.seen == []


class Labels(BaseModel):
    """What a call is for."""

    team: str


@both
def test_an_object_of_pydantics_goes_out_as_one_of_jsons(house: House, mode: str) -> None:
    house.generator(house.model()["name"], mode=mode).run("Hi", generation_kwargs={"metadata": Labels(team="a")})
    assert house.upstream.seen[-1].body["metadata"] == {"team": "a"}


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@both
@pytest.mark.parametrize(
    "more", [{1: "x"}, {"stop": {"a", "b"}}, {"stop": object()}, {"seed": float("nan")}, {"stop": CIRCLE}]
)
def test_what_json_has_not_is_refused(house: House, mode: str, more: dict[Any, Any]) -> None:
    said = failure(house.generator(house.model()["name"], mode=mode), Invalid, generation_kwargs=more)
    assert said.startswith("generation_kwargs hold ")
    assert house.upstream.seen == []


def test_a_parameter_that_openai_has_no_word_for_gets_to_the_model_from_remote_mode(house: House) -> None:
    model = house.model(schema={"type": "object", "properties": {"top_k": {"maximum": 9}}})["name"]
    with pytest.raises(openai.BadRequestError, match="Give at most 9") as refused:
        house.generator(model).run("Hi", generation_kwargs={"top_k": 10})
    assert refused.value.param == "top_k"


def test_the_refusal_says_what_is_allowed(house: House) -> None:
    generator = house.generator(house.model(schema=SCHEMA)["name"], mode="local")
    assert "Give at most 1." in failure(generator, Invalid, generation_kwargs={"temperature": 2})


@both
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_holds_under_every_name_of_the_same_meaning(house: House, mode: str, name: str) -> None:
    model = house.model(schema={"type": "object", "properties": {"max_tokens": {"maximum": 5}}})["name"]
    with pytest.raises((openai.BadRequestError, Invalid), match="Give at most 5"):
        house.generator(model, mode=mode).run("Hi", generation_kwargs={name: 6})
    assert house.upstream.seen == []


def test_its_representation_and_its_yaml_hold_no_key(house: House) -> None:
    generator = house.generator("m")
    assert house.server.token not in repr(generator) + repr(vars(generator)) + str(generator.to_dict())
    with pytest.raises(ValueError, match="token-based"):
        house.generator("m", api_key=Secret.from_token(CANARY)).to_dict()
