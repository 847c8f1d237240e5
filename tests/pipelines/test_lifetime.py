"""What a component holds while it lives: when that is closed, and what its copies and forks have of it."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from haystack import Pipeline
from haystack.dataclasses import StreamingChunk

from haymow.errors import Unauthenticated
from haystack_integrations.components.generators.haymow.registry import Place, Registry
from tests.answers import Says
from tests.pipelines.house import GENERATOR, KEY_NAME, QUESTION, House, awaited, collected, key
from tests.pipelines.impostor import MODELS, Impostor, told
from tests.waiting import wait_until

both = pytest.mark.parametrize("mode", ["remote", "local"])

FORKING = """
import json, os, sys
from haystack_integrations.components.generators.haymow import HaymowChatGenerator

generator = HaymowChatGenerator(**json.loads(sys.argv[1]))
generator.run("parent")
print("Now", flush=True)
sys.stdin.readline()
child = os.fork()
if not child:
    print(generator.run("child")["replies"][0].text, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(generator.run("parent")["replies"][0].text)
"""


@both
class TestDropped:
    """Nobody closes it."""

    def test_on_an_event_loop_that_goes_on(self, house: House, mode: str) -> None:
        """Its connections are closed on that loop, not torn off by the garbage collector."""
        model = house.model()["name"]

        async def ask() -> None:
            for _ in range(3):
                await house.generator(model, mode=mode).run_async(QUESTION)
                gc.collect()
            for _ in range(10):
                await asyncio.sleep(0)

        assert unclosed(lambda: asyncio.run(ask())) == []

    def test_by_a_thread(self, house: House, mode: str) -> None:
        model = house.model()["name"]

        def ask() -> None:
            house.generator(model, mode=mode, workspace=house.workspace_name).run(QUESTION)

        assert unclosed(ask) == []

    @pytest.mark.parametrize("is_closed", [False, True])
    def test_after_its_event_loop(
        self, house: House, mode: str, is_closed: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing of it is told on the next loop, whoever runs that."""
        generator = house.generator(house.model()["name"], mode=mode)
        asyncio.run(generator.run_async(QUESTION))
        if is_closed:
            generator.close()
        del generator
        asyncio.run(collected(asyncio.sleep(0, {})))
        assert caplog.messages == []


def unclosed(act: Callable[[], Any]) -> list[str]:
    """What Python says of connections that nobody closed."""
    gc.collect()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        act()
        gc.collect()
    return [str(warning.message) for warning in warned]


def test_closing_takes_no_connection_from_a_question_that_is_being_asked(impostor: Impostor) -> None:
    registries: list[Registry] = []
    hooks = {"event_hooks": {"response": [lambda _: registries[0].close()]}}
    registries += [Registry(Place(impostor.url, "w", key("token"), hooks))]
    workspace_id = uuid4()
    # So long that the end of the answer is still to come when its head is there.
    impostor.answer("/api/v1/workspaces/w", {"workspace_id": str(workspace_id), "description": "x" * 3_000_000})
    assert registries[0].workspace_id() == workspace_id


class TestForks:
    @both
    def test_a_forked_process_has_connections_of_its_own(self, house: House, mode: str) -> None:
        """Else two processes would read each other's answers."""
        settings = {
            "model": house.model()["name"], "workspace": house.workspace, "api_base_url": house.server.url,
            "mode": mode, "local_hosts": {house.destination: [KEY_NAME]},
        }  # fmt: skip
        if mode == "remote":  # haymow's own connections are not to be seen, those to the upstream are
            settings |= {"workspace": str(uuid4()), "api_base_url": house.upstream.url.removesuffix("/v1")}
        assert forked(settings, lambda: None) == ["Hello", "Hello"]
        asked = [(seen.body["messages"][0]["content"], seen.connection) for seen in house.upstream.seen]
        assert [who for who, _ in asked] == ["parent", "child", "parent"]
        (_, first), (_, of_child), (_, last) = asked
        assert first == last != of_child

    def test_a_forked_process_keeps_the_definition_while_haymow_is_away(
        self, impostor: Impostor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HAYMOW_API_KEY", "hm_x")
        generator = told(impostor, {"type": "MockChatGenerator", "init_parameters": {}})
        given = {name: getattr(generator, name) for name in ("model", "workspace", "api_base_url", "mode")}

        def leave() -> None:
            impostor.answers = {MODELS: (503, b"")}

        assert forked({**given, "refresh_definition_every": 0}, leave) == ["child", "parent"]


def forked(settings: Mapping[str, Any], meanwhile: Callable[[], None]) -> list[str]:
    """What a component says in a process that was forked from one where it had been used, and then in that one."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKING, json.dumps(settings)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "Now\n"
        meanwhile()
        said, errors = process.communicate("\n", timeout=60)
    assert process.returncode == 0, errors
    return said.splitlines()


@both
@pytest.mark.parametrize("is_used", [False, True])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_runs_and_shares_no_connection(house: House, mode: str, is_used: bool, copied: Any) -> None:
    generator = house.generator(house.model()["name"], mode=mode)
    if is_used:
        generator.run(QUESTION)
    other = copied(generator)
    assert other.to_dict() == generator.to_dict()
    assert other.run(QUESTION)["replies"][0].text == "Hello"
    assert awaited(other, QUESTION)["replies"][0].text == "Hello"
    assert other._live is not generator._live


class TestKeys:
    """A key that is another in the environment now, as a notebook sets it after a rotation."""

    def test_of_haymow(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        generator = house.generator(house.model()["name"])
        generator.run(QUESTION)
        monkeypatch.setenv("HAYMOW_API_KEY", "of-before")
        for run in (generator.run, lambda question: awaited(generator, question)):
            with pytest.raises(Unauthenticated):
                run(QUESTION)
        monkeypatch.setenv("HAYMOW_API_KEY", house.server.token)
        assert generator.run(QUESTION)["replies"]

    def test_of_a_provider(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        generator = house.generator(house.model()["name"], mode="local")
        generator.run(QUESTION)
        monkeypatch.setenv(KEY_NAME, "sk-rotated")
        generator.run(QUESTION)
        awaited(generator, QUESTION)
        assert [seen.headers["authorization"] for seen in house.upstream.seen][1:] == ["Bearer sk-rotated"] * 2


class TestStreams:
    @pytest.mark.parametrize("is_async", [False, True])
    def test_a_callback_that_raises_ends_the_call(self, house: House, is_async: bool) -> None:
        """The provider, too, hears that nobody listens: what it says costs, and holds a place of the model's."""
        generator = house.generator(house.model()["name"])
        house.upstream.script(Says("x" * 1200, pieces=1200, pause=0.05))
        before = house.upstream.abandoned

        def receive(chunk: StreamingChunk) -> None:
            raise KeyError("of the callback")

        async def receive_async(chunk: StreamingChunk) -> None:
            receive(chunk)

        async def ask() -> None:
            with pytest.raises(KeyError, match="of the callback") as caught:
                await generator.run_async(QUESTION, streaming_callback=receive_async)
            await asyncio.to_thread(wait_until, lambda: house.upstream.abandoned == before + 1)
            assert caught.value.args  # which holds all that it was raised in
            await generator.close_async()

        if is_async:
            asyncio.run(ask())
            return
        with pytest.raises(KeyError, match="of the callback") as caught:
            generator.run(QUESTION, streaming_callback=receive)
        wait_until(lambda: house.upstream.abandoned == before + 1)
        assert caught.value.args

    @both
    @pytest.mark.parametrize("is_async", [False, True])
    def test_chunks_say_which_component_of_the_pipeline_they_are_of(
        self, house: House, mode: str, is_async: bool
    ) -> None:
        pipeline = Pipeline()
        pipeline.add_component("writer", house.generator(house.model()["name"], mode=mode))
        chunks: list[StreamingChunk] = []

        async def receive(chunk: StreamingChunk) -> None:
            chunks.append(chunk)

        asked = {"writer": {"messages": QUESTION, "streaming_callback": receive if is_async else chunks.append}}
        result = awaited(pipeline, asked) if is_async else pipeline.run(asked)
        assert result["writer"]["replies"][0].text == "Hello"
        infos = [chunk.component_info for chunk in chunks]
        assert {(info.type, info.name) for info in infos if info} == {(GENERATOR, "writer")}
        assert None not in infos
