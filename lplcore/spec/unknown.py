"""Fields that nobody knows, taken out of an experiment so that the rest of it can be looked at."""

from collections.abc import Mapping
from typing import Any

from lplcore.errors import SpecError, plain

UNKNOWN = ("unknown field", "unknown parameter", "no field")
"""How the message about one begins."""


def without_unknown(data: Mapping[str, Any], error: SpecError) -> dict[str, Any] | None:
    """The experiment without its unknown fields; None where something else is wrong, so that no more can be found."""
    if not all(problem["message"].startswith(UNKNOWN) for problem in error.errors):
        return None
    rest: dict[str, Any] = plain(data)
    if not all(
        take_out(rest, problem["path"]) or take_out(rest.get("override"), problem["path"]) for problem in error.errors
    ):
        return None
    return rest


def take_out(data: Any, path: str) -> bool:
    """Whether the field was there; it no longer is."""
    if isinstance(data, list):
        place, _, rest = path.partition(".")
        return place.isdigit() and int(place) < len(data) and take_out(data[int(place)], rest)
    if not isinstance(data, dict):
        return False
    if path in data:
        del data[path]
        return True
    parents = [field for field in data if path.startswith(f"{field}.")]  # a swept field has dots in its name
    return any(take_out(data[field], path.removeprefix(f"{field}.")) for field in parents)
