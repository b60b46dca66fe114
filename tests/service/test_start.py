"""What goes wrong at the start is said in one line."""

import contextlib
import os
import shlex
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from api.process.serve import listening
from store.settings import Settings
from tests.service.processes import LPL, QUICK, SPEC, Process, serving, until

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


@pytest.mark.parametrize("command", ["serve", "api"])
@pytest.mark.parametrize("asked", ["flag", "variable"])
def test_a_port_that_was_asked_for_is_taken_or_refused(tmp_path: Path, command: str, asked: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        flags, variables = (["--port", port], {}) if asked == "flag" else ([], {"LPL_PORT": port})
        said = refused(tmp_path, command, "--data-dir", str(tmp_path / "data"), *flags, **variables)
        assert f"cannot listen on 127.0.0.1:{port}" in said
        assert "--port" in said


def test_only_the_default_port_may_move(tmp_path: Path) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # another program has it
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        with serving(tmp_path / "data", LPL_PORT="") as service:
            assert service.get("/healthz")
            assert "port 8000 is taken" in service.output
            assert service.http.base_url.port not in (8000, None)


def test_the_data_directory_is_named_at_start(tmp_path: Path) -> None:
    with serving(tmp_path / "100% d?ta") as service:
        assert f"data in {tmp_path / '100% d?ta'}\n" in service.output
        until(lambda: "training on" in service.output, bool, timeout=60)
    assert (tmp_path / "100% d?ta" / "lpl.sqlite3").is_file()
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"100% d?ta"}


@pytest.mark.parametrize("command", ["serve", "api", "worker"])
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


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_service_without_a_standard_stream_works(tmp_path: Path, number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    started = shlex.join([*LPL, "serve", "--port", str(port), "--data-dir", str(tmp_path / "data")])
    closed = ["sh", "-c", f"exec {started} {number}>&-"]
    process = subprocess.Popen(closed, env={**os.environ, **QUICK}, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            until(lambda: ready(http), bool, timeout=60)
            (run_id,) = [run["id"] for run in http.post("/v1/jobs", json=SPEC).json()["runs"]]
            until(lambda: http.get(f"/v1/runs/{run_id}").json()["state"], "succeeded".__eq__, timeout=90)
    finally:
        process.terminate()
        assert process.wait(60) == 0


def ready(http: httpx.Client) -> bool:
    """Whether the service takes requests."""
    with contextlib.suppress(httpx.TransportError):
        return http.get("/readyz").status_code == 200
    return False
