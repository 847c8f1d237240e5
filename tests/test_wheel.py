"""What people install: the wheel has the server and its page, the component for pipelines, and their marks of types."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "src" / "haymow" / "ui"
COMPONENT = "haystack_integrations/components/generators/haymow"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = folder.iterdir()
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("package", ["haymow", COMPONENT])
def test_both_packages_are_in_it_whole(names: set[str], package: str) -> None:
    files = [path for path in (ROOT / "src" / package).rglob("*") if path.suffix in (".py", ".json", ".typed")]
    wanted = _names_of(path for path in files if ".vite" not in path.parts)
    assert f"{package}/py.typed" in wanted
    assert wanted <= names


def test_the_built_page_is_in_it_without_the_notes_of_its_build(names: set[str]) -> None:
    built = _names_of(path for path in PAGE.rglob("*") if path.is_file() and ".vite" not in path.parts)
    assert "haymow/ui/index.html" in built
    assert any(name.endswith(".js.gz") for name in built)
    assert {name for name in names if name.startswith("haymow/ui/")} == built


def test_the_namespace_that_other_integrations_share_has_no_init(names: set[str]) -> None:
    shared = {f"{part}/__init__.py" for part in ("haystack_integrations", *_above(COMPONENT))}
    assert not shared & names


def test_nothing_else_is_in_it(names: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"haymow", "haystack_integrations"}


def _names_of(files: Iterable[Path]) -> set[str]:
    return {path.relative_to(ROOT / "src").as_posix() for path in files}


def _above(package: str) -> list[str]:
    return [parent.as_posix() for parent in Path(package).parents if parent != Path()]
