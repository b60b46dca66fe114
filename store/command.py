"""`lpl db` and `lpl settings`."""

import difflib
import json
import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from store.characters import clean
from store.database.engine import Database
from store.database.schema_version import revisions
from store.errors import StoreError
from store.settings import SECRETS, Settings

db = typer.Typer(help="The database's schema.", no_args_is_help=True)
OTHER_VARIABLES = {
    "LPL_URL", "LPL_API_KEY", "LPL_API_KEY_FILE", "LPL_PARENT_PID", "LPL_EVENT_FD", "LPL_PUBLISH", "LPL_SHARED_DATA",
}  # fmt: skip
"""Variables of the client, of trainers, of the composed service and of the tests."""
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
    """Show the schema's revision, and the one that this program needs."""
    database = opened()
    try:
        say({"database": str(database), "revision": database.revision(), "needed": revisions()[0]}, as_json)
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
    return "***" if name in SECRETS else clean(str(value))


def load_settings(**flags: Any) -> Settings:
    """Settings from flags and environment; a wrong one ends the process with one line."""
    if "LPL_PARENT_PID" not in os.environ:  # whoever started this process has said it
        warn_of_unknown(os.environ)
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        fail(in_words(error.errors()[0]))


def in_words(error: Mapping[str, Any]) -> str:
    """What is wrong with a setting, with its name; nothing of its value."""
    name = "_".join(str(part) for part in error["loc"][:1]).upper()
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"LPL_{name}: {message}" if name else message


def warn_of_unknown(environment: Mapping[str, str]) -> None:
    """Name variables that look like settings and are none: a misspelled one would be left out in silence."""
    variables = {f"LPL_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    for name in sorted(environment):
        if name.upper().startswith("LPL_") and name.upper() not in variables:
            nearest = difflib.get_close_matches(name.upper(), variables, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else "; `lpl settings` lists those there are"
            typer.echo(clean(f"warning: the variable {name} is unknown{hint}"), err=True)


def open_streams() -> None:
    """Let standard streams that are closed lead nowhere: the next file or socket would become one of them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            os.set_inheritable(nowhere, True)
            setattr(sys, name, os.fdopen(nowhere, "w" if number else "r"))


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
