"""`haymow admin`, as whoever owns the data folder runs it, and what its links are for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from tests.running import RunningServer, environment, haymow_command

_LINK_ALONE = re.compile(r"http://127\.0\.0\.1:\d+/sign-in#[A-Za-z0-9_-]{43}\n")


def admin_command(data: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What came of a command, where nobody answers what it asks."""
    return subprocess.run(
        haymow_command("admin", *arguments), env=environment(data, environ), capture_output=True, text=True,
        timeout=100, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def admin_link(data: Path, **environ: str) -> str:
    """A sign-in link as it is printed: alone."""
    done = admin_command(data, "link", **environ)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert _LINK_ALONE.fullmatch(done.stdout)
    return done.stdout.strip()


def sign_in(server: RunningServer, link: str) -> int:
    """The status that the page is answered when somebody opens the link."""
    headers = {"sec-fetch-site": "same-origin"}
    return httpx.post(
        f"{server.url}/api/v2/session", json={"code": link.partition("#")[2]}, headers=headers
    ).status_code
