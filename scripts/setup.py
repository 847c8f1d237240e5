"""Set up an environment from the pinned files under requirements/: what `make setup` runs.

Needs Python 3.11, its pip, and nothing else: where the machine has no Node.js that is new enough, it comes by pip too.
Every package is installed by its hash. A step whose files have not changed since it was last done is skipped, so a
second run takes a fraction of a second.

    python3 scripts/setup.py run      .venv, with all that `haymow serve --local-model` needs, and the page
    python3 scripts/setup.py dev      the same, and what `make test` needs, Chromium too where that goes
    python3 scripts/setup.py bench    .venv-bench, with the servers that haymow is measured against
    python3 scripts/setup.py litellm  .venv-litellm, with the LiteLLM proxy, which is measured beside haymow
    python3 scripts/setup.py mlflow   .venv-mlflow, with MLflow, for the same
    python3 scripts/setup.py portkey  .venv-portkey, with the Portkey gateway, for the same, and with Node.js if need be
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets this far, and is to read a sentence
    found = platform.python_version()
    sys.exit(f"haymow needs Python 3.11 or newer and this is {found}: name one, such as make PYTHON=python3.12 setup")

# An older Python could not even read these.
import browser
import page
from environments import Environment, SetupFailed, alone
from patience import patiently
from steps import ROOT, Step, pinned

REPORT_EVERY = 5.0  # seconds between two lines of progress
WORTH_A_LINE = 10  # packages: fewer are unpacked in no time
COLLECTED = re.compile(r"(?:Collecting|Processing) \S+")
TRANSFERRED = re.compile(r"Progress (\d+) of \d+")

TOOLS = pinned("build", "pip and the build back end")
HAYMOW = Step(
    "haymow", "haymow itself", "pip", ("--no-deps", "--no-build-isolation", "--editable", "."),
    lambda: [ROOT / "pyproject.toml"],
)  # fmt: skip
RUN = (
    TOOLS,
    pinned("run", "what haymow runs on"),
    pinned("local-model", "the local language model (about 130 MB)", "--no-deps"),
    HAYMOW,
)
DEV = (
    *RUN,
    pinned("dev", "what the tests need"),
    pinned("deepset-mcp", "the platform's client", "--no-deps"),
    pinned("cockroachdb", "CockroachDB's dialect", "--no-deps"),
)
LITELLM = pinned("litellm", "the LiteLLM proxy (about 175 MB, 750 MB on the disk)")
NODE = pinned("node", "Node.js (about 61 MB)")
PORTKEY = Step(
    "portkey", "the Portkey gateway", "npm",
    ("--prefix", ".venv-portkey", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
    lambda: [ROOT / "tests" / "bench" / "portkey" / "package-lock.json"],
)  # fmt: skip


def by_npm(*steps: Step) -> tuple[Step, ...]:
    """The same steps, after one that brings npm where the machine has none, or one that is too old."""
    return (NODE, *steps) if steps and page.path_with_node() is None else steps


# The folder of each, and its steps: those of the page depend on what is there already.
PROFILES: dict[str, tuple[str, Callable[[], tuple[Step, ...]]]] = {
    "run": (".venv", lambda: (*RUN, *by_npm(*page.steps_of_build()))),
    "dev": (".venv", lambda: (*DEV, *by_npm(page.MODULES, page.PAGE))),
    "bench": (".venv-bench", lambda: (TOOLS, pinned("bench", "what haymow is measured against"))),
    "litellm": (".venv-litellm", lambda: (TOOLS, LITELLM)),
    "mlflow": (".venv-mlflow", lambda: (TOOLS, pinned("mlflow", "MLflow (about 250 MB, 900 MB on the disk)"))),
    "portkey": (".venv-portkey", lambda: (TOOLS, *by_npm(PORTKEY))),
}


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PROFILES:
        print(__doc__, file=sys.stderr)
        return 2
    (profile,) = arguments
    folder, steps = PROFILES[profile]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # make passes on this one where Ctrl-C sends the other
    try:
        with alone(folder):
            environment = Environment(ROOT / folder)
            set_up(environment, steps())
            if profile == "dev":
                bring_browser(environment)
    except SetupFailed as failure:
        print(f"\nThe set-up stopped. {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe set-up was interrupted; run it again to go on.", file=sys.stderr)
        return 130
    return 0


def set_up(environment: Environment, steps: Sequence[Step]) -> None:
    """Do the steps that are not done yet; the first one that fails ends it."""
    begun = time.monotonic()
    if not environment.is_whole():
        environment.create()
    marks = {step: step.mark() for step in steps}
    due = [step for step in steps if not environment.has(step, marks[step])]
    if not due:
        return
    print(f"Setting up {environment.folder.name} with Python {platform.python_version()}", flush=True)
    check_pip()
    for number, step in enumerate(due, 1):
        print(f"[{number}/{len(due)}] {step.what}", flush=True)
        is_silent = step.tool == "npm"  # it says nothing until its end
        with patiently(partial(print, flush=True)) if is_silent else nullcontext():
            carry_out(environment, step)
        environment.trust()
        environment.stamp_of(step).write_text(marks[step])
    print(f"Set up in {time.monotonic() - begun:.0f} s", flush=True)


def check_pip() -> None:
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        raise SetupFailed(f"{sys.executable} has no pip: install it (Debian and Ubuntu: apt-get install python3-pip)")


def bring_browser(environment: Environment) -> None:
    """Chromium, for tests/browser. Without it they are skipped, so its absence stops nothing; it is tried once."""
    tried = environment.stamp("browser")
    if browser.executable() or tried.exists():
        return
    print("Installing Chromium for the browser tests, from Debian's packages (about 100 MB)", flush=True)
    tried.write_text("")
    if why := browser.install():
        print(f"\nTHE BROWSER TESTS WILL BE SKIPPED: {why}. {browser.BY_HAND}.\n", flush=True)


def carry_out(environment: Environment, step: Step) -> None:
    """Run pip or npm for one step, and turn its output into a line of progress now and then."""
    command, path = command_for(environment, step)
    progress, last_lines = Progress(), deque[str](maxlen=20)
    variables = {**os.environ, "PATH": path}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as tool:
        assert tool.stdout is not None
        try:
            for line in tool.stdout:
                if step.tool == "pip":
                    progress.follow(line)
                if progress.unpacking:
                    environment.doubt()
                if not TRANSFERRED.match(line):
                    last_lines.append(line)
        except KeyboardInterrupt:
            tool.terminate()
            tool.wait()
            raise
    if tool.returncode != 0:
        said = "".join(last_lines)
        raise SetupFailed(f"{step.tool} could not make {step.what} ready; the end of what it says:\n\n{said}")


def command_for(environment: Environment, step: Step) -> tuple[list[str], str]:
    """The command of a step, and the PATH that it finds its programs on."""
    if step.tool == "pip":
        return pip_for(environment, step), os.environ.get("PATH", os.defpath)
    path = page.path_with_node(environment.python.parent)
    npm = shutil.which("npm", path=path)
    if path is None or npm is None:
        raise SetupFailed(f"npm for {step.what} is missing: install {page.NEEDED}, then run it again.")
    if step is PORTKEY:  # npm installs by the hashes of a lock file, which has to lie in the folder that it fills
        for file in (ROOT / "tests" / "bench" / "portkey").glob("package*.json"):
            shutil.copy(file, environment.folder)
    return [npm, *step.arguments], path


def pip_for(environment: Environment, step: Step) -> list[str]:
    """The first step is done by the pip of the machine, the others by the pip that it installed."""
    options = ["--no-input", "--disable-pip-version-check", *step.arguments]
    if step is TOOLS:
        return [sys.executable, "-m", "pip", "--python", str(environment.python), "install", *options]
    return [str(environment.python), "-m", "pip", "install", "--progress-bar", "raw", *options]


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
