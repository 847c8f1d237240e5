"""`haymow admin restore`: all of it or nothing, over nothing that is there, of older files too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from haymow.errors import CommandFailed, StartFailed
from haymow.server.archive import run_restore, run_verify
from haymow.server.archive.damage import Damaged
from haymow.server.archive.files import reading, writing
from haymow.server.database.places import place_of
from haymow.server.database.rows import Digest
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import new_key
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.settings import Settings
from tests import databases
from tests.server.archive.stock import PASSPHRASE, Stock, empty, hashes, quiet


class TestARestore:
    def test_writes_over_nothing(self, stock: Stock, backup: Path) -> None:
        before = hashes(stock.place)
        with pytest.raises(CommandFailed, match=r"is not empty .* Name an empty one by HAYMOW_DATA"):
            run_restore(stock.settings, backup, PASSPHRASE, quiet)
        assert hashes(stock.place) == before

    def test_that_is_cut_off_leaves_an_empty_database_and_can_be_made_again(
        self, filled: Stock, backup: Path, tmp_path: Path
    ) -> None:
        settings = empty(tmp_path)

        def cut_off(line: str) -> None:
            if line.startswith("compared models"):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_restore(settings, backup, PASSPHRASE, cut_off)
        assert {rows for rows, _ in hashes(place_of(settings)).values()} == {0}
        run_restore(settings, backup, PASSPHRASE, quiet)
        assert hashes(place_of(settings)) == hashes(filled.place)

    def test_does_not_write_over_another_master_key(self, backup: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.key"
        key_file.make(other, key_file.text_of([KeyEntry(new_key(), 1)]))
        content = other.read_bytes()
        with pytest.raises(StartFailed, match="is another database's, and is not written over"):
            run_restore(replace(empty(tmp_path), master_key_file=other), backup, PASSPHRASE, quiet)
        assert other.read_bytes() == content

    def test_of_a_file_that_ends_too_early_keeps_nothing(self, plain: Path, tmp_path: Path) -> None:
        """Its chunks are whole, as if it had been made so: the count and hash at its end are what tells."""
        with reading(plain) as reader:
            lines = list(reader.lines(None))
            header = {**reader.header, "sealed": None}
        without_a_row = [line for line in lines if b"model.create" not in line or b"m-7" not in line]
        for number, part in enumerate((without_a_row, lines[:-1], [*lines, lines[-1]], lines[1:])):
            write(tmp_path / f"{number}", header, part)
            with pytest.raises(Damaged):
                run_restore(empty(tmp_path), tmp_path / f"{number}", None, quiet)
        assert {rows for rows, _ in hashes(place_of(empty(tmp_path))).values()} == {0}

    @pytest.mark.parametrize("is_shared", [False, True])
    def test_of_an_older_haymows_file_brings_its_tables_up_to_date(self, tmp_path: Path, is_shared: bool) -> None:
        """Schema 0001 had no kinds of tokens: the column is there afterwards, with its default."""
        rows: dict[str, tuple[list[list[str]], list[list[str | int]]]] = {
            "organizations": ([["organization_id", "uuid"], ["name", "text"], ["created_at", "time"]],
                              [[str(UUID(int=1)), "O", "2026-11-01T00:00:00+00:00"]]),
            "users": ([["user_id", "uuid"], ["given_name", "text"], ["family_name", "text"], ["email", "text"],
                       ["email_key", "text"], ["created_at", "time"]],
                      [[str(UUID(int=2)), "A", "L", "a@example.com", "a@example.com", "2026-11-01T00:00:00+00:00"]]),
            "tokens": ([["token_id", "uuid"], ["digest", "bytes"], ["prefix", "text"], ["organization_id", "uuid"],
                        ["user_id", "uuid"], ["name", "text"], ["role", "integer"], ["created_at", "time"]],
                       [[str(UUID(int=3)), "AAAA", "hm_1", str(UUID(int=1)), str(UUID(int=2)), "T", 4,
                         "2026-11-01T00:00:00+00:00"]]),
        }  # fmt: skip
        lines, end = [b'{"keys":null}'], []
        for name, (columns, values) in rows.items():
            digest = Digest()
            written = [orjson.dumps(row) for row in values]
            for line in written:
                digest.add(line)
            lines += [orjson.dumps({"table": name, "columns": columns}), *written]
            end.append({"table": name, "rows": digest.rows, "sha256": digest.hex()})
        write(tmp_path / "old", {"schema": "0001", "secrets": False}, [*lines, orjson.dumps({"end": end})])
        url = databases.postgresql().make("older") if is_shared else None
        settings = Settings(data=tmp_path / "restored", database_url=url)
        run_restore(settings, tmp_path / "old", None, quiet)
        assert hashes(place_of(settings))["tokens"][0] == 1

    def test_of_a_newer_haymows_file_says_so(self, tmp_path: Path) -> None:
        write(tmp_path / "new", {"schema": "9999", "secrets": False}, [b'{"keys":null}', b'{"end":[]}'])
        with pytest.raises(StartFailed, match="The backup was written by a newer haymow"):
            run_restore(replace(Settings(), data=tmp_path / "restored"), tmp_path / "new", None, quiet)
        content = (tmp_path / "new").read_bytes().replace(b"haymow-backup-1", b"haymow-backup-2")
        (tmp_path / "newer").write_bytes(content)
        with pytest.raises(Damaged, match="a newer haymow wrote it"):
            run_verify(tmp_path / "newer", None, quiet)


def write(path: Path, header: dict[str, object], lines: Iterable[bytes]) -> None:
    with writing(path, header, None) as writer:
        for line in lines:
            writer.write(line)
