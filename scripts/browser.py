"""The browser of tests, bench and screenshots: found on the machine, or put there by the set-up from Debian."""

import os
import shutil
import subprocess
from collections.abc import Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
"""For a container that runs as root, with little shared memory and no graphics."""
BY_HAND = f"Install Chromium or Chrome (Debian, as root: apt-get install {' '.join(PACKAGES)})"


def executable() -> str | None:
    """Where Chromium or Chrome is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> str:
    """Install the packages; says in words why that did not go, and nothing when it did."""
    if shutil.which("apt-get") is None:
        return "this is not a Debian or Ubuntu"
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not succeeds([*prefix, "true"]):
        return "that takes root's rights"
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
    packages = ["install", "--no-install-recommends", *PACKAGES]
    # The lists of packages may be missing or old: they are asked for when it does not go without.
    if succeeds([*apt, *packages]) or (succeeds([*apt, "update"]) and succeeds([*apt, *packages])):
        return "" if executable() else f"{PACKAGES[0]} brought no browser"
    return "apt-get failed"


def succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    except FileNotFoundError:  # no sudo
        return False
