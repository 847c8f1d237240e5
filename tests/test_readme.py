"""The README's commands do what it shows: each `sh` block runs against a real haymow with its local language model."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from haymow import local_model
from tests.ports import free_port
from tests.running import RunningServer, environment, running

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

_BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:```(?:json|text|yaml)\n(?P<output>.*?)```\n)?", re.DOTALL)
_MARK = "---- end of block ----"

# What is another one with every run, and in usage what the wording decides.
_VARYING = [
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r'("\d+)-[0-9a-f]{12}"', r'\1-TAG"'),
    (r'"request_id": "[0-9a-f]+"', '"request_id": "REQUEST"'),
    (r'"id": "chatcmpl-[^"]+"', '"id": "CHAT"'),
    (r'"content": "[^"].*"', '"content": "WORDS"'),
    (r"^assistant: .+$", "assistant: WORDS"),
    (r'("(?:created|\w+_(?:tokens|n|ms|per_second))": )[\d.e+-]+', r"\1NUMBER"),
]


@dataclass(frozen=True)
class Block:
    """Commands as a person pastes them, and what the README shows beneath."""

    commands: str
    output: str | None


def blocks() -> list[Block]:
    found = [Block(match["commands"], match["output"]) for match in _BLOCK.finditer(README)]
    return [block for block in found if not block.commands.startswith("make ")]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block printed, all of them pasted into one shell."""
    if local_model.weights() is None:
        pytest.skip("the local model is not installed")
    folder, port = tmp_path_factory.mktemp("readme"), free_port()
    more = {"HAYMOW_LOCAL_MODEL_PORT": str(port), "HAYMOW_EGRESS_ALLOW": ""}
    with running(folder / "data", "--local-model", more=more) as server:
        return pasted(server, folder, port)


def pasted(server: RunningServer, folder: Path, local_model_port: int) -> list[str]:
    # What the README says of a set-up in its own folder -> where it is in this test.
    places = {
        ".venv/bin/haymow": f"{sys.executable} -m haymow.cli.main",
        ".venv/bin/python": sys.executable,
        "http://127.0.0.1:8000": server.url,
        "http://127.0.0.1:8421": f"http://127.0.0.1:{local_model_port}",
    }
    script = "".join(f"{block.commands}echo '{_MARK}'\n" for block in blocks())
    # In one go: the place of one may hold the words of another.
    script = re.sub("|".join(map(re.escape, places)), lambda shown: places[shown[0]], script)
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(server.data), capture_output=True, text=True, timeout=300
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    said = ran.stdout
    for shown, here in places.items():
        said = said.replace(here, shown)
    return said.split(f"{_MARK}\n")[:-1]


def settled(text: str) -> list[str]:
    """Lines, without what is another one with every run."""
    for varying, name in _VARYING:
        text = re.sub(varying, name, text, flags=re.MULTILINE)
    return text.replace("\r", "").strip().splitlines()


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_block_prints_what_the_readme_shows(outputs: list[str], number: int) -> None:
    assert settled(outputs[number]) == settled(blocks()[number].output or "")


def test_it_shows_a_change_and_both_refusals_and_two_chats() -> None:
    commands = "".join(block.commands for block in blocks())
    shown = "".join(block.output or "" for block in blocks())
    for word in ("PATCH", "If-Match", "/chat/completions", "from openai import OpenAI"):
        assert word in commands
    for word in ("HTTP/1.1 200 OK", '"status": 412', '"status": 422', '"object": "chat.completion"'):
        assert word in shown


def test_the_commands_of_make_are_there() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"\bmake ([a-z-]+)", README)
    assert {"run", "test"} <= set(named) <= set(targets)


def test_its_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []
