"""A job's results: its main metrics over the runs that have succeeded, kept up as they end."""

import math
from collections.abc import Mapping
from typing import Any

from store.database.records import Result

MAIN = ("test/top1_error", "test/mean_average_precision")
"""What a task is judged by: the first of these that its runs have."""
GROUPS = ("", ".many", ".medium", ".few")
MAIN_METRICS = frozenset(f"{name}{group}" for name in MAIN for group in GROUPS)
"""What a list of jobs shows, as far as a task has it."""


def with_run(kept: Mapping[str, Any], last_metrics: Mapping[str, float | None]) -> dict[str, Any]:
    """The kept numbers with one more run's (Welford's update); an undefined value counts nowhere."""
    updated = dict(kept)
    for name in sorted(MAIN_METRICS & last_metrics.keys()):
        value = last_metrics[name]
        if value is None or not math.isfinite(value):
            continue
        before = updated.get(name, {"n": 0, "mean": 0.0, "squares": 0.0})
        n, deviation = before["n"] + 1, value - before["mean"]
        mean = before["mean"] + deviation / n
        updated[name] = {"n": n, "mean": mean, "squares": before["squares"] + deviation * (value - mean)}
    return updated


def results_of(kept: Mapping[str, Any]) -> dict[str, Result]:
    """Mean, standard deviation (n - 1) and n by metric."""
    return {
        name: Result(each["mean"], math.sqrt(each["squares"] / (each["n"] - 1)) if each["n"] > 1 else None, each["n"])
        for name, each in kept.items()
    }
