"""Migrations: what they make is what the tables say; down again; started by many at once."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from store.database.engine import Database
from store.database.tables import Table
from store.errors import DatabaseUnavailable, StorageFull


def test_the_migrated_schema_is_what_the_tables_say(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


def test_migrations_go_down_and_up_again(db: Database) -> None:
    db.downgrade("base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    db.migrate()
    db.migrate()
    assert "runs" in inspect(db.engine).get_table_names()


def test_many_processes_may_migrate_at_once(database_url: str) -> None:
    problems: list[BaseException] = []

    def migrate() -> None:
        database = Database(database_url)
        try:
            database.migrate()
        except BaseException as error:
            problems.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_an_absent_server_is_said_without_its_password() -> None:
    database = Database("postgresql://lpl:hunter2@127.0.0.1:9/lpl")
    with pytest.raises(DatabaseUnavailable) as caught:
        database.ping()
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    database.dispose()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    database = Database(f"sqlite:///{tmp_path / 'file' / 'lpl.sqlite3'}")
    with pytest.raises(StorageFull, match="LPL_DATA_DIR"):
        database.migrate()
    database.dispose()
