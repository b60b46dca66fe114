"""The API key: where a client finds it and how requests carry it."""

import os
from pathlib import Path


def key_from_environment() -> str | None:
    """The key in LPL_API_KEY, or in the file that LPL_API_KEY_FILE names.

    Raises:
        ValueError: the file cannot be read.
    """
    if key := os.environ.get("LPL_API_KEY", "").strip():
        return key
    path = os.environ.get("LPL_API_KEY_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text().strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"LPL_API_KEY_FILE: {path} cannot be read: {error}") from error


def authorization(key: str | None) -> dict[str, str]:
    """The header that carries a key.

    Raises:
        ValueError: the key holds characters that no key has.
    """
    if not key:
        return {}
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("LPL_API_KEY: a key has printable ASCII characters only, without spaces")
    return {"Authorization": f"Bearer {key}"}
