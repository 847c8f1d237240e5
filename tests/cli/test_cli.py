"""The command line: what it says of itself, and how it says no."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import haymow
from tests.running import environment, haymow_command


def said(tmp_path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        haymow_command(*arguments),
        env=environment(tmp_path / "data", environ),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("-h",), ("serve", "--help"), ("admin", "-h"), ("admin", "token", "-h"), ("admin", "link", "-h"),
     ("admin", "new-master-key", "-h")],
)  # fmt: skip
def test_help_is_there_for_every_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = said(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("-h",), ("admin", "-h")])
def test_help_tells_of_each_command_in_a_whole_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    _, _, commands = said(tmp_path, *arguments).stdout.partition("Commands:\n")
    lines = commands.splitlines()
    assert len(lines) >= 2
    assert [line for line in lines if line.endswith("...") or not line.endswith(".")] == []


@pytest.mark.parametrize("command", ["verify", "restore"])
def test_a_backup_that_cannot_be_read_is_said_in_a_line_that_says_what_to_do(tmp_path: Path, command: str) -> None:
    done = said(tmp_path, "admin", command, "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "haymow: Cannot read nowhere (No such file or directory). Check its name, and that you may read it.\n"
    )


def test_help_names_what_can_be_set(tmp_path: Path) -> None:
    text = said(tmp_path, "serve", "--help").stdout
    for word in ("--host", "--port", "--local-model", "HAYMOW_HOST", "HAYMOW_PORT", "HAYMOW_DATA", "127.0.0.1", "8000"):
        assert word in text


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    done = said(tmp_path, "--version")
    assert done.returncode == 0
    assert haymow.__version__ in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("dance",), ("serve", "--port", "99999"), ("serve", "--port", "-1"), ("serve", "--port", "http"),
     ("serve", "--surprise"), ("serve", "extra"), ("admin", "dance"), ("admin", "token", "extra"),
     ("admin", "link", "extra")],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = said(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("serve", "--host", "no-such-host.invalid"), ("admin", "link")])
def test_a_misspelt_setting_is_noticed_and_its_value_is_not_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = said(tmp_path, *arguments, HAYMOW_EGRES_ALLOW="canary:1")
    assert done.stderr.count("HAYMOW_EGRES_ALLOW (is HAYMOW_EGRESS_ALLOW meant?)") == 1
    assert "canary" not in done.stderr


def test_a_new_master_key_is_printed_alone_and_nothing_is_made(tmp_path: Path) -> None:
    done = said(tmp_path, "admin", "new-master-key")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("haymow-master-key-1 id=") and len(done.stdout.splitlines()) == 3
    assert not (tmp_path / "data").exists()


def test_help_does_without_the_server_and_without_haystack(tmp_path: Path) -> None:
    """It answers at once: what is heavy is imported by what needs it."""
    program = (
        "import sys; from click.testing import CliRunner; from haymow.cli.commands import haymow; "
        "CliRunner().invoke(haymow, ['serve', '--help']); "
        "print([name for name in ('sqlalchemy', 'starlette', 'haystack', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done


def test_the_server_itself_starts_without_haystack(tmp_path: Path) -> None:
    program = (
        "import sys; import haymow.server.run; "
        "print([name for name in sys.modules if name.partition('.')[0] in ('haystack', 'openai', 'alembic')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done
