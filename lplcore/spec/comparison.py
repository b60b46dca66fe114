"""An experiment that names no method compares some: what one would try first on imbalanced data."""

from collections.abc import Mapping
from typing import Any

COMPARED: Mapping[str, tuple[str, ...]] = {
    "single_label": ("cross_entropy", "logit_adjustment", "lpl"),
    "multi_label": ("r_bce_focal", "r_bce_focal_ntr", "r_bce_focal_lpl"),
}


def with_methods(data: Mapping[str, Any], task: str | None) -> dict[str, Any]:
    """The experiment with methods where it leaves them out: a sweep over those of its task, outermost.

    Args:
        data: the experiment, its preset expanded.
        task: None where it is not known; that of most data sets then.
    """
    if "method" in data:
        return dict(data)
    if data.get("search") is not None:
        return with_first_choice(data)
    methods, sweep = COMPARED[task or "single_label"], data.get("sweep")
    if isinstance(sweep, Mapping) and "method" in sweep:
        return {**data, "method": methods[0]}
    if sweep is not None and not isinstance(sweep, Mapping):
        return {**data, "method": methods[0]}  # said when the whole spec is validated
    return {**data, "method": methods[0], "sweep": {"method": list(methods), **(sweep or {})}}


def with_first_choice(data: Mapping[str, Any]) -> dict[str, Any]:
    """A search over methods begins with the first; one over other fields needs its method, which validation says."""
    space = space_of(data)
    methods = space.get("method") if isinstance(space, Mapping) else None
    return {**data, "method": methods[0]} if isinstance(methods, list) and methods else dict(data)


def space_of(data: Mapping[str, Any]) -> Any:
    """The space of an experiment's search, None where it has none."""
    search = data.get("search")
    return search.get("space") if isinstance(search, Mapping) else None


def note_of(data: Mapping[str, Any], complete: Mapping[str, Any]) -> list[str]:
    """What there is to say where an experiment leaves the methods out.

    Args:
        data: the experiment, its preset expanded.
        complete: the same with methods.
    """
    sweep = data.get("sweep") or {}
    if "method" in data or "method" in sweep or data.get("search") is not None:
        return []
    *others, last = complete["sweep"]["method"]
    return [f"no method is named: {', '.join(others)} and {last} are compared"]
