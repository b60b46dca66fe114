"""Cells of the report: figures of several seeds, what is missing of them, and differences by seed."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from api.services.comparison.statistics import paired
from benchmarks.evidence.records import ERROR, Key, Record

BySeed = Mapping[int, float]
MISSING = "missing"


def by_seed(
    records: Mapping[Key, Record], data: str, epochs: int, method: str, metric: str = ERROR
) -> dict[int, float]:
    """The metric of every seed that has been trained."""
    values = {
        key.seed: record.metrics.get(metric)
        for key, record in sorted(records.items())
        if (key.data, key.epochs, key.method) == (data, epochs, method)
    }
    return {seed: value for seed, value in values.items() if value is not None}


def figure(values: BySeed, asked: Sequence[int] = ()) -> str:
    """`34.91 ± 0.40 (n = 3)` in per cent, and the seeds that are asked for and missing."""
    absent = [seed for seed in asked if seed not in values]
    if not values:
        return MISSING
    spread = f" ± {100 * statistics.stdev(values.values()):.2f}" if len(values) > 1 else ""
    lacking = f", {MISSING}: {', '.join(map(str, absent))}" if absent else ""
    return f"{100 * statistics.fmean(values.values()):.2f}{spread} (n = {len(values)}{lacking})"


def difference(values: BySeed, others: BySeed) -> str:
    """`-1.24 [-2.10, -0.38]` in points: the mean difference by seed and its 95 % interval."""
    told = paired(values, others)
    if told.difference is None:
        return MISSING
    if told.confidence_interval is None:
        return f"{100 * told.difference:+.2f} (one seed)"
    low, high = told.confidence_interval
    return f"{100 * told.difference:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"


def published(value: float | None) -> str:
    """A printed figure in per cent."""
    return "-" if value is None else f"{100 * value:.2f}"


def apart(values: BySeed, value: float | None) -> str:
    """How far the mean is from a printed figure, in points."""
    return "-" if value is None or not values else f"{100 * (statistics.fmean(values.values()) - value):+.2f}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, and a line after it."""
    return [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|", *(f"| {' | '.join(row)} |" for row in rows), ""]


def read_json(path: Path) -> dict[str, Any]:
    """What a file of results holds; nothing where it is absent."""
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content
