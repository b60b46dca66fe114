"""Values in words."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from client.complaints import clean


def shown(value: Any) -> str:
    """A value for the eye."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return clean(str(value))


def plain(value: Any) -> Any:
    """A value as it stands in a data frame: lists and objects as JSON, so that it can be grouped by."""
    return value if value is None or isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def point_value(value: Any) -> str:
    """A swept value, short: a method or plug-in by its name and what differs from its defaults."""
    if isinstance(value, Mapping):
        name = value.get("alias") or value.get("name")
        rest = {key: item for key, item in value.items() if key not in ("alias", "name")}
        return " ".join([shown(name), *(f"{key}={shown(item)}" for key, item in rest.items())]).strip()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def point_label(point: Mapping[str, Any]) -> str:
    """A sweep point in one line; a path is named where it is not the only one."""
    if len(point) == 1:
        return point_value(next(iter(point.values())))
    return " ".join(f"{path.rsplit('.', 1)[-1]}={point_value(value)}" for path, value in point.items())


def duration(seconds: float) -> str:
    """A time span, its two largest units."""
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{minutes} min {whole % 60} s"
    return f"{hours} h {minutes % 60} min" if whole < 86_400 else f"{days} d {hours % 24} h"
