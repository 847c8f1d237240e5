"""Ctrl-C before there is anything to stop in order: the command ends without a word, with the status of shells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import environment, haymow_command

_INTERRUPTED = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from haymow.cli.main import main

main()
"""


@pytest.mark.parametrize("module", ["click", "haymow.cli.admin", "haymow.server.run", "sqlalchemy"])
def test_while_python_imports_a_start_ends_quietly(tmp_path: Path, module: str) -> None:
    command = [sys.executable, "-c", _INTERRUPTED.replace("MODULE", repr(module)), "serve", "--port", "0"]
    done = subprocess.run(command, env=environment(tmp_path / "data"), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_at_a_prompt_it_ends_the_line_and_nothing_more(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = haymow_command("admin", "backup", str(tmp_path / "backup"))
    told = environment(tmp_path / "data")
    with subprocess.Popen(command, env=told, stdin=theirs, stdout=theirs, stderr=theirs) as it:
        os.close(theirs)
        said = b""
        while not said.endswith(b"Passphrase: "):
            said += os.read(ours, 1000)
        it.send_signal(signal.SIGINT)
        assert it.wait(timeout=30) == 130
    assert os.read(ours, 1000).strip() == b""
    os.close(ours)
