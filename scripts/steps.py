"""What a set-up consists of: calls of pip and npm, each with a stamp that tells from what it was last done."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a tool. It is done again when its sources or its arguments change."""

    name: str
    what: str
    tool: str
    arguments: tuple[str, ...]
    sources: Callable[[], Iterable[Path]]
    stamp: Path | None = None
    """Where its mark is kept: beside what it makes, or in the environment that it fills."""

    def mark(self) -> str:
        return fingerprint(self.sources()) + " " + " ".join(self.arguments)


def fingerprint(files: Iterable[Path]) -> str:
    """One hash of the names and the contents of files, in the order given."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def pinned(name: str, what: str, *options: str) -> Step:
    """What a file under requirements/ names, by its hashes."""
    file = f"requirements/{name}.txt"
    return Step(name, what, "pip", ("--require-hashes", *options, "--requirement", file), lambda: [ROOT / file])
