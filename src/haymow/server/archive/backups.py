"""`haymow admin backup`: every row of one snapshot, as lines in a file, and with them the master key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table

from haymow import __version__
from haymow.errors import StartFailed
from haymow.server.app import tables
from haymow.server.archive.copies import Say
from haymow.server.archive.files import Writer, writing
from haymow.server.archive.progress import Progress
from haymow.server.database import CONFIDENTIAL
from haymow.server.database.moving import lines_of
from haymow.server.database.places import Place, looking, require_started
from haymow.server.database.rows import Digest, shape_of
from haymow.server.database.schema import HEAD
from haymow.server.secrets import key_file
from haymow.server.secrets.master_keys import MasterKeys
from haymow.server.secrets.service import opens_every_key


def back_up(source: Place, keys: Path | None, file: Path, passphrase: str | None, say: Say) -> int:
    """Write a backup of `source` to `file`; how many rows it has.

    `keys` is the master key's file, which goes into the backup, with everything that is encrypted under it, and then
    a passphrase is needed; None leaves out what is secret, and who has a token. Raises Conflict when there is a file
    of this name, StartFailed.
    """
    assert keys is None or passphrase is not None
    made = datetime.now(UTC).replace(microsecond=0)  # people read it
    header = {"made": made, "haymow": __version__, "schema": HEAD, "secrets": keys is not None}
    with looking(source) as connection, writing(file, header, passphrase) as writer:
        require_started(connection, source)  # a backup of nothing would be learnt of when it is needed
        progress = Progress(say, "backed up")  # which counts rows: to make a key of a passphrase takes a second
        writer.write(orjson.dumps({"keys": None if keys is None else _keys(connection, keys)}))
        found = [_written(connection, table, writer, progress) for table in tables() if _goes(table, keys)]
        progress.finish()
        writer.write(orjson.dumps({"end": found}))
    return progress.rows


def _goes(table: Table, keys: Path | None) -> bool:
    return keys is not None or table.info.get(CONFIDENTIAL) is None


def _keys(connection: Connection, path: Path) -> str:
    """The text of the key file, when it opens every data key of the snapshot."""
    kept = key_file.read(path)
    if not opens_every_key(connection, MasterKeys(path, kept)):
        raise StartFailed(
            f"The master key file {path} does not open the secrets of this database, and the backup would be of no "
            "use. Put back the file that does, or set HAYMOW_MASTER_KEY_FILE to where it is."
        )
    return key_file.text_of(kept).decode()


def _written(connection: Connection, table: Table, writer: Writer, progress: Progress) -> dict[str, Any]:
    shape, digest = shape_of(table), Digest()
    writer.write(orjson.dumps({"table": shape.name, "columns": shape.columns}))
    for lines in lines_of(connection, table):
        for line in lines:
            digest.add(line)
            writer.write(line)
        progress.add(shape.name, len(lines))
    return {"table": shape.name, "rows": digest.rows, "sha256": digest.hex()}
