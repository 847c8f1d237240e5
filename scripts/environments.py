"""The virtual environments that a set-up fills."""

import fcntl
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steps import ROOT, Step


class SetupFailed(Exception):
    """The message is what the person at the terminal reads."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and in it one stamp for every step that was done."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def stamp(self, name: str) -> Path:
        return self.folder / "stamps" / name

    def stamp_of(self, step: Step) -> Path:
        return step.stamp or self.stamp(step.name)

    def has(self, step: Step, mark: str) -> bool:
        stamp = self.stamp_of(step)
        return self.python.exists() and stamp.exists() and stamp.read_text() == mark

    def create(self) -> None:
        """Make the environment, or empty it. Without pip: the first step brings it, and Debian has no ensurepip."""
        command = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SetupFailed(f"{self.folder.name} could not be made:\n{done.stdout}{done.stderr}")
        self.stamp("").mkdir()
        self.trust()

    def is_whole(self) -> bool:
        stamp = self.stamp("python")
        return self.python.exists() and stamp.exists() and stamp.read_text() == self.mark_of_python()

    def trust(self) -> None:
        self.stamp("python").write_text(self.mark_of_python())

    def doubt(self) -> None:
        """A pip that is stopped while it unpacks leaves halves, and takes them for whole packages the next time."""
        self.stamp("python").unlink(missing_ok=True)

    def mark_of_python(self) -> str:
        return f"{platform.python_implementation()} {platform.python_version()} in {self.folder}\n"


@contextmanager
def alone(folder: str) -> Iterator[None]:
    """Let one set-up of a folder run at a time: two would empty and fill it at once."""
    with (ROOT / f"{folder}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another set-up of {folder} to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
