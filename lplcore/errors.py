"""Errors of a spec: where, what is wrong and what to do."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

MAX_DEPTH = 32
MAX_LENGTH = 1_000_000
MAX_REPORTED = 100
MAX_PATH, MAX_MESSAGE = 300, 2000
"""What a user wrote is quoted in errors; megabytes of it are not."""
UNSTORABLE = "text may hold neither NUL nor unpaired surrogates"
RecordT = TypeVar("RecordT", bound=BaseModel)


class DatasetError(ValueError):
    """A data set that is absent, corrupt or not what it should be.

    Attributes:
        field: the field of the spec's `dataset` that names the cause.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class DataChanged(DatasetError):
    """A registered data set whose content is another than it was."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or that belongs to another experiment."""


class SpecError(ValueError):
    """A spec or a method that cannot be run.

    Attributes:
        errors: `{"path": "method.perturbations.0.epsilon", "message": ...}` per problem.
    """

    def __init__(self, errors: Iterable[Mapping[str, str]]) -> None:
        self.errors = [{"path": e["path"][:MAX_PATH], "message": e["message"][:MAX_MESSAGE]} for e in errors]
        super().__init__("; ".join(f"{e['path']}: {e['message']}" if e["path"] else e["message"] for e in self.errors))


class InputError(SpecError):
    """Examples that a run's network cannot predict; the paths say which."""


def validated(record: type[RecordT], value: Any, *, context: Mapping[str, Any] | None = None) -> RecordT:
    """The record made of a value of plain JSON types.

    Raises:
        SpecError: with a path for every problem.
    """
    try:
        return record.model_validate(value, context=dict(context or {}))
    except ValidationError as error:
        raise SpecError([problem(item, value) for item in error.errors(include_url=False)[:MAX_REPORTED]]) from None


def every_problem(
    title: str, value: Any, own: Sequence[PydanticCustomError], rest: ValidationError | None
) -> ValidationError:
    """One error of a record's own problems and of those of its fields."""
    lines = [InitErrorDetails(type=problem, loc=(), input=value) for problem in own]
    for item in [] if rest is None else rest.errors(include_url=False)[:MAX_REPORTED]:
        kind = PydanticCustomError(item["type"], item["msg"], item.get("ctx"))
        lines.append(InitErrorDetails(type=kind, loc=item["loc"], input=item["input"]))
    return ValidationError.from_exception_data(title, lines)


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
        received = item["input"]
        message = f"{message}, got {received[:80]!r}" if isinstance(received, str) else f"{message}, got {received}"
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


def plain(value: Any) -> Any:
    """The value in plain JSON types: tuples and arrays become lists, NumPy and torch scalars become numbers.

    Raises:
        SpecError: as `plain_and_problems` finds.
    """
    result, problems = plain_and_problems(value)
    if problems:
        raise SpecError(problems)
    return result


def plain_and_problems(value: Any) -> tuple[Any, list[dict[str, str]]]:
    """The value in plain JSON types, null where it has none, and what is wrong there; null with too many problems.

    Wrong is what JSON cannot carry, a non-finite or too large number, text that no database can store, and nesting
    deeper than 32 levels.
    """
    reader = PlainReader()
    result = reader.read(value, "", 0)
    return (None if reader.given_up else result), reader.problems


class PlainReader:
    """Turns values into plain JSON types; `problems` are those met on the way.

    It gives up at too deep nesting, which may stand for any number of values, and after many problems.
    """

    def __init__(self) -> None:
        self.problems: list[dict[str, str]] = []
        self.given_up = False

    def read(self, value: Any, path: str, depth: int) -> Any:
        """The value, null where it is refused."""
        if self.given_up:
            return None
        if depth > MAX_DEPTH:
            self.given_up = True
            return self._refuse(path, f"is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        if isinstance(value, Mapping):
            return self._members(value, path, depth)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value if is_storable(value) else self._refuse(path, UNSTORABLE)
        if isinstance(value, int):
            return value if -(2**63) <= value < 2**63 else self._refuse(path, "does not fit a 64-bit integer")
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else self._refuse(path, "must be a finite number")
        if hasattr(value, "tolist"):
            return self.read(value.tolist(), path, depth + 1)
        if isinstance(value, list | tuple | range):
            return self._entries(value, path, depth)
        return self._refuse(path, f"{type(value).__name__} is not a JSON value")

    def _members(self, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, part in value.items():
            if not isinstance(key, str):
                self._refuse(path, f"names of fields are text, got {type(key).__name__}")
            elif not is_storable(key):
                self._refuse(path, UNSTORABLE)
            else:
                result[key] = self.read(part, f"{path}.{key}".lstrip("."), depth + 1)
        return result

    def _entries(self, value: Sequence[Any], path: str, depth: int) -> list[Any]:
        if len(value) > MAX_LENGTH:
            self._refuse(path, f"has {len(value)} entries, at most {MAX_LENGTH} are allowed")
            return []
        return [self.read(part, f"{path}.{index}".lstrip("."), depth + 1) for index, part in enumerate(value)]

    def _refuse(self, path: str, message: str) -> None:
        self.problems.append({"path": path, "message": message})
        self.given_up = self.given_up or len(self.problems) >= MAX_REPORTED


def is_storable(text: str) -> bool:
    """Whether UTF-8 and every database can store a text."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def within(path: str, parents: Iterable[str]) -> bool:
    """Whether a path is one of others or lies below one."""
    return any(path == parent or path.startswith(f"{parent}.") for parent in parents)
