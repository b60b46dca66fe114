"""Parameters that many routes share."""

from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AfterValidator, Field

MAX_INT = 2**31 - 1
ID = r"^[A-Za-z0-9_\-]+$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$"


def storable(text: str) -> str:
    """Text that every database can compare with."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text may hold neither NUL nor unpaired surrogates")
    return text


Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Identifier = Annotated[str, Path(max_length=40, pattern=ID)]
DatasetName = Annotated[str, Path(pattern=NAME)]
Selected = Annotated[str | None, Query(max_length=40, pattern=ID)]
Limit = Annotated[int, Query(ge=1, le=1000, description="items per page")]
Cursor = Annotated[Text | None, Query(max_length=200, description="`next` of the page before")]
Filter = Annotated[Text | None, Query(max_length=200)]
Epoch = Annotated[int | None, Query(ge=1, le=MAX_INT, description="this epoch only")]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, pattern=r"^[!-~]+$", description="makes a repetition harmless")
]
