"""Figures over seeds, by sweep point: as numbers, and as the rows of a table for the eye."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from client.fields import StatisticFields, SummaryFields
from client.words import point_value

# Metric -> column title; a job shows those that it has.
COLUMNS = {
    "test/top1_error": "top-1 error %",
    "test/top1_error.many": "many",
    "test/top1_error.medium": "medium",
    "test/top1_error.few": "few",
    "test/mean_average_precision": "mAP %",
    "test/mean_average_precision.many": "mAP many",
    "test/mean_average_precision.medium": "mAP medium",
    "test/mean_average_precision.few": "mAP few",
}


class Statistic(StatisticFields):
    """A metric over seeds. `std` has n - 1 in its denominator and is None at n = 1."""


class SummaryRow(SummaryFields):
    """The result of one sweep point after its last epoch."""

    metrics: dict[str, Statistic] = Field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Swept values, then mean, standard deviation and number of seeds of every metric."""
        row = dict(self.point)
        for name, statistic in self.metrics.items():
            row |= {name: statistic.mean, f"{name}.std": statistic.std, f"{name}.n": statistic.n}
        return row

    def of_seed(self, seed: int) -> dict[str, float]:
        """The metrics of one seed, as far as it has them."""
        return {
            name: statistic.values[statistic.seeds.index(seed)]
            for name, statistic in self.metrics.items()
            if seed in statistic.seeds
        }


def percent(statistic: Statistic | None) -> str:
    """Mean ± standard deviation of a fraction, in percent."""
    if statistic is None or statistic.mean is None:
        return "-"
    spread = "" if statistic.std is None else f" ± {100 * statistic.std:.2f}"
    return f"{100 * statistic.mean:.2f}{spread}"


def result_rows(summary: Sequence[SummaryRow], method: str) -> list[dict[str, str]]:
    """The result table: a row per sweep point, its values first; nothing where no main metric is there yet.

    Args:
        summary: the results.
        method: names the row of a job without sweep.
    """
    columns = [name for name in COLUMNS if any(name in row.metrics for row in summary)]
    paths = sorted({path for row in summary for path in row.point})
    return [result_row(row, paths, columns, method) for row in summary] if columns else []


def result_row(row: SummaryRow, paths: Sequence[str], columns: Sequence[str], method: str) -> dict[str, str]:
    """The cells of a sweep point by their titles."""
    seeds = max((statistic.n for statistic in row.metrics.values()), default=0)
    missing = f" of {seeds + len(row.missing_seeds)}" if row.missing_seeds else ""
    point = {path: point_value(row.point.get(path)) for path in paths} or {"method": method}
    figures = {COLUMNS[name]: percent(row.metrics.get(name)) for name in columns}
    return {**point, **figures, "seeds": f"{seeds}{missing}"}
