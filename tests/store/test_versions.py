"""Databases of other versions of the program: refused by every command, with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from api.process.command import api, key, serve
from store import command
from store.database.engine import Database
from store.database.schema_version import revisions
from store.errors import SchemaMissing, SchemaNewer, SchemaOlder
from tests.store.databases import claimed
from tests.store.test_life_cycle import SPEC, submit
from worker.command import wait_for, worker

COMMANDS: dict[str, Any] = {
    "serve": (serve, []),
    "api": (api, []),
    "worker": (worker, []),
    "db": (command.db, ["upgrade"]),
    "key list": (key, ["list"]),
    "key create": (key, ["create", "a"]),
    "key revoke": (key, ["revoke", "k_1"]),
}


def to_the_future(db: Database, writer: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE program SET version = :version"), {"version": writer})


def run(name: str) -> tuple[int, str]:
    target, arguments = COMMANDS[name]
    if not isinstance(target, typer.Typer):
        app = typer.Typer()
        app.command()(target)
        target = app
    result = CliRunner().invoke(target, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_newer_database_is_refused_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LPL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LPL_PORT", "0")
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    db.migrate()
    to_the_future(db, "9.1.0")
    db.dispose()
    status, output = run(name)
    assert status == 1
    assert output.startswith("error: ")
    assert len(output.strip().splitlines()) == 1
    assert "9999" in output
    assert "lpl-service 9.1.0" in output


def test_the_schemas_of_other_versions_are_told_apart(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.check_schema()
    to_the_future(db, "9.1.0")
    with pytest.raises(SchemaNewer, match=r"9999.*lpl-service 9\.1\.0"):
        db.check_schema()
    with pytest.raises(SchemaNewer, match=r"9999.*lpl-service 9\.1\.0"):
        db.migrate()
    with pytest.raises(SchemaNewer):
        wait_for(db)
    with db.engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revisions()[0]}'"))
    db.downgrade(revisions()[1])
    monkeypatch.setattr("worker.command.CONNECT_SECONDS", 0.0)
    for check in (db.check_schema, lambda: wait_for(db)):
        with pytest.raises(SchemaOlder, match=r"lpl db upgrade"):
            check()
    db.downgrade("base")
    with pytest.raises(SchemaMissing, match="lpl db upgrade"):
        db.check_schema()
    db.migrate()
    db.check_schema()


@pytest.mark.parametrize("previous", ["0001", "0002", "0003"])
def test_what_runs_of_earlier_versions_wait_for_is_known_after_an_upgrade(db: Database, previous: str) -> None:
    submit(db, 2)
    with db.engine.begin() as connection:
        spec = json.dumps({**SPEC, "device": "cuda:1"})
        first = "(SELECT min(id) FROM runs)"
        connection.execute(text(f"UPDATE runs SET spec = :spec, worker = 'w_dead' WHERE id = {first}"), {"spec": spec})
    db.downgrade(previous)
    db.migrate()
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT wants, worker FROM runs ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [("cuda", None), ("auto", None)]
    taken = [claimed(db, worker_id="w", device="cpu", lease_seconds=60) for _ in range(2)]
    assert [claim is not None for claim in taken] == [True, False]
