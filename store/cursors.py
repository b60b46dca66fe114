"""Cursors of lists: opaque, made of the last item's identifier."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from store.database.records import Page
from store.errors import BadCursor


class Identified(Protocol):
    """What has an identifier."""

    @property
    def id(self) -> str:
        """By which lists are sorted."""


T = TypeVar("T", bound=Identified)
R = TypeVar("R")


def encode(last: str) -> str:
    """The cursor after an item."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """The item a cursor stands after.

    Raises:
        BadCursor: no list gave this cursor out.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise BadCursor("cursor: not one that a list has given; start without it") from error
    if not text.replace("_", "").isalnum() or len(text) > 64 or encode(text) != cursor:
        raise BadCursor("cursor: not one that a list has given; start without it")
    return text


def encode_place(order: str, value: str | float, last: str) -> str:
    """The cursor after an item of a list that is sorted by something else than identifiers."""
    text = json.dumps([order, value, last], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_place(cursor: str, order: str, kind: type[str] | type[float]) -> tuple[str | float, str]:
    """(value, id) of the item a cursor stands after.

    Raises:
        BadCursor: no list in this order gave this cursor out.
    """
    refusal = BadCursor("cursor: not one that a list in this order has given; start without it")
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise refusal from error
    if not isinstance(parts, list) or [type(part) for part in parts] != [str, kind, str]:
        raise refusal
    if parts[0] != order or encode_place(*parts) != cursor:
        raise refusal
    return parts[1], parts[2]


def rows_after(
    session: Session,
    query: Select[R],
    identifier: InstrumentedAttribute[str],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
) -> Sequence[R]:
    """Up to `limit + 1` rows of a query in the order of their identifiers, those after the cursor.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    if cursor is not None:
        last = decode(cursor)
        query = query.where(identifier < last if newest_first else identifier > last)
    order = identifier.desc() if newest_first else identifier.asc()
    return session.scalars(query.order_by(order).limit(limit + 1)).all()


def page(items: Sequence[T], limit: int, cursor_of: Callable[[T], str] = lambda item: encode(item.id)) -> Page[T]:
    """A page from up to `limit + 1` items."""
    following = cursor_of(items[limit - 1]) if len(items) > limit else None
    return Page(items[:limit], following)
