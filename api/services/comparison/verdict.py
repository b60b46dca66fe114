"""What a job has shown, in a sentence: the best point, and whether it is ahead of the next beyond the noise."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.services.comparison.labels import by_words, data_label, metric_title, of_data, point_label, told_apart
from api.services.comparison.ranking import Lead, Sample, lead
from store.lifecycle.results import MAIN

COARSE = 0.005
"""A spread from which on one decimal of a percentage is enough."""
MOST_DATASETS = 3


@dataclass(frozen=True)
class Contender:
    """A point: its label, the data it was tried on, its values by seed, and how many seeds it is to have."""

    label: str
    dataset: str
    point: Mapping[str, Any]
    sample: Sample
    seeds: int


@dataclass(frozen=True)
class Verdict:
    """The sentence and its parts; `difference` is by how much the best is better than `ahead_of`."""

    text: str
    metric: str
    best: str | None = None
    point: Mapping[str, Any] | None = None
    mean: float | None = None
    std: float | None = None
    n: int | None = None
    ahead_of: str | None = None
    difference: float | None = None
    confidence_interval: tuple[float, float] | None = None
    decided: bool = False


def main_metric(names: Sequence[str] | Mapping[str, Any]) -> str | None:
    """The first main metric among these."""
    return next((name for name in MAIN if name in names), None)


def of_summary(
    summary: Sequence[Mapping[str, Any]], *, method: str, spec: Mapping[str, Any], waiting: bool
) -> Verdict | None:
    """The verdict on a job by its summary, None while nothing has succeeded.

    Args:
        method: of points that set none.
        spec: the job's, for what its points do not set.
        waiting: whether some of its runs have not ended.
    """
    metric = main_metric([name for row in summary for name in row["metrics"]])
    if metric is None:
        return None
    datasets = [data_label(with_data(spec, row["point"])) for row in summary]
    labels = [point_label(row["point"], method) for row in summary]
    rest = [" ".join(f"{path}={value}" for path, value in row["point"].items() if of_data(path)) for row in summary]
    labels = told_apart(labels, datasets, by_words(rest))
    contenders = [
        Contender(label, dataset, row["point"], sample_of(row, metric), seeds_of(row, metric))
        for label, dataset, row in zip(labels, datasets, summary, strict=True)
    ]
    return verdict(contenders, metric, waiting=waiting)


def with_data(spec: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a spec that chooses the data, at a sweep point."""
    swept = point.get("dataset", spec.get("dataset"))
    dataset = dict(swept) if isinstance(swept, Mapping) else {"name": swept}
    changes = {path.partition(".")[2]: value for path, value in point.items() if path.startswith("dataset.")}
    return {"dataset": dataset | changes}


def sample_of(row: Mapping[str, Any], metric: str) -> dict[int, float]:
    """The values by seed of a point of a summary."""
    spread = row["metrics"].get(metric, {"seeds": [], "values": []})
    return dict(zip(spread["seeds"], spread["values"], strict=True))


def seeds_of(row: Mapping[str, Any], metric: str) -> int:
    """How many seeds a point of a summary is to have."""
    return len(sample_of(row, metric)) + len(row["missing_seeds"])


def verdict(contenders: Sequence[Contender], metric: str, *, waiting: bool) -> Verdict | None:
    """The verdict on contenders; where they are of several data sets, a sentence on each and no parts."""
    datasets = list(dict.fromkeys(each.dataset for each in contenders if each.sample))
    if not datasets:
        return None
    each = [of_one([one for one in contenders if one.dataset == name], metric, waiting=waiting) for name in datasets]
    if len(datasets) == 1:
        return each[0]
    shown = [f"{name}: {one.text}" for name, one in zip(datasets, each, strict=True)][:MOST_DATASETS]
    more = [f"{len(datasets) - MOST_DATASETS} more data sets"] if len(datasets) > MOST_DATASETS else []
    return Verdict("; ".join([*shown, *more]), metric)


def of_one(contenders: Sequence[Contender], metric: str, *, waiting: bool) -> Verdict:
    """The verdict on contenders of one data set, of which one at least has a value."""
    first = lead([each.sample for each in contenders], metric)
    assert first is not None
    best = contenders[first.best]
    values = list(best.sample.values())
    ahead, other = first.ahead, None if first.runner_up is None else contenders[first.runner_up].label
    return Verdict(
        text=f"{beginning(best, metric, alone=len(contenders) == 1, waiting=waiting)}{ending(first, contenders)}",
        metric=metric,
        best=best.label,
        point=best.point,
        mean=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        n=len(values),
        ahead_of=other,
        difference=ahead.difference if ahead else None,
        confidence_interval=ahead.confidence_interval if ahead else None,
        decided=first.decided,
    )


def beginning(best: Contender, metric: str, *, alone: bool, waiting: bool) -> str:
    """`best: lpl, top-1 error 9.7 ± 1.5 % (n = 5)`."""
    values = list(best.sample.values())
    std = statistics.stdev(values) if len(values) > 1 else None
    missing = f" of {best.seeds}" if len(values) < best.seeds else ""
    count = "one seed" if len(values) == 1 and not missing else f"n = {len(values)}{missing}"
    start = "so far" if alone else "best so far"
    words = f"{start}: {best.label}" if waiting else best.label if alone else f"best: {best.label}"
    return f"{words}, {metric_title(metric)} {percent(statistics.fmean(values), std)} % ({count})"


def ending(first: Lead, contenders: Sequence[Contender]) -> str:
    """What there is to say about the lead."""
    if first.runner_up is None or first.ahead is None:
        return "" if len(contenders) == 1 else "; no other has a result yet"
    other, ahead = contenders[first.runner_up].label, first.ahead
    if ahead.difference is None:
        return f"; {other} is next and has no seed in common with it"
    size = percent(ahead.difference, ahead.margin)
    if ahead.confidence_interval is None:
        words = "behind" if ahead.difference < 0 else "ahead of"
        size = percent(abs(ahead.difference), None)
        return f"; {words} {other} by {size} on the one seed that both have: no measure of the noise"
    if first.decided:
        return f"; ahead of {other} by {size}"
    return f"; its lead over {other}, {size}, lies inside the noise"


def percent(value: float, spread: float | None) -> str:
    """A fraction in percent with its spread, with as many decimals as that deserves."""
    decimals = 1 if spread is not None and spread >= COARSE else 2
    beyond = "" if spread is None else f" ± {100 * spread:.{decimals}f}"
    return f"{100 * value:.{decimals}f}{beyond}"
