"""Fixtures of the API's tests."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.database import Database
from tests.api.service import Running, running


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    db.migrate()
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
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A connection to a service that tests share which change nothing."""
    folder = tmp_path_factory.mktemp("refusing")
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    with running(db, folder) as served:
        yield served.http
    db.dispose()
