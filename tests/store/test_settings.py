"""Settings as people write them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.process.command import key
from store.command import load_settings
from store.errors import StoreError
from store.settings import Settings


@pytest.mark.parametrize(("given", "hosts"), [
    ("example.org", ["example.org"]), ("a.example, b.example,", ["a.example", "b.example"]),
    ('["a.example", "b.example"]', ["a.example", "b.example"]), ("*", ["*"]), ("", []), ("[]", []),
])  # fmt: skip
def test_allowed_hosts_are_a_list_with_commas_or_in_json(
    monkeypatch: pytest.MonkeyPatch, given: str, hosts: list[str]
) -> None:
    monkeypatch.setenv("LPL_ALLOWED_HOSTS", given)
    assert Settings().allowed_hosts == hosts


def test_a_broken_list_of_hosts_is_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LPL_ALLOWED_HOSTS", '["a.example"')
    with pytest.raises(SystemExit):
        load_settings()
    said = capsys.readouterr().err
    assert "LPL_ALLOWED_HOSTS" in said
    assert "commas" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(("given", "host"), [("[::1]", "::1"), ("::1", "::1"), ("127.0.0.1", "127.0.0.1")])
def test_an_address_may_stand_in_brackets(given: str, host: str) -> None:
    assert Settings(host=given).host == host


def test_an_admin_key_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key-file"
    with pytest.raises(StoreError, match=r"LPL_ADMIN_KEY_FILE.*key-file.*No such file"):
        Settings(admin_key_file=file).first_key()
    file.write_bytes(b"\xff\xfe\x00k")
    with pytest.raises(StoreError, match=r"LPL_ADMIN_KEY_FILE.*key-file.*UTF-8.*one line"):
        Settings(admin_key_file=file).first_key()
    file.write_text("a-key-of-its-own-00\n")
    assert Settings(admin_key_file=file).first_key() == "a-key-of-its-own-00"


@pytest.mark.parametrize("name", ["", "x" * 101, "two\nlines"])
def test_a_key_needs_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("LPL_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(key, ["create", name])
    assert result.exit_code == 1
    assert result.output.startswith("error: name: ")
