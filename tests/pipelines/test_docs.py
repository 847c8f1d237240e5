"""What docs/haystack.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from haystack import Pipeline
from haystack.components.generators.chat import LLM

from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.answers import Says
from tests.conftest import definition
from tests.pipelines.house import House
from tests.server.registry.shelf import Shelf

TEXT = (Path(__file__).parents[2] / "docs" / "haystack.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def test_its_python_prints_an_answer(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.model("assistant")
    house.upstream.script(Says("Paris."))
    code = block("python").replace("http://127.0.0.1:8000", house.server.url)
    exec(code.replace('workspace="default"', f'workspace="{house.workspace_name}"'), {})
    assert capsys.readouterr().out == "Paris.\n"


def test_its_yaml_is_what_haymow_serves(house: House) -> None:
    found = Pipeline.loads(block("yaml")).get_component("llm")
    assert isinstance(found, LLM)
    assert isinstance(found.chat_generator, HaymowChatGenerator)
    made = Shelf(house.client, house.shelf.prefix).made(definition("assistant of the docs"))
    served = house.client.get(f"{house.shelf.models}/{made['model_id']}/pipeline").text
    shown = block("yaml").replace("http://127.0.0.1:8000", house.server.url)
    assert served == shown.replace("default", house.workspace).replace("assistant", "assistant of the docs")
