"""The search of a spec: what it means where it says nothing, what is wrong with it, and the ends of its space."""

from collections.abc import Iterator, Mapping
from typing import Any

from lplcore.plugin import nearest, quoted
from lplcore.search.metrics import METRICS, main_metric
from lplcore.search.record import Range, Search
from lplcore.spec.record import Experiment
from lplcore.spec.sweep import SPACE, sweep_field_problems, value_of

HELD_OUT = 0.1
"""Share of the training examples that trials are compared on where nobody says it."""
OF_THE_LOOK = ("image_size", "view", "resize", "cache", "input_range", "normalization")
"""Fields of a data set that change how its examples look, not which they are."""


def complete_search(search: Search, *, task: str | None, complete: Mapping[str, Any]) -> Search:
    """The search with its metric and its number of trials.

    Args:
        complete: the values of the spec; where a field has a number with a fraction, so has its range.
    """
    space = search.space
    if search.sampler != "grid":
        space = {field: as_the_field(values, value_of(complete, field)) for field, values in space.items()}
    filled = {
        "space": space,
        "metric": search.metric or main_metric(task or "single_label"),
        "trials": search.ends[0],
    }
    return search.model_copy(update=filled)


def as_the_field(values: Any, value: Any) -> Any:
    """The values; a range that is written with whole numbers, of a field that has others, has others too."""
    if not isinstance(values, Range) or not isinstance(value, float):
        return values
    return values.model_copy(update={"low": float(values.low), "high": float(values.high)})


def search_problems(spec: Experiment, *, task: str | None) -> list[dict[str, str]]:
    """What is wrong with a spec's search beside the rest of the spec."""
    search = spec.search
    if search is None:
        return []
    problems = []
    if spec.sweep:
        problems.append(
            ("sweep", "does not go with search; put its fields into search.space, or leave one of them out")
        )
    metrics = METRICS[task] if task else {**METRICS["single_label"], **METRICS["multi_label"]}
    if search.metric is not None and search.metric not in metrics:
        text = f"{quoted(search.metric)} is no metric of the validation split; {nearest(search.metric, metrics)}"
        problems.append(("search.metric", text))
    if search.halving is not None:
        problems += halving_problems(spec, search.halving.min_epochs)
    text = "cannot be searched; trials are compared on the same examples"
    problems += [(f"{SPACE}.{field}", text) for field in search.space if of_the_comparison(field)]
    return [{"path": path, "message": message} for path, message in problems]


def of_the_comparison(field: str) -> bool:
    """Whether a field changes the examples that trials are compared on."""
    part, _, rest = field.partition(".")
    return part == "dataset" and rest.partition(".")[0] not in OF_THE_LOOK


def halving_problems(spec: Experiment, min_epochs: int) -> list[tuple[str, str]]:
    """What does not go with rungs."""
    problems = []
    if min_epochs >= spec.epochs:
        text = f"must be below epochs, {spec.epochs}; lower it, or set search.halving to null"
        problems.append(("search.halving.min_epochs", text))
    if spec.patience is not None:
        problems.append(("patience", "does not go with search.halving, which ends trials itself; leave it out"))
    if spec.search is not None and "epochs" in spec.search.space:
        problems.append((f"{SPACE}.epochs", "cannot be searched with halving, whose rungs are epochs; set it to null"))
    return problems


def space_problems(search: Search, complete: Mapping[str, Any]) -> list[dict[str, str]]:
    """Fields of the space that the complete spec does not have, or that are no part of a run."""
    fields = [field for field in search.space if not of_the_comparison(field)]
    return [problem for field in fields for problem in sweep_field_problems(complete, field, root=SPACE)]


def most_runs(search: Search) -> int:
    """Runs that a search has at most: its trials, and the seeds of its finalists."""
    trials = search.ends[-1] if search.size is None else min(search.ends[-1], search.size)
    return trials + min(search.finalists, trials) * len(search.then_seeds)


def too_many_runs(search: Search, max_runs: int) -> list[dict[str, str]]:
    """Where a search may have more runs than are allowed."""
    runs = most_runs(search)
    if runs <= max_runs:
        return []
    message = f"asks for up to {runs} runs, at most {max_runs} are allowed in one job; lower trials or then_seeds"
    return [{"path": "search.trials", "message": message}]


def ends_of(search: Search) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Points in which each choice and both ends of each range stand once, the other fields having their first value.

    Each comes with the paths of what gave its fields their values.
    """
    ends = {field: end_values(field, values) for field, values in search.space.items()}
    first = {field: values[0] for field, values in ends.items()}
    points = [first, *({**first, field: end} for field, values in ends.items() for end in values[1:])]
    for point in points:
        yield (
            {field: value for field, (_, value) in point.items()},
            {field: path for field, (path, _) in point.items()},
        )


def end_values(field: str, values: Any) -> list[tuple[str, Any]]:
    """(path, value) of each choice, or of both ends of a range."""
    if not isinstance(values, Range):
        return [(f"{SPACE}.{field}.{place}", value) for place, value in enumerate(values)]
    last = values.high if values.count is None else values.value(values.count - 1)
    return [(f"{SPACE}.{field}.low", values.low), (f"{SPACE}.{field}.high", last)]
