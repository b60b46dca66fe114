"""What is shown of a database's address, and who may use the files of an embedded one."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from store import command
from store.database.address import parsed_url, without_secrets
from store.database.engine import Database, make_writable
from store.errors import DatabaseUnavailable

SECRET = "hush-hush"


@pytest.mark.parametrize(("url", "shown"), [
    ("postgresql://me:hush-hush@db:5433/lpl", "postgresql://db:5433/lpl"),
    ("postgresql://db/lpl?user=me&password=hush-hush", "postgresql://db/lpl"),
    ("postgresql://db/lpl?sslpassword=hush-hush&passfile=/hush-hush", "postgresql://db/lpl"),
    ("postgresql+psycopg://[::1]:5432/lpl?options=hush-hush", "postgresql://[::1]:5432/lpl"),
    ("postgresql:///?service=hush-hush", "postgresql:///"),
    ("sqlite:////var/lib/lpl/lpl.sqlite3?timeout=3", "sqlite:////var/lib/lpl/lpl.sqlite3"),
])  # fmt: skip
def test_an_address_is_shown_without_user_and_parameters(url: str, shown: str) -> None:
    assert str(Database(url)) == shown
    assert SECRET not in shown


@pytest.mark.parametrize("url", [
    "postgresql://me:it%27s%20hush@db/lpl", "postgresql://db/lpl?password=it%27s%20hush",
    "postgresql://db/lpl?sslpassword=it%27s%20hush", "postgresql://db/lpl?passfile=it%27s%20hush",
    "postgresql://db/lpl?password=it%27s%20hush&password=other",
])  # fmt: skip
@pytest.mark.parametrize("spelling", ["it's hush", r"it\'s hush", "it%27s%20hush", "it%27s+hush"])
def test_a_drivers_reason_loses_every_spelling_of_a_secret(url: str, spelling: str) -> None:
    assert without_secrets(parsed_url(url), f'cannot use "{spelling}" at db') == 'cannot use "***" at db'


def test_what_is_no_secret_stays_in_a_reason() -> None:
    url = parsed_url("postgresql://db/lpl?sslmode=require&connect_timeout=1&password=")
    assert without_secrets(url, "require 1 as lpl") == "require 1 as lpl"


def test_commands_and_errors_hide_a_password_in_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql://127.0.0.1:1/lpl?user=me&password={SECRET}"
    with pytest.raises(DatabaseUnavailable) as refused:
        Database(url).ping()
    assert SECRET not in str(refused.value)
    assert "127.0.0.1:1" in str(refused.value)
    monkeypatch.setenv("LPL_DATABASE_URL", url)
    result = CliRunner().invoke(command.db, ["current"])
    assert result.exit_code == 1
    assert SECRET not in result.output


def test_a_new_database_and_its_folder_are_for_one_user(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    before = os.umask(0o022)
    try:
        make_writable(folder)
        db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
        db.migrate()
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == 2  # incremental: space comes back
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        db.dispose()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes["lpl.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}


def test_what_exists_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "lpl.sqlite3"
    tmp_path.chmod(0o755)
    file.touch()
    file.chmod(0o644)
    make_writable(tmp_path)
    db = Database(f"sqlite:///{file}")
    db.migrate()
    db.dispose()
    assert (stat.S_IMODE(tmp_path.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o755, 0o644)
