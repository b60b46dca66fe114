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
    root, _, swept = path.partition(".")
    *parents, last = [root, swept] if root == "sweep" and swept else path.split(".")
    for part in parents:
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict) and part in data:
            data = data[part]
        else:
            return False
    if not isinstance(data, dict) or last not in data:
        return False
    del data[last]
    return True
