"""The database: engine, transactions, time and migrations, on SQLite (WAL) and PostgreSQL."""

import errno
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from store.characters import clean_all, from_json, to_json
from store.database import schema_version, sqlite
from store.database.address import parsed_url, shown, without_secrets
from store.database.clock import database_time
from store.database.reserve import Reserve
from store.database.sqlite import PATIENCE_SECONDS
from store.database.tables import EventRow
from store.errors import DatabaseUnavailable, StorageFull, StoreError

LOCK_MIGRATION, LOCK_EVENTS = 7_205_021, 7_205_022
RETRIES = 6
STALLED_SECONDS = 10
"""Pause in a transaction after which PostgreSQL undoes it: whoever began it is frozen or cut off."""
SQLITE_CONNECTIONS = 64
"""More than a process has threads: one that waits for the write lock keeps no reader from a connection."""
KEEP_ALIVE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 40_000}
"""A server that is cut off without a word is noticed within 40 seconds, not after hours."""
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""A deferred transaction of SQLite is a snapshot by itself; PostgreSQL's default would see each commit."""
PRIVATE_FOLDER = 0o700
RETRYABLE = ("40001", "40P01", "55P03", "25P03")  # serialization, deadlock, lock timeout, transaction stalled
FULL = ("53100", "53200", "54000")
JSON_FORMAT: dict[str, Any] = {"json_serializer": to_json, "json_deserializer": from_json}
T = TypeVar("T")
log = logging.getLogger(__name__)


