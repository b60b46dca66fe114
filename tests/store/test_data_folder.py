"""Where the data are."""

import os
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from store import command
from store.command import load_settings
from store.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder and a home directory of one's own."""
    for name in ("LPL_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_data_are_in_one_place_per_user_wherever_the_service_is_started(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Settings().data_dir
    (elsewhere / "here" / "lpl-data").mkdir()  # a folder without a database decides nothing
    assert Settings().data_dir == first
    monkeypatch.chdir(elsewhere)
    assert Settings().data_dir == first
    assert first.is_relative_to(elsewhere / "home")


@pytest.mark.parametrize("held", ["lpl.sqlite3", "datasets/own.npz"])
def test_a_folder_of_earlier_days_that_is_in_use_stays_in_use(elsewhere: Path, held: str) -> None:
    file = elsewhere / "here" / "lpl-data" / held
    file.parent.mkdir(parents=True)
    file.touch()
    assert Settings().data_dir == elsewhere / "here" / "lpl-data"


def test_flag_and_variable_decide_over_both(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "here" / "lpl-data").mkdir()
    (elsewhere / "here" / "lpl-data" / "lpl.sqlite3").touch()
    monkeypatch.setenv("LPL_DATA_DIR", str(elsewhere / "named"))
    assert load_settings().data_dir == elsewhere / "named"
    assert load_settings(data_dir="flag").data_dir == elsewhere / "here" / "flag"


@pytest.mark.parametrize("given", ["~nosuchuser/x", ""])
def test_without_a_home_directory_a_message_asks_for_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)  # a user whom the system does not know
    monkeypatch.setenv("LPL_DATA_DIR", given)
    with pytest.raises(SystemExit):
        load_settings()
    said = capsys.readouterr().err
    assert "LPL_DATA_DIR" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(("level", "taken"), [("INFO", "info"), ("Warning", "warning"), (" debug ", "debug")])
def test_a_level_of_the_log_may_be_written_as_python_does(level: str, taken: str) -> None:
    assert Settings(log_level=level).log_level == taken


@pytest.mark.parametrize(("name", "nearest"), [
    ("LPL_DATADIR", "LPL_DATA_DIR"), ("LPL_DATABSE_URL", "LPL_DATABASE_URL"), ("lpl_admin_kee", "LPL_ADMIN_KEY"),
])  # fmt: skip
def test_an_unknown_variable_is_warned_of_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, nearest: str
) -> None:
    monkeypatch.setenv(name, "secret value")
    monkeypatch.setenv("LPL_URL", "http://127.0.0.1:8000")
    load_settings()
    said = capsys.readouterr().err
    assert said == f"warning: the variable {name} is unknown; did you mean {nearest}?\n"


def test_settings_show_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_KEY", "DATABASE_PASSWORD", "BROKER_PASSWORD"):
        monkeypatch.setenv(f"LPL_{name}", "hush-hush-hush-hush")
    app = typer.Typer()
    app.command()(command.settings)
    shown = CliRunner().invoke(app, [])
    assert shown.exit_code == 0
    assert "hush" not in shown.output
    assert "LPL_DATABASE_PASSWORD=***" in shown.output


@pytest.mark.parametrize("chosen", [None, "/elsewhere"])
def test_make_serve_keeps_the_data_in_the_clone_unless_told_otherwise(elsewhere: Path, chosen: str | None) -> None:
    show = elsewhere / "show"
    show.write_text('#!/bin/sh\necho "$LPL_DATA_DIR"\n')
    show.chmod(0o700)
    (elsewhere / "installed").touch()
    clone = Path(__file__).parents[2]
    environment = {**os.environ, **({} if chosen is None else {"LPL_DATA_DIR": chosen})}
    command = ["make", "-s", "-C", str(clone), "serve", f"RUN={show}", f"SERVICE={elsewhere / 'installed'}"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.split() == [chosen or str(clone / "lpl-data")]
