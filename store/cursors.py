"""Cursors of lists: opaque, made of the last item's identifier."""

import base64
import binascii
from collections.abc import Sequence
from typing import Protocol, TypeVar

from store.database.records import Page
from store.errors import BadCursor


class Identified(Protocol):
    """What has an identifier."""

    @property
    def id(self) -> str:
        """By which lists are sorted."""


T = TypeVar("T", bound=Identified)


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


def page(items: Sequence[T], limit: int) -> Page[T]:
    """A page from up to `limit + 1` items."""
    following = encode(items[limit - 1].id) if len(items) > limit else None
    return Page(items[:limit], following)
