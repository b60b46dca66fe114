"""Sweeps: which fields can be swept, the spec's values at a point, and errors at the swept fields."""

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lplcore.errors import MAX_REPORTED, SpecError
from lplcore.plugin import nearest, quoted

UNSWEEPABLE = ("name", "tags", "seeds", "sweep", "search", "left_open", "priority")
SWEEP, SPACE = "sweep", "search.space"
"""Where a spec has fields with the values to try."""
VERBS = {SWEEP: "swept", SPACE: "searched"}


def points_of(sweep: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the swept values, the last field's innermost."""
    return [dict(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]


def points_around_the_first(sweep: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """The points at which all fields but one have their first value: each value of the sweep stands in one of them."""
    first = {field: values[0] for field, values in sweep.items()}
    yield first
    for field, values in sweep.items():
        for value in values[1:]:
            yield {**first, field: value}


def size_problems(sweep: Mapping[str, Sequence[Any]], *, seeds: int, max_runs: int) -> list[dict[str, str]]:
    """Where the job has more runs than are allowed."""
    total = seeds * math.prod(len(values) for values in sweep.values())
    if total <= max_runs:
        return []
    message = f"asks for {total} runs, at most {max_runs} are allowed in one job; sweep fewer values or seeds"
    return [{"path": "sweep" if sweep else "seeds", "message": message}]


def sweep_field_problems(complete: Mapping[str, Any], path: str, *, root: str = SWEEP) -> list[dict[str, str]]:
    """What is wrong with a sweep over a field: the complete spec does not have it, or it is no part of a run."""
    value: Any = complete
    walked: list[str] = []
    for part in path.split("."):
        fields = members(value)
        if part not in fields:
            where = ".".join(walked) or "the spec"
            message = f"no field {quoted(part)} in {where}; {nearest(part, fields)}"
            return [{"path": f"{root}.{path}", "message": message}]
        value = value[part] if isinstance(value, Mapping) else value[int(part)]
        walked.append(part)
    if walked[0] in UNSWEEPABLE or (walked[0] == "method" and walked[-1] == "alias"):
        remedy = "give names of methods for 'method'" if walked[0] == "method" else "it is no part of a run"
        return [{"path": f"{root}.{path}", "message": f"cannot be {VERBS[root]}; {remedy}"}]
    return []


def unknown_roots(sweep: Any, roots: Sequence[str], *, root: str = SWEEP) -> list[dict[str, str]]:
    """Swept fields that no experiment has, told where an experiment is too wrong to look further."""
    fields = list(sweep) if isinstance(sweep, Mapping) else []
    return [problem for field in fields for problem in root_problems(field, roots, root=root)]


def root_problems(path: str, roots: Sequence[str], *, root: str) -> list[dict[str, str]]:
    """What is wrong with the first part of a swept field."""
    first = path.split(".")[0]
    if first in roots and first not in UNSWEEPABLE:
        return []
    return sweep_field_problems(dict.fromkeys(roots), first, root=root)


def members(value: Any) -> list[str]:
    """Names of an object's fields, positions in a list."""
    if isinstance(value, Mapping):
        return list(value)
    return [str(index) for index in range(len(value))] if isinstance(value, list) else []


def value_of(data: Any, path: str) -> Any:
    """The value at a path, None where there is none."""
    for part in path.split("."):
        if part not in members(data):
            return None
        data = data[part] if isinstance(data, Mapping) else data[int(part)]
    return data


def replace_at(data: Any, path: str, value: Any) -> None:
    """Put a value where the path points.

    Raises:
        SpecError: an earlier value of the point has taken the place away.
    """
    *parents, last = path.split(".")
    for part in parents:
        data = step_into(data, part, path)
    if isinstance(data, list):
        step_into(data, last, path)
        data[int(last)] = value
    elif isinstance(data, dict):
        data[last] = value
    else:
        raise SpecError([{"path": path, "message": "does not exist at this sweep point"}])


def step_into(data: Any, part: str, path: str) -> Any:
    """The member of a container that one part of a path names."""
    if isinstance(data, dict) and part in data:
        return data[part]
    if isinstance(data, list) and part.isdigit() and int(part) < len(data):
        return data[int(part)]
    raise SpecError([{"path": path, "message": "does not exist at this sweep point"}])


def refuse_equal_points(points: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], *, root: str = SWEEP) -> None:
    """Points that train the same, however they are spelled, would count as more seeds than there are.

    Args:
        points: each point with what it leads to in the fields of the spec that the sweep touches.

    Raises:
        SpecError: two points lead to the same experiment; a method is the same by its name and spelled out.
    """
    seen: dict[str, Mapping[str, Any]] = {}
    for point, fields in points:
        method = {name: part for name, part in fields.get("method", {}).items() if name != "alias"}
        text = json.dumps({**fields, "method": method}, sort_keys=True)
        earlier = seen.setdefault(hashlib.sha256(text.encode()).hexdigest(), point)
        if earlier is not point:
            raise SpecError(
                [{"path": place_of_equality(earlier, point, root=root), "message": equality(earlier, point)}]
            )


def place_of_equality(first: Mapping[str, Any], second: Mapping[str, Any], *, root: str) -> str:
    """The swept field in which two points are spelled apart, or the only one; else the sweep."""
    apart = [field for field in first if first[field] != second[field] or len(first) == 1]
    return f"{root}.{apart[0]}" if apart else root


def equality(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """What is said of two points that are the same."""
    texts = [", ".join(f"{field} = {quoted(value)}" for field, value in point.items()) for point in (first, second)]
    return f"{texts[0][:200]} and {texts[1][:200]} are the same experiment; keep one, and give more seeds to repeat it"


class SweepProblems:
    """The errors of several points of a sweep, each told once, at the first point that has it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, error: SpecError, point: Mapping[str, Any], paths: Mapping[str, str] | None = None) -> None:
        """Keep the errors of a point that no point before had.

        Args:
            paths: field of the point -> what gave it its value; None: the sweep.
        """
        where = ", ".join(f"{field} = {quoted(value)}" for field, value in point.items())[:200]
        for item in error.errors:
            path, message = swept(item["path"], point, paths or {}), item["message"]
            text = f"{message} (at {where})" if point else message
            self._found.setdefault((path, message), {"path": path, "message": text})

    def error(self) -> SpecError:
        """Everything that was found."""
        return SpecError(list(self._found.values())[:MAX_REPORTED])


def swept(path: str, point: Mapping[str, Any], paths: Mapping[str, str]) -> str:
    """Path of what gave its value to the swept field that holds `path`, else the path itself."""
    for field in point:
        if path == field or path.startswith(f"{field}."):
            return paths.get(field, f"{SWEEP}.{field}")
    return path
