"""What goes wrong at the start is said in one line."""

import contextlib
import socket
from pathlib import Path

import pytest

from api.serve import listening
from store.settings import Settings
from tests.service.processes import Process, serving

pytestmark = pytest.mark.slow


def refused(tmp_path: Path, *arguments: str, **environment: str) -> str:
    """The one line that a service says which does not start."""
    process = Process([*arguments], log_path=tmp_path / "log", environment=environment)
    try:
        assert process.wait() == 1, process.output
    finally:
        process.end()
    lines = process.output.strip().splitlines()
    assert len(lines) == 1, process.output
    return lines[0]


def test_an_unwritable_data_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(tmp_path, "serve", "--data-dir", str(tmp_path / "file" / "data"))
    assert said.startswith("error: ")
    assert "LPL_DATA_DIR" in said


@pytest.mark.parametrize("command", ["serve", "api"])
def test_an_absent_database_is_said_without_its_password(tmp_path: Path, command: str) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/lpl"
    said = refused(tmp_path, command, "--data-dir", str(tmp_path / "data"), LPL_DATABASE_URL=url)
    assert "127.0.0.1:1" in said
    assert "hush" not in said


def test_an_address_for_others_needs_a_key(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert "lpl key create" in said


def test_small_answers_on_kept_connections_are_sent_at_once(tmp_path: Path) -> None:
    with contextlib.closing(listening(Settings(data_dir=tmp_path, port=0), any_port=False)) as bound:
        assert bound.proto == socket.IPPROTO_TCP  # what asyncio asks before it sets TCP_NODELAY; else 40 ms an answer


def test_a_taken_port_is_said_and_another_one_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(tmp_path / "data", "--port", str(port)) as service:
            assert service.get("/healthz")
            assert f"port {port} is taken" in service.output
            assert service.http.base_url.port not in (port, None)


def test_a_single_api_refuses_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(tmp_path, "api", "--port", port, "--data-dir", str(tmp_path / "data"))
