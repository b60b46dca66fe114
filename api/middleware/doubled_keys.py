"""Keys that stand twice in an object of a JSON body: only one of the two would count, so that neither does."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from api.problems import refusal

MOST_NAMED = 100


class Doubled(dict[str, Any]):
    """An object in which the keys `twice` stand twice."""

    twice: tuple[str, ...] = ()


def refuse_doubled(body: bytes) -> None:
    """Refuse what has doubled keys.

    Raises:
        Problem: 422, with the path of each.
    """
    any_doubled = False

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal any_doubled
        parsed = object_of(pairs)
        any_doubled = any_doubled or isinstance(parsed, Doubled)
        return parsed

    value = json.loads(body, object_pairs_hook=noted)
    if any_doubled:
        paths = islice(doubled_paths(value), MOST_NAMED)
        raise refusal([{"path": path[:300], "message": "stands twice; keep one of them"} for path in paths])


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with these keys and values."""
    parsed = dict(pairs)
    if len(parsed) == len(pairs):
        return parsed
    doubled = Doubled(parsed)
    doubled.twice = tuple(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return doubled


def doubled_paths(value: Any) -> Iterator[str]:
    """Paths of the keys that stand twice."""
    places: list[tuple[str, Any]] = [("", value)]
    while places:
        path, part = places.pop()
        if isinstance(part, Doubled):
            yield from (path + name for name in part.twice)
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        places += [(f"{path}{name}."[:300], each) for name, each in inner if isinstance(each, dict | list)]
