"""`lpl serve`, `lpl api`, `lpl key`."""

import json
import logging
from dataclasses import asdict
from typing import Annotated

import typer

from api.process.serve import run_all, run_api, until_signalled
from store import audit, keys
from store.command import AsJson, fail, load_settings, open_streams
from store.database.engine import Database
from store.errors import StoreError
from store.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on (LPL_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port; 0 takes a free one (LPL_PORT).")]
DataDir = Annotated[str | None, typer.Option(help="Data sets, embedded database, scratch files (LPL_DATA_DIR).")]
key = typer.Typer(help="API keys.", no_args_is_help=True)


def configured(host: str | None, port: int | None, data_dir: str | None) -> Settings:
    """Settings of a server process, with logging set up."""
    open_streams()
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings


def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve API and dashboard, with the bundled broker and one worker; Ctrl-C ends everything."""
    until_signalled(run_all, configured(host, port, data_dir))


def api(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve API and dashboard alone; workers run elsewhere."""
    until_signalled(run_api, configured(host, port, data_dir))


def migrated() -> Database:
    """The database of the settings."""
    try:
        db = Database(load_settings().database)
        db.migrate()
    except StoreError as error:
        fail(str(error))
    return db


@key.command("create")
def create_key(
    name: str,
    scope: Annotated[list[str] | None, typer.Option(help="read, submit or admin; repeat. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key; its secret is shown this once."""
    db = migrated()
    try:
        created, secret = db.write(lambda session: keys.create(session, name=name, scopes=scope or keys.SCOPES))
    except StoreError as error:
        fail(str(error))
    note(db, f"key create /v1/keys/{created.id}", status=201)
    shown = {"id": created.id, "name": created.name, "scopes": list(created.scopes), "secret": secret}
    typer.echo(json.dumps(shown) if as_json else secret)


@key.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List API keys."""
    with migrated().read() as session:
        listed = keys.list_keys(session)
    if as_json:
        typer.echo(json.dumps([{**asdict(each), "revoked": each.revoked_at is not None} for each in listed]))
        return
    for each in listed:
        revoked = "  (revoked)" if each.revoked_at is not None else ""
        typer.echo(f"{each.id}  {each.name}  {','.join(each.scopes)}{revoked}")


@key.command("revoke")
def revoke_key(key_id: str) -> None:
    """Make an API key invalid."""
    db = migrated()
    try:
        db.write(lambda session: keys.revoke(session, key_id))
    except StoreError as error:
        fail(str(error))
    note(db, f"key revoke /v1/keys/{key_id}", status=204)


def note(db: Database, what: str, *, status: int) -> None:
    """Put a command into the audit log; what it did stands, also where that fails."""
    try:
        db.write(lambda session: audit.record_command(session, what, status=status))
    except StoreError as error:
        typer.echo(f"warning: not in the audit log: {error}", err=True)
