"""`lpl db` and `lpl settings`."""

import json
import sys
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from store.characters import clean
from store.database import Database
from store.errors import StoreError
from store.settings import SECRETS, Settings

db = typer.Typer(help="The database's schema.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@db.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the schema to this version."""
    database = opened()
    try:
        database.migrate()
        say({"database": str(database), "revision": database.revision()}, as_json)
    except StoreError as error:
        fail(str(error))


@db.command()
def current(as_json: AsJson = False) -> None:
    """Show the schema's revision."""
    database = opened()
    try:
        say({"database": str(database), "revision": database.revision()}, as_json)
    except StoreError as error:
        fail(str(error))


def settings(as_json: AsJson = False) -> None:
    """List all settings, where they come from and their values; secrets are masked."""
    values = load_settings()
    rows = {
        f"LPL_{name.upper()}": {
            "value": shown(name, getattr(values, name)),
            "default": shown(name, field.get_default(call_default_factory=True)),
            "description": field.description,
        }
        for name, field in Settings.model_fields.items()
    }
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        typer.echo(clean(f"{name}={'' if row['value'] is None else row['value']}\n    {row['description']}"))


def shown(name: str, value: Any) -> Any:
    """A setting's value fit for the eye."""
    if value is None or isinstance(value, int | float | list):
        return value
    return "***" if name in SECRETS else str(value)


def load_settings(**flags: Any) -> Settings:
    """Settings from flags and environment; a wrong one ends the process with one line."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        fail(f"LPL_{name}: {first['msg']}")


def opened() -> Database:
    """The database of the settings."""
    return Database(load_settings().database)


def say(values: dict[str, Any], as_json: bool) -> None:
    """Print a few values."""
    typer.echo(
        json.dumps(values) if as_json else clean("\n".join(f"{name}: {value}" for name, value in values.items()))
    )


def fail(message: str) -> NoReturn:
    """End with one line on standard error."""
    typer.echo(clean(f"error: {message}"), err=True)
    sys.exit(1)
