"""Addresses of database and broker: the path as it is, passwords with any character, nothing secret said."""

from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner

from api.process.broker import start_broker
from store import broker_address, command
from store.command import load_settings
from store.database.engine import Database
from store.settings import Settings

SPILLING = {
    "LPL_DATABASE_URL": [
        "postgresql://me:half@hush-hush@db/lpl",
        "postgresql://me:half@db/hush-hush@db/lpl",
        "postgresql://me:half@db:hush-hush@db/lpl",
        "postgresql://me:half@db?hush-hush@db/lpl",
        "mysql://me:hush-hush@db/lpl",
    ],
    "LPL_BROKER_URL": [
        "redis://:hush-hush/d@127.0.0.1:1/0",
        "redis://:half@hush-hush/d@127.0.0.1:1/0",
        "redis://:hush-hush#d@127.0.0.1:1/0",
        "redis://:1?hush-hush@127.0.0.1:1/0",
        "redis://:1/2?hush-hush@127.0.0.1:1/0",
        "redis://127.0.0.1:1/hush-hush",
        "redis://127.0.0.1:99999/0",
        "redis://:hush-hush@[::1/0",
        "http://:hush-hush@127.0.0.1:1/0",
        "hush-hush",
    ],
}
PASSWORDS = ["p@ss/w:rd?#%41 [x]", "plain", "ü😀", "%"]


@pytest.mark.parametrize(("variable", "url"), [(name, url) for name, urls in SPILLING.items() for url in urls])
def test_an_address_that_cannot_be_read_is_refused_at_start_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(SystemExit):
        load_settings()
    said = capsys.readouterr().err
    assert variable.replace("URL", "PASSWORD") in said
    assert "hush" not in said
    assert "half" not in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("how", ["variable", "file"])
def test_a_password_of_its_own_may_hold_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, how: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(password + "\n", encoding="utf-8")
    for name in ("LPL_DATABASE_PASSWORD", "LPL_BROKER_PASSWORD"):
        monkeypatch.setenv(*((name, password) if how == "variable" else (f"{name}_FILE", str(file))))
    given = Settings(database_url="postgresql://lpl@db:5432/lpl", broker_url="redis://redis:6379/0")
    assert (given.database.password, given.database.host, given.database.port) == (password, "db", 5432)
    with redis.Redis.from_url(given.broker or "") as client:
        known = client.connection_pool.connection_kwargs
    assert (known["password"], known["host"], known["port"], known["db"]) == (password, "redis", 6379, 0)
    for shown in (repr(given), str(Database(given.database)), CliRunner().invoke(command.db, ["current"]).output):
        assert password not in shown.replace("lpl", "") or password == "%"


def test_a_password_file_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LPL_BROKER_PASSWORD_FILE", str(tmp_path / "absent"))
    with pytest.raises(SystemExit):
        load_settings()
    said = capsys.readouterr().err
    assert "LPL_BROKER_PASSWORD_FILE" in said
    assert "No such file" in said


def test_a_broker_that_refuses_is_said_and_an_absent_one_is_waited_for() -> None:
    broker = start_broker()
    if broker is None:
        pytest.skip("no bundled broker on this platform")
    try:
        assert broker_address.refusal(broker.url) is None
        place = broker.url.rpartition("@")[2]
        for url in (f"redis://{place}", f"redis://:hush@{place}"):
            said = broker_address.refusal(url)
            assert said is not None
            assert "LPL_BROKER_PASSWORD" in said
            assert "hush" not in said
        assert "999" in (broker_address.refusal(f"{broker.url.removesuffix('/0')}/999") or "")
    finally:
        broker.stop()
    assert broker_address.refusal(broker.url) is None


@pytest.mark.parametrize("name", ["a%41b", "q?x", "h#x", "a b", "ü", "a@b", "%", "a%2Fb", "c:d", "x'y", "=&"])
def test_a_data_directory_has_its_database_whatever_its_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    db = Database(Settings(data_dir=folder).database)
    db.migrate()
    db.dispose()
    assert (folder / "lpl.sqlite3").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert str(db) == f"sqlite:///{folder}/lpl.sqlite3"
