"""SQLite's part of the database: its file, its connections, its transactions."""

import contextlib
import os
import sqlite3
from typing import Any

from sqlalchemy import Connection

PATIENCE_SECONDS = 30
"""Time after which a transaction that cannot get its locks is not tried again."""
PRIVATE_FILE = 0o600


def make_private_file(dialect: Any, record: Any, arguments: list[Any], options: Any) -> None:
    """A new file is for this user alone (SQLite gives its journals the same mode); one that exists is left alone."""
    path = str(arguments[0]) if arguments else ""
    if path and not path.startswith((":", "file:")):
        with contextlib.suppress(OSError):  # it exists, or connecting says what is wrong
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))


def prepare(connection: sqlite3.Connection, record: Any) -> None:
    """Settings of a new connection."""
    connection.isolation_level = None  # transactions begin where `begin` says
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE_SECONDS}")
    if cursor.execute("PRAGMA page_count").fetchone() == (0,):
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")  # later it would wait for the write lock and change nothing
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def switch_foreign_keys(connection: Connection, *, on: bool) -> None:
    """Outside of a transaction: within one the pragma does nothing."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


def begin(connection: Connection) -> None:
    """Begin a transaction; one that writes takes the write lock at once."""
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
