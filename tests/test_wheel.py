"""What people install: the wheel has the server and its page, the component for pipelines, and their marks of types."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "src" / "haymow" / "ui"
COMPONENT = "haystack_integrations/components/generators/haymow"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return set(zipfile.ZipFile(_built("wheel", tmp_path_factory.mktemp("wheel"))).namelist())


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


def test_a_source_archive_has_the_page_and_from_what_it_was_built(tmp_path: Path) -> None:
    """So a wheel that is built from it takes no Node.js."""
    with tarfile.open(_built("sdist", tmp_path)) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
        stamp = next(name for name in archive.getnames() if name.endswith("src/haymow/ui/.vite/haymow"))
        content = archive.extractfile(stamp)
        assert content is not None
        assert content.read() == (PAGE / ".vite" / "haymow").read_bytes()
    assert {"src/haymow/ui/index.html", "web/package-lock.json", "web/.npmrc", "scripts/page.py"} <= files


def test_the_namespace_that_other_integrations_share_has_no_init(names: set[str]) -> None:
    shared = {f"{part}/__init__.py" for part in ("haystack_integrations", *_above(COMPONENT))}
    assert not shared & names


def test_nothing_else_is_in_it(names: set[str]) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"haymow", "haystack_integrations"}


def _built(target: str, folder: Path) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (made,) = folder.iterdir()
    return made


def _names_of(files: Iterable[Path]) -> set[str]:
    return {path.relative_to(ROOT / "src").as_posix() for path in files}


def _above(package: str) -> list[str]:
    return [parent.as_posix() for parent in Path(package).parents if parent != Path()]
