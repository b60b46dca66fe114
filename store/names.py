"""How names are compared: one text in two spellings of Unicode, or in two cases, is the same to a reader."""

import unicodedata


def key(text: str) -> str:
    """What is equal for texts that a reader takes for the same: case folded, composed (Unicode, caseless match)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
