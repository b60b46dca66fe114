"""Fixtures of the API's tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.database.engine import Database
from tests.api.service import Running, claim, record, running, running_alone


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    db = Database(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'lpl.sqlite3')}")
    yield db
    db.dispose()


@pytest.fixture
def service(sqlite: Database, tmp_path: Path) -> Iterator[Running]:
    """A service on SQLite."""
    with running(sqlite, tmp_path) as served:
        yield served


@pytest.fixture
def http(service: Running) -> httpx.Client:
    """A connection to it."""
    return service.http


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that tests share which store nothing."""
    folder = tmp_path_factory.mktemp("shared")
    with running_alone(folder) as served:
        yield served


@pytest.fixture
def refusing(shared: Running) -> httpx.Client:
    """A connection to the shared service."""
    return shared.http


@pytest.fixture(scope="package")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """A connection to a service that tests only read, and its run of three epochs."""
    folder = tmp_path_factory.mktemp("measured")
    with running_alone(folder) as served:
        served.submit()
        held = claim(served.db)
        for epoch in (1, 2, 3):
            record(served.db, held, epoch)
        yield served.http, held.run_id
