"""What a search for the best method has found: a paragraph, the pairs it rests on, and the spec to train again."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.services.comparison.labels import metric_title, point_label
from api.services.comparison.ranking import Sample, lower_is_better
from api.services.comparison.statistics import CONFIDENCE
from api.services.comparison.verdict import sample_of
from api.services.studies.best_method.holm import Pair, corrected_pairs

OF_THE_SEARCH = ("search", "sweep", "name", "tags")
"""What a spec to train again has not from the search."""


@dataclass(frozen=True)
class Finalist:
    """A point of the search that was trained with several seeds, and its values by seed on test."""

    label: str
    point: Mapping[str, Any]
    sample: Sample

    @property
    def mean(self) -> float:
        """Over its seeds."""
        return statistics.fmean(self.sample.values())


def answer_of(
    summary: Sequence[Mapping[str, Any]], spec: Mapping[str, Any], *, metric: str, tried: int, fraction: float | None
) -> dict[str, Any]:
    """The answer as JSON: `text`, `spec` and `winner` (None: there is none), `metric`, `pairs`.

    Args:
        summary: the job's, a point a row.
        spec: the job's.
        metric: on test, by which the finalists are compared.
        tried: how many methods had a trial.
        fraction: the validation split that was asked for; without one the method is trained on all training data.
    """
    finalists = [each for each in (finalist(row, metric) for row in summary) if len(each.sample) > 1]
    sign = -1.0 if lower_is_better(metric) else 1.0
    finalists.sort(key=lambda each: (-sign * each.mean, each.label))
    pairs = corrected_pairs([each.sample for each in finalists])
    best = finalists[0] if finalists else None
    undecided = [finalists[pair.b] for pair in pairs if pair.a == 0 and not pair.decided]
    winner = best if best is not None and len(finalists) > 1 and not undecided else None
    return {
        "text": text_of(finalists, pairs, undecided, metric=metric, tried=tried),
        "metric": metric,
        "winner": None if winner is None else {"label": winner.label, "point": dict(winner.point)},
        "spec": None if winner is None else spec_of(spec, winner, fraction),
        "pairs": [pair_answer(pair, finalists, metric) for pair in pairs],
    }


def finalist(row: Mapping[str, Any], metric: str) -> Finalist:
    """A row of a summary, whether or not it has several seeds."""
    return Finalist(point_label(row["point"], ""), row["point"], sample_of(row, metric))


def text_of(
    finalists: Sequence[Finalist], pairs: Sequence[Pair], undecided: Sequence[Finalist], *, metric: str, tried: int
) -> str:
    """The paragraph."""
    if not finalists:
        return f"No answer: of {tried} methods tried none was trained with several seeds to the end."
    best, title = finalists[0], metric_title(metric)
    figure = f"{title} {spread(best)}"
    chosen = f"It was chosen among {tried} methods on the validation split, and compared on test."
    if len(finalists) == 1:
        return f"No winner: {best.label} alone was trained with several seeds ({figure}), so that nothing is beside it."
    comparisons = f"corrected for {len(pairs)} comparisons" if len(pairs) > 1 else "one comparison"
    if undecided:
        names = listed([each.label for each in undecided])
        return (
            f"No winner: {best.label} has the best mean ({figure}), but {names} cannot be told apart from it: "
            f"the {'difference lies' if len(undecided) == 1 else 'differences lie'} within the noise of the seeds "
            f"({comparisons}). Take the simplest of them, or train more seeds."
        )
    leads = [lead_text(pair, finalists) for pair in pairs if pair.a == 0]
    return f"{best.label} is best: {figure}, ahead of {listed(leads)} ({comparisons}). {chosen}"


def lead_text(pair: Pair, finalists: Sequence[Finalist]) -> str:
    """By how much the best is ahead of another."""
    difference, interval = pair.difference.difference, pair.difference.confidence_interval
    assert difference is not None
    assert interval is not None
    low, high = sorted(map(abs, interval))
    by = f"{100 * abs(difference):.2f} points ({100 * low:.2f} to {100 * high:.2f})"
    return f"{finalists[pair.b].label} by {by}"


def spread(each: Finalist) -> str:
    """Mean and standard deviation in per cent."""
    values = list(each.sample.values())
    return f"{percent(each.mean)} ± {percent(statistics.stdev(values))}, {len(values)} seeds"


def percent(value: float) -> str:
    """A fraction in per cent, two places."""
    return f"{100 * value:.2f} %"


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def spec_of(spec: Mapping[str, Any], winner: Finalist, fraction: float | None) -> dict[str, Any]:
    """The experiment that trains the winner again, on all training data unless a validation split was asked for."""
    kept = {name: value for name, value in spec.items() if name not in OF_THE_SEARCH}
    dataset = {**spec["dataset"], "validation_fraction": fraction or 0.0}
    return {**kept, "dataset": dataset, "method": winner.point["method"], "seeds": sorted(winner.sample)}


def pair_answer(pair: Pair, finalists: Sequence[Finalist], metric: str) -> dict[str, Any]:
    """A pair as JSON."""
    plain = pair.difference
    return {
        "a": finalists[pair.a].label,
        "b": finalists[pair.b].label,
        "metric": metric,
        "difference": plain.difference,
        "standard_error": plain.standard_error,
        "confidence_interval": plain.confidence_interval,
        "confidence": CONFIDENCE,
        "p_value": pair.p_value,
        "n": plain.n,
        "paired_by": "seed",
        "decided": pair.decided,
    }
