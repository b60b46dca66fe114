"""Reports by class as JSON."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from api.services import series
from api.services.class_report.confusions import Floats, Pair, confused
from api.services.class_report.measured import FIGURES, ClassReport
from store.database.records import Run, Series

MOST_PAIRS, MOST_OF_A_CLASS = 20, 3
"""Pairs of classes that are told of all, and of each class."""
NOTHING = dict.fromkeys(FIGURES)


def of_run(report: ClassReport, run: Run) -> dict[str, Any]:
    """The answer of a run."""
    figures = {name: nullable(spread.mean) for name, spread in report.figures.items()}
    bins = binned(report.bins)
    return {
        "run": run.id,
        "job": run.job_id,
        "epoch": run.epoch,
        **common(report, figures),
        "calibration": None if bins is None else {"error": report.calibration_errors[0], "bins": bins},
    }


def of_point(report: ClassReport) -> dict[str, Any]:
    """The answer of a sweep point."""
    figures = {
        name: [
            {"mean": mean, "std": std, "n": int(n)}
            for mean, std, n in zip(nullable(each.mean), nullable(each.std), each.n, strict=True)
        ]
        for name, each in report.figures.items()
    }
    bins = binned(report.bins)
    return {
        "point": report.side.point,
        "label": report.label,
        "runs": report.runs,
        "seeds": report.seeds,
        **common(report, figures),
        "calibration": None if bins is None else {"error": over_runs(report.calibration_errors), "bins": bins},
    }


def common(report: ClassReport, figures: dict[str, list[Any]]) -> dict[str, Any]:
    """What both answers have, with figures [C] by name."""
    of_class: dict[int, list[dict[str, Any]]] = {}
    for pair in confused(report.cells, MOST_OF_A_CLASS, by_class=True):
        told = asdict(pair)
        of_class.setdefault(told.pop("true"), []).append(told)
    rows = zip(report.names, counts(report), report.test_counts, strict=True)
    classes = [
        {"name": name, "training_count": training, "test_count": test, "confused_with": of_class.get(c, [])}
        | NOTHING
        | {figure: values[c] for figure, values in figures.items()}
        for c, (name, training, test) in enumerate(rows)
    ]
    return {
        "task": "multi_label" if report.multi_label else "single_label",
        "notes": report.notes,
        "classes": classes,
        "most_confused": [asdict(pair) for pair in most_confused(report)],
    }


def most_confused(report: ClassReport) -> list[Pair]:
    """The pairs of classes that are told of all."""
    return confused(report.cells, MOST_PAIRS)


def counts(report: ClassReport) -> Sequence[int | None]:
    """[C] training examples, None where they are not known."""
    known = len(report.training_counts) == len(report.names)
    return report.training_counts if known else [None] * len(report.names)


def over_runs(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values) if values else None, "std": std, "n": len(values)}


def nullable(values: Floats) -> list[float | None]:
    """JSON numbers, None for NaN."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def binned(bins: Floats | None) -> list[dict[str, Any]] | None:
    """Bins of confidence, as a run's calibration has them."""
    if bins is None:
        return None
    return series.calibration(Series(bins.shape, bins.astype("<f4").tobytes()))
