"""What the command line prints: values, tables, JSON, errors."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.words import shown

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
STYLES = {"succeeded": "green", "failed": "red", "running": "cyan", "paused": "yellow", "cancelled": "magenta"}
IDENTIFIER = re.compile(r"[a-z]{1,3}_[0-9a-f]{24}")
"""Is never folded: people copy it."""
PLAIN_WIDTH = 200


def console() -> Console:
    """Standard output; wide where it is no terminal, so that tables in files and pipes keep their lines."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(jsonable(value), indent=2, ensure_ascii=False))


def say_json_line(value: Any) -> None:
    """Print a value as one line of JSON, at once also into a pipe."""
    print(json.dumps(jsonable(value), ensure_ascii=False), flush=True)


def jsonable(value: Any) -> Any:
    """Records, in lists and mappings too, as JSON-able values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def say_list(items: Sequence[Any], columns: Sequence[str], *, as_json: bool, next_cursor: str | None = None) -> None:
    """Print a list as JSON, or as a table of some of its fields."""
    if as_json:
        say_json({"items": list(items), "next": next_cursor})
        return
    rows = [[getattr(item, name, None) for name in columns] for item in items]
    say_table([name.removesuffix("_at").replace("_", " ") for name in columns], rows)


def say_table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[int] = ()) -> None:
    """Print a table without lines; the columns in `right` are aligned right."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(header))
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
        for column, value in zip(table.columns, row, strict=False):
            if isinstance(value, str) and IDENTIFIER.fullmatch(value):
                column.min_width = max(column.min_width or 0, len(value))
    console().print(table)


def moment(value: Any) -> Any:
    """A time as JSON has it, in the zone of this machine like all others; anything else as it is."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def cell(value: Any) -> Text:
    """A value as it stands in a table. Text of others shows no markup and no control characters."""
    text = shown(value)
    return Text(text, style=STYLES.get(text, ""))
