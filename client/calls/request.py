"""What the groups of calls share."""

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from client.errors import ApiError
from client.origin import Origin
from client.transport import Transport

T = TypeVar("T")
PAGE_SIZE = 100


class Calls:
    """Calls on a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _act(self, path: str, action: str, answer: type[T]) -> T:
        # A lost answer to a retry must not start a second one.
        return self._read(answer, self._transport.post(f"{path}/{action}", repeatable=action != "retry"))

    def _read(self, kind: type[T], answer: Any) -> T:
        """An answer as a record that knows this client."""
        return read(kind, answer, origin=Origin(self))

    def _all(self, kind: type[T], path: str, /, *, page_size: int = PAGE_SIZE, **filters: Any) -> Iterator[T]:
        cursor: str | None = None
        while True:
            answer = self._transport.get(path, {**filters, "limit": page_size, "cursor": cursor})
            yield from listed(kind, answer, origin=Origin(self))
            cursor = answer.get("next") if isinstance(answer, dict) else None
            if cursor is None:
                return


def at(*parts: str) -> str:
    """The path of a resource under /v1."""
    return "/".join(["/v1", *(quote(part, safe="") for part in parts)])


def read(kind: type[T], answer: Any, *, origin: Origin | None = None) -> T:
    """An answer as a record.

    Raises:
        ApiError: the answer is not of this kind, so it is not from this service, or from a much older or newer one.
    """
    try:
        return TypeAdapter(kind).validate_python(answer, context=origin)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        detail = f"the service answered something unexpected at {where or 'the top'}: {first['msg']}"
        raise ApiError(200, "Unexpected answer", detail=detail) from error


def listed(kind: type[T], answer: Any, *, origin: Origin | None = None) -> list[T]:
    """The items of a list or of one of its pages."""
    items = answer["items"] if isinstance(answer, dict) and "items" in answer else answer
    return read(list[kind], items, origin=origin)  # type: ignore[valid-type]
