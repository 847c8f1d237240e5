"""Set up an environment from the pinned files under requirements/: what `make setup` runs.

Needs Python 3.11, its pip, and nothing else. Every package is installed by its hash. A step whose pinned file has not
changed since it was last done is skipped, so a second run takes a fraction of a second.

    python3 scripts/setup.py run      .venv, with all that `haymow serve --local-model` needs
    python3 scripts/setup.py dev      the same, and what `make test` needs
    python3 scripts/setup.py bench    .venv-bench, with the servers that haymow is measured against
    python3 scripts/setup.py litellm  .venv-litellm, with the LiteLLM proxy, which is measured beside haymow
    python3 scripts/setup.py portkey  .venv-portkey, with the Portkey gateway, for the same, and with Node.js if need be
"""

import fcntl
import hashlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets this far, and is to read a sentence
    found = platform.python_version()
    sys.exit(f"haymow needs Python 3.11 or newer and this is {found}: name one, such as make PYTHON=python3.12 setup")

ROOT = Path(__file__).resolve().parent.parent
REPORT_EVERY = 5.0  # seconds between two lines of progress
WORTH_A_LINE = 10  # packages: fewer are unpacked in no time
COLLECTED = re.compile(r"(?:Collecting|Processing) \S+")
TRANSFERRED = re.compile(r"Progress (\d+) of \d+")


class SetupFailed(Exception):
    """The message is what the person at the terminal reads."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of pip, or of npm. It is done again when the text of `file` changes."""

    name: str
    what: str
    file: str
    arguments: tuple[str, ...]
    by_npm: bool = False


def pinned(name: str, what: str, *options: str) -> Step:
    file = f"requirements/{name}.txt"
    return Step(name, what, file, ("--require-hashes", *options, "--requirement", file))


TOOLS = pinned("build", "pip and the build back end")
RUN = (
    TOOLS,
    pinned("run", "what haymow runs on"),
    pinned("local-model", "the local language model (about 130 MB)", "--no-deps"),
    Step("haymow", "haymow itself", "pyproject.toml", ("--no-deps", "--no-build-isolation", "--editable", ".")),
)
NODE = () if shutil.which("node") and shutil.which("npm") else (pinned("node", "Node.js (about 61 MB)"),)
PORTKEY = Step(
    "portkey", "the Portkey gateway", "tests/bench/portkey/package-lock.json",
    ("ci", "--ignore-scripts", "--no-audit", "--no-fund"), by_npm=True,
)  # fmt: skip
PROFILES = {
    "run": (".venv", RUN),
    "dev": (
        ".venv",
        (*RUN, pinned("dev", "what the tests need"), pinned("deepset-mcp", "the platform's client", "--no-deps")),
    ),
    "bench": (".venv-bench", (TOOLS, pinned("bench", "what haymow is measured against"))),
    "litellm": (".venv-litellm", (TOOLS, pinned("litellm", "the LiteLLM proxy (about 175 MB, 750 MB on the disk)"))),
    "portkey": (".venv-portkey", (TOOLS, *NODE, PORTKEY)),
}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and in it one stamp for every step that was done."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def stamp(self, step: str) -> Path:
        return self.folder / "stamps" / step

    def has(self, step: str, mark: str) -> bool:
        stamp = self.stamp(step)
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
        return self.has("python", self.mark_of_python())

    def trust(self) -> None:
        self.stamp("python").write_text(self.mark_of_python())

    def doubt(self) -> None:
        """A pip that is stopped while it unpacks leaves halves, and takes them for whole packages the next time."""
        self.stamp("python").unlink(missing_ok=True)

    def mark_of_python(self) -> str:
        return f"{platform.python_implementation()} {platform.python_version()} in {self.folder}\n"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PROFILES:
        print(__doc__, file=sys.stderr)
        return 2
    folder, steps = PROFILES[arguments[0]]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # make passes on this one where Ctrl-C sends the other
    try:
        with alone(folder):
            set_up(Environment(ROOT / folder), steps)
    except SetupFailed as failure:
        print(f"\nThe set-up stopped. {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe set-up was interrupted; run it again to go on.", file=sys.stderr)
        return 130
    return 0


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


