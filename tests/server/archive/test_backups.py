"""`haymow admin backup` and `verify`: what is in a backup with secrets and without, and what a passphrase has to be."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from haymow.errors import StartFailed
from haymow.server.app import tables
from haymow.server.archive import run_backup, run_restore
from haymow.server.archive.files import reading
from haymow.server.database import CONFIDENTIAL
from haymow.server.database.places import place_of
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import new_key
from haymow.server.secrets.key_file import KeyEntry
from tests import databases
from tests.conftest import client_of
from tests.operating import admin_command
from tests.running import running
from tests.server.archive.stock import KEY, PASSPHRASE, Stock, chat, empty, hashes, quiet
from tests.upstream import Upstream


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
        made = admin_command(settings.data, "token")
        assert made.returncode == 0, made.stderr
        with running(settings.data) as server:
            with client_of(server.url, filled.token) as stranger:
                assert stranger.get("/api/v2/me").status_code == 401
            assert chat(server, made.stdout.strip()).json()["error"]["code"] == "missing_secret"

    def test_is_made_while_a_server_goes_on(self, stock: Stock, tmp_path: Path) -> None:
        (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
        (tmp_path / "passphrase").chmod(0o600)
        with running(stock.folder):
            done = admin_command(
                stock.folder, "backup", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "passphrase")
            )
        assert done.returncode == 0, done.stderr
        assert "backed up models: 12 rows, " in done.stderr
        assert re.search(r"^backed up vault: 1 row, [\d,]+ rows/s$", done.stderr, re.MULTILINE), done.stderr
        checked = admin_command(
            stock.folder, "verify", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "passphrase")
        )
        assert checked.returncode == 0 and "is whole: " in checked.stdout

    def test_is_not_made_with_a_key_that_opens_nothing(self, stock: Stock, tmp_path: Path) -> None:
        key_file.replace(stock.folder / "master.key", [KeyEntry(new_key(), 1)])
        with pytest.raises(StartFailed, match="does not open the secrets of this database"):
            run_backup(stock.settings, tmp_path / "b", True, PASSPHRASE, quiet)
        assert not (tmp_path / "b").exists()

    def test_is_not_made_where_no_haymow_was_started(self, tmp_path: Path) -> None:
        """Somebody named the wrong database, and would learn of it on the day the backup is needed."""
        settings = empty(tmp_path)
        settings.data.mkdir()
        databases.open_in(settings.data).close()
        with pytest.raises(StartFailed, match="holds no haymow yet"):
            run_backup(settings, tmp_path / "b", False, None, quiet)
        assert not (tmp_path / "b").exists()


class TestAPassphrase:
    @pytest.mark.parametrize(
        ("content", "mode", "said"),
        [
            ("too short\n", 0o600, "12 characters or more"),
            (f"\n{PASSPHRASE}", 0o600, "has no passphrase in its first line"),
            (PASSPHRASE, 0o644, "open to others"),
            (None, 0, "Check its name"),
        ],
    )
    def test_file_has_to_be_ones_own_and_long_enough(
        self, filled: Stock, tmp_path: Path, content: str | None, mode: int, said: str
    ) -> None:
        if content is not None:
            (tmp_path / "p").write_text(content)
            (tmp_path / "p").chmod(mode)
        done = admin_command(filled.folder, "backup", str(tmp_path / "b"), "--passphrase-file", str(tmp_path / "p"))
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr and len(done.stderr.splitlines()) == 1

    def test_is_not_asked_for_where_nobody_answers(self, filled: Stock, tmp_path: Path) -> None:
        done = admin_command(filled.folder, "backup", str(tmp_path / "b"))
        assert (done.returncode, done.stdout) == (1, "")
        assert "--passphrase-file" in done.stderr


def test_every_table_with_bytes_in_it_is_left_out_of_a_backup_without_secrets() -> None:
    """Ciphertexts, wrapped keys, digests of tokens and sealed answers are bytes; nothing else in haymow is."""
    with_bytes = {table.name for table in tables() if any(one.type.python_type is bytes for one in table.columns)}
    assert with_bytes <= {table.name for table in tables() if CONFIDENTIAL in table.info}
