"""What goes wrong at the start is said in one line."""

from pathlib import Path

import pytest

from tests.grids import campaign
from tests.service.processes import refused, serving, until

pytestmark = pytest.mark.slow


def test_an_unwritable_data_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(tmp_path, "serve", "--data-dir", str(tmp_path / "file" / "data"))
    assert said.startswith("error: ")
    assert "LPL_DATA_DIR" in said


@pytest.mark.parametrize("command", ["serve", campaign("api")])
def test_an_absent_database_is_said_without_its_password(tmp_path: Path, command: str) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/lpl"
    said = refused(tmp_path, command, "--data-dir", str(tmp_path / "data"), LPL_DATABASE_URL=url)
    assert "127.0.0.1:1" in said
    assert "hush" not in said


def test_an_address_for_others_needs_a_key(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert "lpl key create" in said


def test_the_data_directory_is_named_at_start(tmp_path: Path) -> None:
    with serving(tmp_path / "100% d?ta") as service:
        assert f"data in {tmp_path / '100% d?ta'}\n" in service.output
        until(lambda: "training on" in service.output, bool, timeout=60)
    assert (tmp_path / "100% d?ta" / "lpl.sqlite3").is_file()
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"100% d?ta"}


@pytest.mark.parametrize("command", ["worker", campaign("serve"), campaign("api")])
@pytest.mark.parametrize("name", ["LPL_DATABASE_URL", "LPL_BROKER_URL"])
def test_an_address_with_a_spilling_password_is_refused_by_every_command(
    tmp_path: Path, command: str, name: str
) -> None:
    kind = "postgresql" if "DATABASE" in name else "redis"
    said = refused(
        tmp_path, command, LPL_DATA_DIR=str(tmp_path / "data"), **{name: f"{kind}://:a@hush/d@127.0.0.1:1/0"}
    )
    assert name.replace("URL", "PASSWORD") in said
    assert "hush" not in said