class Database:
    """A database by its URL. Cheap to make; connects when used.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://...` (`postgresql://` is taken as psycopg), or its parts.
        clock_offset: seconds added to the database's clock, for tests.
    """

    def __init__(self, url: str | URL, *, clock_offset: float = 0.0) -> None:
        parsed = parsed_url(url) if isinstance(url, str) else url
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url, self.clock_offset = parsed, clock_offset
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.reserve: Reserve | None = None
        self.engine = self._sqlite_engine() if self.is_sqlite else self._postgresql_engine()
        event.listen(self.engine, "before_cursor_execute", _clean_parameters, retval=True)
        self._writer = self.engine.execution_options(write=True)
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(**SNAPSHOT)

    def _sqlite_engine(self) -> Engine:
        engine = create_engine(
            self.url,
            connect_args={"timeout": PATIENCE_SECONDS, "check_same_thread": False},
            max_overflow=SQLITE_CONNECTIONS,
            **JSON_FORMAT,
        )
        event.listen(engine, "do_connect", sqlite.make_private_file)
        event.listen(engine, "connect", sqlite.prepare)
        event.listen(engine, "begin", sqlite.begin)
        return engine

    def _postgresql_engine(self) -> Engine:
        limits = {
            "statement_timeout": 60_000,
            "lock_timeout": 1000 * PATIENCE_SECONDS,
            "idle_in_transaction_session_timeout": 1000 * STALLED_SECONDS,
        }
        arguments = {
            "connect_timeout": 5,
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            **KEEP_ALIVE,
        }
        return create_engine(
            self.url,
            connect_args=arguments,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            pool_timeout=10,
            **JSON_FORMAT,
        )

    def __str__(self) -> str:
        return shown(self.url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One snapshot: a transaction that only reads, in which every query sees what the first one saw.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        with self._translated(), self._session(self._reader) as session:
            yield session

    def write(self, work: Callable[[Session], T], *, urgent: bool = False) -> T:
        """Run `work` in one transaction and commit; again where the database asks for it (deadlock, busy).

        Args:
            work: what to do; it may run more than once.
            urgent: it frees space, so that it may use the reserve where the disk is full.

        Raises:
            DatabaseUnavailable: the database does not answer.
            StorageFull: it cannot grow.
        """
        try:
            return self._write(work)
        except StorageFull:
            if not (urgent and self.reserve is not None and self.reserve.give_back()):
                raise
            log.warning("%s is full: %s is given back", self, self.reserve.path)
            return self._write(work)

    def _write(self, work: Callable[[Session], T]) -> T:
        started = time.monotonic()
        for attempt in range(RETRIES):
            try:
                with self._translated(), self._session(self._writer) as session, session.begin():
                    result = work(session)
                    self._write_events(session)
                    return result
            except _TryAgain as again:
                if attempt == RETRIES - 1 or time.monotonic() - started > PATIENCE_SECONDS:
                    raise DatabaseUnavailable(str(again)) from again
                time.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"clock_offset": self.clock_offset})

    def _write_events(self, session: Session) -> None:
        """Events come last, under a lock that ends with the transaction: ids rise in the order of commits."""
        recorded = session.info.pop("events", [])
        if not recorded:
            return
        session.flush()
        if not self.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_EVENTS})
        now = database_time(session)
        session.connection().execute(insert(EventRow), [{**entry, "created_at": now} for entry in recorded])

    def ping(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def migrate(self) -> None:
        """Bring the schema to this version, one process at a time.

        Raises:
            DatabaseUnavailable, StorageFull, StoreError: with a remedy.
        """
        if self.is_sqlite and self.url.database:
            make_writable(Path(self.url.database).parent)
        with self._translated(), self._migrating() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
            schema_version.refuse_newer(str(self), before, schema_version.writer_of(connection))
            command.upgrade(schema_version.migration_config(connection), "head")
            if before != schema_version.revisions()[0]:
                schema_version.note_writer(connection)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to a revision (`base` removes all tables and their data)."""
        with self._translated(), self._migrating() as connection:
            command.downgrade(schema_version.migration_config(connection), revision)

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        """A transaction for changes of the schema, one process at a time, as long as it takes.

        SQLite changes a column by building the table anew and dropping the old one; with foreign keys in force that
        would delete all rows that refer to it.
        """
        with self._writer.connect() as connection:
            if self.is_sqlite:
                sqlite.switch_foreign_keys(connection, on=False)
            try:
                with connection.begin():
                    if not self.is_sqlite:
                        schema_version.lift_time_limits(connection)
                        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_MIGRATION})
                    yield connection
                    if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                        raise StoreError(f"{self}: the migration would leave rows that refer to nothing; it is undone")
            finally:
                if self.is_sqlite:
                    sqlite.switch_foreign_keys(connection, on=True)

    def revision(self) -> str | None:
        """The schema's revision, None where there is none."""
        with self._translated(), self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def check_schema(self) -> None:
        """See that the schema is this program's.

        Raises:
            DatabaseUnavailable: it does not answer.
            SchemaMissing, SchemaOlder, SchemaNewer: with the remedy.
        """
        with self._translated(), self.engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            own = revision is None or revision in schema_version.revisions()
            writer = None if own else schema_version.writer_of(connection)
        schema_version.refuse_other(str(self), revision, writer)

    def keep_reserve(self) -> None:
        """Hold disk space back beside an embedded database, now and whenever there is room."""
        if self.reserve is None and self.is_sqlite and self.url.database:
            self.reserve = Reserve(Path(self.url.database).parent)
        if self.reserve is not None:
            self.reserve.fill()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise self._translation(error) from error
        except SQLAlchemyError as error:
            raise DatabaseUnavailable(f"{self} cannot be used: {type(error).__name__}") from error

    def _translation(self, error: DBAPIError) -> Exception:
        state = getattr(error.orig, "sqlstate", None) or ""
        message = str(error.orig).strip() or type(error.orig).__name__
        reason = without_secrets(self.url, message.splitlines()[0])
        if state in RETRYABLE or "database is locked" in reason:
            return _TryAgain(f"{self} is too busy ({reason})")
        if state in FULL or any(sign in reason for sign in ("disk is full", "disk I/O error", "readonly database")):
            return StorageFull(f"{self} cannot be written ({reason}); free space or make it writable")
        if isinstance(error, OperationalError) or error.connection_invalidated or state[:2] in ("57", "08"):
            return DatabaseUnavailable(f"{self} does not answer ({reason})")
        return error


def is_sqlite(session: Session) -> bool:
    """Whether the session's database is SQLite."""
    return session.get_bind().dialect.name == "sqlite"


class _TryAgain(DatabaseUnavailable):
    """The database asks to repeat the transaction."""


def make_writable(folder: Path) -> None:
    """Create a folder, for this user alone, and see that files can be made in it; one that exists keeps its mode.

    Raises:
        StorageFull: it cannot be written, with the reason.
    """
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StorageFull(f"{folder} cannot be written: {reason}; choose another LPL_DATA_DIR") from error


def _clean_parameters(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    return statement, clean_all(parameters)


__all__ = ["Database", "DatabaseUnavailable", "Session", "StorageFull", "StoreError", "is_sqlite", "make_writable"]
