"""An API process to be attacked. One thread for tests that train: threads that wait for each other are slow."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.service.processes import Service
from tests.store.databases import fresh_postgres

HEAD_SECONDS = 2.0


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SQLITE_FIRST = pytest.mark.parametrize(
    "service",
    ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.campaign])],
    indirect=True,
    scope="module",
)
"""For tests of what does not depend on the database: with PostgreSQL in `make test-all` alone."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An API process with a small limit of open files; its log must hold nothing unexpected at the end."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    with contextlib.ExitStack() as ending:
        environment = {"LPL_BODY_SECONDS": str(HEAD_SECONDS)}
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            environment["LPL_DATABASE_URL"] = ending.enter_context(fresh_postgres(server))
        arguments = ["api", "--port", "0", "--data-dir", str(folder / "data")]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            served = Service(arguments, log_path=folder / "api.log", environment=environment)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        ending.callback(served.end)
        ending.callback(served.http.close)
        yield served
        for sign in ("Traceback", "incident", "Set-Cookie"):
            assert sign not in served.output, served.output[-5000:]


def address(service: Service) -> tuple[str, int]:
    """Host and port."""
    url = service.http.base_url
    assert url.port is not None
    return url.host, url.port
