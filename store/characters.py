"""Characters that UTF-8 (unpaired surrogates) or PostgreSQL (NUL) cannot hold, replaced where text enters the database.

They come with file names that are not UTF-8, from what a trainer prints, and as escapes in JSON.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FILE_ADDRESS = "file://"
NUMBERS = (int, float)
UNFIT = re.compile("[\x00\ud800-\udfff]")
ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""As `json.dumps` writes them; half of a proper pair looks the same, so it only says that a closer look is needed."""


def clean(text: str) -> str:
    """The text with U+FFFD in place of every character that cannot be kept."""
    return text if text.isascii() and "\x00" not in text else UNFIT.sub(REPLACEMENT, text)


def clean_all(value: Any) -> Any:
    """A JSON value, or the parameters of a statement, with every text in it clean."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        cleaned = [item if item is None or isinstance(item, NUMBERS) else clean_all(item) for item in value]
        return cleaned if isinstance(value, list) else tuple(cleaned)
    if isinstance(value, Mapping):
        return {clean_all(key): clean_all(item) for key, item in value.items()}
    return value


def to_json(value: Any) -> str:
    """A value as the JSON text of a column."""
    text = json.dumps(value)
    return json.dumps(clean_all(value)) if ESCAPED.search(text) else text


def from_json(text: str | bytes) -> Any:
    """The value of a column; earlier versions wrote what cannot be sent on."""
    value = json.loads(text)
    raw = text if isinstance(text, str) else text.decode(errors="replace")
    return clean_all(value) if ESCAPED.search(raw) else value


def path_to_text(path: str) -> str:
    """An absolute path as a column keeps it: itself, or a `file:` address where its bytes are not UTF-8."""
    return path if clean(path) == path else Path(path).as_uri()


def text_to_path(text: str) -> str:
    """The path that `path_to_text` was given, byte for byte."""
    return os.fsdecode(unquote_to_bytes(text.removeprefix(FILE_ADDRESS))) if text.startswith(FILE_ADDRESS) else text
