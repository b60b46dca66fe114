"""The port that a service takes, and what it says where it cannot."""

import contextlib
import socket
from pathlib import Path

import pytest

from api.process.serve import listening
from store.settings import Settings
from tests.grids import campaign
from tests.service.processes import refused, serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("command", ["serve", campaign("api")])
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


def test_small_answers_on_kept_connections_are_sent_at_once(tmp_path: Path) -> None:
    with contextlib.closing(listening(Settings(data_dir=tmp_path, port=0), any_port=False)) as bound:
        assert bound.proto == socket.IPPROTO_TCP  # what asyncio asks before it sets TCP_NODELAY; else 40 ms an answer
