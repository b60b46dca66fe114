"""Metrics of the validation split that trials can be compared by."""

from collections.abc import Mapping
from typing import Literal

Better = Literal["higher", "lower"]

METRICS: Mapping[str, Mapping[str, Better]] = {
    "single_label": {
        "validation/top1_error": "lower",
        "validation/loss": "lower",
        "validation/balanced_accuracy": "higher",
        "validation/macro_f1": "higher",
        "validation/calibration_error": "lower",
    },
    "multi_label": {
        "validation/mean_average_precision": "higher",
        "validation/loss": "lower",
        "validation/micro_f1": "higher",
        "validation/macro_f1": "higher",
        "validation/ranking_loss": "lower",
    },
}
"""Task -> metric -> which values are better; the first one is the task's main metric."""


def better(metric: str) -> Better:
    """Which values of a metric are better.

    Raises:
        KeyError: no task has the metric.
    """
    return {**METRICS["single_label"], **METRICS["multi_label"]}[metric]


def main_metric(task: str) -> str:
    """What trials are compared by where nobody says it."""
    return next(iter(METRICS[task]))
