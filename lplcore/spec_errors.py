"""Errors of a spec: where, what is wrong and what to do."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

MAX_DEPTH = 32
MAX_LENGTH = 1_000_000
MAX_REPORTED = 100
MAX_PATH, MAX_MESSAGE = 300, 2000
"""What a user wrote is quoted in errors; megabytes of it are not."""
RecordT = TypeVar("RecordT", bound=BaseModel)


class SpecError(ValueError):
    """A spec or a method that cannot be run.

    Attributes:
        errors: `{"path": "method.perturbations.0.epsilon", "message": ...}` per problem.
    """

    def __init__(self, errors: Iterable[Mapping[str, str]]) -> None:
        self.errors = [{"path": e["path"][:MAX_PATH], "message": e["message"][:MAX_MESSAGE]} for e in errors]
        super().__init__("; ".join(f"{e['path']}: {e['message']}" if e["path"] else e["message"] for e in self.errors))


def validated(record: type[RecordT], value: Any, *, context: Mapping[str, Any] | None = None) -> RecordT:
    """The record made of a value of plain JSON types.

    Raises:
        SpecError: with a path for every problem.
    """
    try:
        return record.model_validate(value, context=dict(context or {}))
    except ValidationError as error:
        raise SpecError([problem(item, value) for item in error.errors(include_url=False)[:MAX_REPORTED]]) from None


def problem(item: Any, value: Any) -> dict[str, str]:
    """Path and message of one pydantic error."""
    path = json_path(item["loc"], value)
    message = str(item["msg"]).replace("Input should be", "must be", 1)
    context = item.get("ctx", {})
    if "field" in context:
        path.append(str(context["field"]))
    if item["type"] == "missing":
        path.append(str(item["loc"][-1]))
        message = "is required"
    elif "hint" not in context and isinstance(item.get("input"), bool | int | float | str):
        given = item["input"]
        message = f"{message}, got {given[:80]!r}" if isinstance(given, str) else f"{message}, got {given}"
    return {"path": ".".join(path), "message": message}


def json_path(loc: Sequence[Any], value: Any) -> list[str]:
    """The location within the given value, without pydantic's names for members of unions."""
    path: list[str] = []
    for part in loc:
        if isinstance(value, list):
            members: dict[Any, Any] = dict(enumerate(value))
        else:
            members = dict(value) if isinstance(value, Mapping) else {}
        if part not in members:
            continue
        value = members[part]
        path.append(str(part))
    return path


def plain(value: Any, path: str = "", depth: int = 0) -> Any:
    """The value in plain JSON types: tuples and arrays become lists, NumPy and torch scalars become numbers.

    Raises:
        SpecError: something JSON cannot carry, a non-finite or too large number, text that no database can store, or
            nesting deeper than 32 levels.
    """

    def refuse(message: str) -> SpecError:
        return SpecError([{"path": path, "message": message}])

    if depth > MAX_DEPTH:
        raise refuse(f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {
            plain_text(key, path): plain(part, f"{path}.{key}".lstrip("."), depth + 1) for key, part in value.items()
        }
    if isinstance(value, str):
        return plain_text(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise refuse("does not fit a 64-bit integer")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise refuse("must be a finite number")
        return float(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist(), path, depth + 1)
    if isinstance(value, list | tuple | range):
        if len(value) > MAX_LENGTH:
            raise refuse(f"has {len(value)} entries, at most {MAX_LENGTH} are allowed")
        return [plain(part, f"{path}.{index}".lstrip("."), depth + 1) for index, part in enumerate(value)]
    raise refuse(f"{type(value).__name__} is not a JSON value")


def plain_text(text: Any, path: str) -> str:
    """Text that UTF-8 and every database can store."""
    if not isinstance(text, str):
        raise SpecError([{"path": path, "message": f"names of fields are text, got {type(text).__name__}"}])
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise SpecError([{"path": path, "message": "text may hold neither NUL nor unpaired surrogates"}])
    return text
