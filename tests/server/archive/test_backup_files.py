"""A backup's file: whole or not there, and refused when anything about it was changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from haymow.errors import CommandFailed
from haymow.server.archive import run_backup, run_restore, run_verify
from haymow.server.archive.damage import Damaged, WrongPassphrase
from haymow.server.archive.files import CHUNK_BYTES, reading, writing
from haymow.server.audit.tables import audit_table
from haymow.server.database.places import changing
from tests.running import environment, haymow_command
from tests.server.archive.stock import PASSPHRASE, Stock, empty, quiet


class TestAFile:
    def test_is_not_written_over(self, filled: Stock, tmp_path: Path) -> None:
        (tmp_path / "b").write_text("precious")
        with pytest.raises(CommandFailed, match="is there already"):
            run_backup(filled.settings, tmp_path / "b", True, PASSPHRASE, quiet)
        assert (tmp_path / "b").read_text() == "precious"
        assert os.listdir(tmp_path) == ["b"]

    def test_is_not_there_before_it_is_whole(self, filled: Stock, tmp_path: Path) -> None:
        def cut_off(line: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_backup(filled.settings, tmp_path / "b", True, PASSPHRASE, cut_off)
        assert os.listdir(tmp_path) == []

    def test_on_a_full_disk_is_not_left_in_part(self, stock: Stock, tmp_path: Path) -> None:
        """A limit on the size of files does what a full disk does, without one; SQLite needs some for itself."""
        with changing(stock.place) as connection:
            connection.execute(update(audit_table).values(subject_name=os.urandom(100_000).hex()))
        program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({64 * 1024},) * 2); " \
            "from haymow.cli.main import main; main()"  # fmt: skip
        (tmp_path / "backups").mkdir()
        command = [*haymow_command()[:1], "-c", program, "admin", "backup", str(tmp_path / "backups" / "b")]
        done = subprocess.run(
            [*command, "--without-secrets"], env=environment(stock.folder), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            f"haymow: Cannot write {tmp_path / 'backups' / 'b'} (File too large). "
            "Make room, or name a file where you may write."
        )
        assert os.listdir(tmp_path / "backups") == []

    @pytest.mark.parametrize("place", [0, 20, 200, -1, -40])
    @pytest.mark.parametrize("kind", ["backup", "plain"])
    def test_with_a_byte_changed_is_refused(
        self, kind: str, place: int, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        content = bytearray(request.getfixturevalue(kind).read_bytes())
        content[place] ^= 1
        (tmp_path / "b").write_bytes(content)
        with pytest.raises((Damaged, WrongPassphrase)):
            run_verify(tmp_path / "b", PASSPHRASE, quiet)

    @pytest.mark.parametrize("kind", ["backup", "plain"])
    def test_cut_short_or_with_more_behind_it_is_refused(
        self, kind: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        content = request.getfixturevalue(kind).read_bytes()
        for part in (b"", content[:10], content[:300], content[:-1], content + b"x", content + content):
            (tmp_path / "b").write_bytes(part)
            with pytest.raises(Damaged):
                run_verify(tmp_path / "b", PASSPHRASE, quiet)

    def test_is_refused_with_another_passphrase(self, backup: Path, tmp_path: Path) -> None:
        settings = empty(tmp_path)
        for wrong in ("", PASSPHRASE[:-1], PASSPHRASE + " "):
            with pytest.raises(WrongPassphrase):
                run_restore(settings, backup, wrong, quiet)
        assert not settings.key_file.exists()

    def test_that_asks_for_all_memory_is_refused(self, backup: Path, tmp_path: Path) -> None:
        content = backup.read_bytes().replace(b'"n":131072', b'"n":9999999', 1)
        start = len(b"haymow-backup-1\n")
        size = int.from_bytes(content[start : start + 4], "big") + 1
        (tmp_path / "b").write_bytes(content[:start] + size.to_bytes(4, "big") + content[start + 4 :])
        with pytest.raises(Damaged):
            run_verify(tmp_path / "b", PASSPHRASE, quiet)


def large(path: Path, passphrase: str | None) -> list[bytes]:
    """A file of several chunks, which do not compress; its lines."""
    lines = [os.urandom(3000).hex().encode() for _ in range(150)]
    with writing(path, {}, passphrase) as writer:
        for line in lines:
            writer.write(line)
    return lines


def chunks_of(path: Path, overhead: int) -> tuple[bytes, list[bytes]]:
    content = path.read_bytes()
    start = len(b"haymow-backup-1\n") + 4
    start += int.from_bytes(content[start - 4 : start], "big")
    size = CHUNK_BYTES + overhead
    return content[:start], [content[at : at + size] for at in range(start, len(content), size)]


@pytest.mark.parametrize(("passphrase", "overhead"), [(PASSPHRASE, 16), (None, 32)])
class TestChunks:
    def test_come_back_as_they_went_in(self, tmp_path: Path, passphrase: str | None, overhead: int) -> None:
        lines = large(tmp_path / "b", passphrase)
        assert len(chunks_of(tmp_path / "b", overhead)[1]) > 4
        with reading(tmp_path / "b") as reader:
            assert list(reader.lines(passphrase)) == lines

    @pytest.mark.parametrize(
        "change",
        [
            lambda chunks: [chunks[1], chunks[0], *chunks[2:]],
            lambda chunks: [chunks[0], *chunks[2:]],
            lambda chunks: [chunks[0], chunks[0], *chunks[2:]],
            lambda chunks: chunks[:-1],
            lambda chunks: chunks[:2],
            lambda chunks: [*chunks, chunks[0]],
        ],
        ids=["swapped", "one left out", "one twice", "without the last", "two alone", "one more"],
    )
    def test_are_refused_in_any_other_order_or_number(
        self, tmp_path: Path, passphrase: str | None, overhead: int, change: Callable[[list[bytes]], list[bytes]]
    ) -> None:
        large(tmp_path / "b", passphrase)
        header, chunks = chunks_of(tmp_path / "b", overhead)
        (tmp_path / "c").write_bytes(header + b"".join(change(chunks)))
        with pytest.raises(Damaged), reading(tmp_path / "c") as reader:
            list(reader.lines(passphrase))

    def test_are_one_files_alone(self, tmp_path: Path, passphrase: str | None, overhead: int) -> None:
        for name in ("a", "b"):
            large(tmp_path / name, passphrase)
        header, chunks = chunks_of(tmp_path / "a", overhead)
        if passphrase is None:
            header = header.replace(b"{", b"{ ", 1)
            size = len(header) - len(b"haymow-backup-1\n") - 4
            header = header[:16] + size.to_bytes(4, "big") + header[20:]
        others = chunks_of(tmp_path / "b", overhead)[1]
        (tmp_path / "c").write_bytes(header + chunks[0] + b"".join(others[1:]))
        with pytest.raises(Damaged), reading(tmp_path / "c") as reader:
            list(reader.lines(passphrase))
