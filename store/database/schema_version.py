"""Whether the schema is the one that this program was written for."""

from functools import cache
from importlib.metadata import version
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, select, text

import migrations
from store.database.tables import ProgramRow
from store.errors import SchemaMissing, SchemaNewer, SchemaOlder


def migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this program knows, newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions())


def refuse_newer(name: str, revision: str | None, writer: str | None) -> None:
    """See that no later program has changed the schema.

    Args:
        name: the database, as it may be shown.
        writer: the version of the program that last changed the schema, where that is known.

    Raises:
        SchemaNewer: one has.
    """
    if revision is None or revision in revisions():
        return
    own = version("lpl-service")
    needed = f"lpl-service {writer}" if writer not in (None, own) else "the version of lpl-service that wrote it"
    newest = f"lpl-service {own} knows revisions up to {revisions()[0]}"
    raise SchemaNewer(f"{name} is of a newer version (revision {revision}; {newest}); use {needed} or a later one")


def refuse_other(name: str, revision: str | None, writer: str | None) -> None:
    """See that the schema is exactly this program's.

    Raises:
        SchemaMissing, SchemaOlder, SchemaNewer: it is not, with the remedy.
    """
    refuse_newer(name, revision, writer)
    if revision is None:
        raise SchemaMissing(f"{name} has no tables yet; run `lpl db upgrade`")
    if revision != revisions()[0]:
        reason = f"{name} is of an older version (revision {revision}, needed {revisions()[0]})"
        raise SchemaOlder(f"{reason}; run `lpl db upgrade`")


def writer_of(connection: Connection) -> str | None:
    """The version of the program that last changed the schema, None where none has said so."""
    if not inspect(connection).has_table(ProgramRow.__tablename__):
        return None
    return connection.scalar(select(ProgramRow.version).where(ProgramRow.id == 1))


def note_writer(connection: Connection) -> None:
    """Write down which program has changed the schema."""
    connection.execute(delete(ProgramRow))
    connection.execute(insert(ProgramRow).values(id=1, version=version("lpl-service")))


def lift_time_limits(connection: Connection) -> None:
    """Let a migration on PostgreSQL take as long as it needs: it may go through every run."""
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"))
