"""Parameters that many routes share."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

MAX_INT = 2**31 - 1


def storable(text: str) -> str:
    """Text that every database can compare with."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text may hold neither NUL nor unpaired surrogates")
    return text


Text = Annotated[str, AfterValidator(storable)]
Identifier = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9_\-]+$")]
Reference = Annotated[str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_\-]+$")]
Limit = Annotated[int, Query(ge=1, le=1000, description="items per page")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
Filter = Annotated[Text | None, Query(max_length=200)]
Epoch = Annotated[int | None, Query(ge=1, le=MAX_INT, description="this epoch only")]
