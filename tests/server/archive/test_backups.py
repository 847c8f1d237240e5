"""`haymow admin backup`, `restore` and `verify`: all that was there, or nothing, whatever became of the file."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import update

from haymow.errors import CommandFailed, StartFailed
from haymow.server.app import tables
from haymow.server.archive import run_backup, run_restore, run_verify
from haymow.server.archive.damage import Damaged, WrongPassphrase
from haymow.server.archive.files import CHUNK_BYTES, reading, writing
from haymow.server.audit.tables import audit_table
from haymow.server.database import CONFIDENTIAL
from haymow.server.database.places import changing, place_of
from haymow.server.database.rows import Digest
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import new_key
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.settings import Settings
from tests import databases
from tests.conftest import client_of
from tests.running import environment, haymow_command, running
from tests.server.archive.stock import KEY, PASSPHRASE, Stock, chat, hashes, quiet
from tests.upstream import Upstream


def empty(tmp_path: Path, name: str = "restored") -> Settings:
    return databases.settings(tmp_path / name)


def asked(data: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        haymow_command("admin", *arguments), env=environment(data, environ), capture_output=True, text=True,
        timeout=100, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="session")
def backup(filled: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With secrets; for tests that only read it."""
    file = tmp_path_factory.mktemp("backup") / "haymow.backup"
    run_backup(filled.settings, file, True, PASSPHRASE, quiet)
    return file


@pytest.fixture(scope="session")
def plain(filled: Stock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without secrets and without a passphrase."""
    file = tmp_path_factory.mktemp("plain") / "haymow.backup"
    run_backup(filled.settings, file, False, None, quiet)
    return file


class TestABackup:
    def test_comes_back_as_it_was_and_its_secrets_decrypt(
        self, filled: Stock, backup: Path, tmp_path: Path, provider: Upstream
    ) -> None:
        settings = empty(tmp_path)
        run_restore(settings, backup, PASSPHRASE, quiet)
        assert hashes(place_of(settings)) == hashes(filled.place)
        written = [settings.key_file, *([] if databases.is_shared() else [settings.database_file])]
        assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}
        with running(settings.data) as server:
            assert chat(server, filled.token).status_code == 200
            assert provider.seen[-1].headers["authorization"] == f"Bearer {KEY}"

    def test_shows_nothing_of_what_is_in_it(self, filled: Stock, backup: Path) -> None:
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        content = backup.read_bytes()
        key = (filled.folder / "master.key").read_bytes().splitlines()[-1]
        assert key not in content and b"m-3" not in content

    def test_without_secrets_has_none_and_nothing_that_is_one(self, filled: Stock, plain: Path) -> None:
        with reading(plain) as reader:
            lines = list(reader.lines(None))
        there = {json.loads(line)["table"] for line in lines if line.startswith(b'{"table"')}
        assert there >= {"models", "revisions", "users", "workspaces", "members", "audit", "organizations"}
        assert there.isdisjoint({"secrets", "data_keys", "vault", "tokens", "receipts", "deleted_secrets"})
        assert json.loads(lines[0]) == {"keys": None}

    def test_without_secrets_starts_with_a_new_key_and_a_new_token(
        self, filled: Stock, plain: Path, tmp_path: Path
    ) -> None:
        settings = empty(tmp_path)
        run_restore(settings, plain, None, quiet)
        assert not settings.key_file.exists()
        before, after = hashes(filled.place), hashes(place_of(settings))
        assert {name: found for name, found in after.items() if found[0]} == {
            table.name: before[table.name]
            for table in tables()
            if before[table.name][0] and CONFIDENTIAL not in table.info
        }
        made = asked(settings.data, "token")
        assert made.returncode == 0, made.stderr
        with running(settings.data) as server:
            with client_of(server.url, filled.token) as stranger:
                assert stranger.get("/api/v2/me").status_code == 401
            assert chat(server, made.stdout.strip()).json()["error"]["code"] == "missing_secret"

    def test_is_made_while_a_server_goes_on(self, stock: Stock, tmp_path: Path) -> None:
        (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
        (tmp_path / "passphrase").chmod(0o600)
        with running(stock.folder):
            done = asked(stock.folder, "backup", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "passphrase"))
        assert done.returncode == 0, done.stderr
        assert "backed up models: 12 rows, " in done.stderr
        assert re.search(r"^backed up vault: 1 row, [\d,]+ rows/s$", done.stderr, re.MULTILINE), done.stderr
        checked = asked(stock.folder, "verify", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "passphrase"))
        assert checked.returncode == 0 and "is whole: " in checked.stdout

    def test_is_not_made_with_a_key_that_opens_nothing(self, stock: Stock, tmp_path: Path) -> None:
        key_file.replace(stock.folder / "master.key", [KeyEntry(new_key(), 1)])
        with pytest.raises(StartFailed, match="does not open the secrets of this database"):
            run_backup(stock.settings, tmp_path / "b", True, PASSPHRASE, quiet)
        assert not (tmp_path / "b").exists()


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
            "Make room, or name a place where I may."
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


class TestARestore:
    def test_writes_over_nothing(self, stock: Stock, backup: Path) -> None:
        before = hashes(stock.place)
        with pytest.raises(CommandFailed, match="is not empty"):
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
        rows = {
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
        with pytest.raises(StartFailed, match="newer haymow"):
            run_restore(replace(Settings(), data=tmp_path / "restored"), tmp_path / "new", None, quiet)
        content = (tmp_path / "new").read_bytes().replace(b"haymow-backup-1", b"haymow-backup-2")
        (tmp_path / "newer").write_bytes(content)
        with pytest.raises(Damaged, match="a newer haymow wrote it"):
            run_verify(tmp_path / "newer", None, quiet)


def write(path: Path, header: dict[str, object], lines: Iterable[bytes]) -> None:
    with writing(path, header, None) as writer:
        for line in lines:
            writer.write(line)


class TestAPassphrase:
    @pytest.mark.parametrize(
        ("content", "mode", "said"),
        [("too short\n", 0o600, "12 characters or more"), (PASSPHRASE, 0o644, "open to others"), (None, 0, "Cannot")],
    )
    def test_file_has_to_be_ones_own_and_long_enough(
        self, filled: Stock, tmp_path: Path, content: str | None, mode: int, said: str
    ) -> None:
        if content is not None:
            (tmp_path / "p").write_text(content)
            (tmp_path / "p").chmod(mode)
        done = asked(filled.folder, "backup", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "p"))
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr and len(done.stderr.splitlines()) == 1

    def test_is_not_asked_for_where_nobody_answers(self, filled: Stock, tmp_path: Path) -> None:
        done = asked(filled.folder, "backup", str(tmp_path / "b"))
        assert (done.returncode, done.stdout) == (1, "")
        assert "--passphrase-file" in done.stderr


def test_every_table_with_bytes_in_it_is_left_out_of_a_backup_without_secrets() -> None:
    """Ciphertexts, wrapped keys, digests of tokens and sealed answers are bytes; nothing else in haymow is."""
    with_bytes = {table.name for table in tables() if any(one.type.python_type is bytes for one in table.columns)}
    assert with_bytes <= {table.name for table in tables() if CONFIDENTIAL in table.info}
