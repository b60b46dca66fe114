"""What the command line says on standard error: errors and remarks, each on one line."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def complain(lines: Iterable[str]) -> None:
    """Print errors, one line each, on standard error."""
    for line in lines:
        print(f"error: {one_line(line)}", file=sys.stderr)


def complain_as_json(title: str, lines: Sequence[str], *, status: int | None = None, errors: Any = ()) -> None:
    """Print an error as a JSON object on standard error; wrong fields stand under `errors`."""
    document = {"title": title, "status": status, "detail": "; ".join(map(one_line, lines)), "errors": list(errors)}
    filled = {name: value for name, value in document.items() if value not in (None, [])}
    print(json.dumps(filled, ensure_ascii=False), file=sys.stderr)


def say(text: str) -> None:
    """Print a remark that is no error on standard error."""
    print(clean(text), file=sys.stderr)


def one_line(text: str) -> str:
    """Text on one line without control characters."""
    return clean(" ".join(text.split()))


def clean(text: str) -> str:
    """Text without control characters, which could steer the terminal."""
    return CONTROL.sub(" ", text)
