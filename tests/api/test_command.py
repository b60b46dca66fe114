"""`lpl key`."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.process.command import key
from store import keys
from store.database.engine import Database
from tests.store.databases import reading


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database that the settings name."""
    monkeypatch.setenv("LPL_DATA_DIR", str(tmp_path))
    return Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")


def lpl_key(*arguments: str) -> str:
    """What `lpl key ...` prints."""
    assert isinstance(key, typer.Typer)
    result = CliRunner().invoke(key, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_key_is_made_listed_and_revoked(database: Database) -> None:
    secret = lpl_key("create", "ci", "--scope", "read", "--scope", "submit").strip()
    made = reading(database, keys.verify, secret)
    assert made is not None
    assert made.scopes == ("read", "submit")
    (listed,) = json.loads(lpl_key("list", "--json"))
    assert (listed["id"], listed["revoked"]) == (made.id, False)
    lpl_key("revoke", made.id)
    assert reading(database, keys.verify, secret) is None
    assert "(revoked)" in lpl_key("list")
    database.dispose()


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x", "postgresql://[bad"])
def test_a_wrong_database_address_is_one_line(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LPL_DATABASE_URL", url)
    result = CliRunner().invoke(key, ["list"])
    assert result.exit_code == 1
    assert result.output.startswith("error: ")
    assert len(result.output.strip().splitlines()) == 1