def set_up(environment: Environment, steps: Sequence[Step]) -> None:
    """Do the steps that are not done yet; the first one that fails ends it."""
    begun = time.monotonic()
    if not environment.is_whole():
        environment.create()
    marks = {step: mark_of(step) for step in steps}
    due = [step for step in steps if not environment.has(step.name, marks[step])]
    if not due:
        return
    print(f"Setting up {environment.folder.name} with Python {platform.python_version()}", flush=True)
    check_pip()
    for number, step in enumerate(due, 1):
        print(f"[{number}/{len(due)}] {step.what}", flush=True)
        install(environment, step)
        environment.trust()
        environment.stamp(step.name).write_text(marks[step])
    print(f"Set up in {time.monotonic() - begun:.0f} s", flush=True)


def check_pip() -> None:
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        raise SetupFailed(f"{sys.executable} has no pip: install it (Debian and Ubuntu: apt-get install python3-pip)")


def mark_of(step: Step) -> str:
    return hashlib.sha256((ROOT / step.file).read_bytes()).hexdigest() + " " + " ".join(step.arguments)


def install(environment: Environment, step: Step) -> None:
    """Run pip or npm for one step, and turn its output into a line of progress now and then."""
    command = npm_for(environment, step) if step.by_npm else pip_for(environment, step)
    progress, last_lines = Progress(), deque[str](maxlen=20)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                progress.follow(line)
                if progress.unpacking:
                    environment.doubt()
                if not TRANSFERRED.match(line):
                    last_lines.append(line)
        except KeyboardInterrupt:
            pip.terminate()
            pip.wait()
            raise
    if pip.returncode != 0:
        tool = "npm" if step.by_npm else "pip"
        raise SetupFailed(f"{tool} could not install {step.what}; the end of what it says:\n\n{''.join(last_lines)}")


def pip_for(environment: Environment, step: Step) -> list[str]:
    """The first step is done by the pip of the machine, the others by the pip that it installed."""
    options = ["--no-input", "--disable-pip-version-check", *step.arguments]
    if step is TOOLS:
        return [sys.executable, "-m", "pip", "--python", str(environment.python), "install", *options]
    return [str(environment.python), "-m", "pip", "install", "--progress-bar", "raw", *options]


def npm_for(environment: Environment, step: Step) -> list[str]:
    """npm installs by the hashes of a lock file, which has to lie in the folder that it fills."""
    for file in (ROOT / step.file).parent.glob("package*.json"):
        shutil.copy(file, environment.folder)
    npm = shutil.which("npm") or str(environment.python.with_name("npm"))
    return [npm, "--prefix", str(environment.folder), *step.arguments]


class Progress:
    """Follows what pip prints, and says every few seconds how far it is."""

    def __init__(self) -> None:
        self.begun = self.reported = time.monotonic()
        self.packages = 0
        self.megabytes_before = self.megabytes_now = 0.0
        self.unpacking = False

    def follow(self, line: str) -> None:
        if COLLECTED.match(line):
            self.packages += 1
            self.megabytes_before += self.megabytes_now
            self.megabytes_now = 0.0
        elif transferred := TRANSFERRED.match(line):
            self.megabytes_now = int(transferred.group(1)) / 1e6
        if line.startswith("Installing collected packages"):
            self.unpacking = True
            if self.packages >= WORTH_A_LINE:
                self.report(", unpacking")
        elif time.monotonic() - self.reported >= REPORT_EVERY and not self.unpacking:
            self.report("")

    def report(self, what_next: str) -> None:
        self.reported = time.monotonic()
        megabytes, seconds = self.megabytes_before + self.megabytes_now, self.reported - self.begun
        print(
            f"      {self.packages} packages, {megabytes:.0f} MB fetched after {seconds:.0f} s{what_next}", flush=True
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
