"""The search that `best_method` submits: a shortlist that fits the data, halved on validation, seeds for the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import lplcore
from api.services import submission
from api.services.comparison.labels import metric_title, point_label
from api.services.studies.best_method.budget import Allotment, allotted
from api.services.studies.best_method.shortlist import Candidate, candidates
from api.services.studies.checks import Checks, Planned

JUDGED_BY = {"single_label": "balanced_accuracy", "multi_label": "mean_average_precision"}
"""Task -> metric: a validation split is as imbalanced as its data, so that plain error would choose for the head."""
SHOWN = {
    "single_label": ("test/balanced_accuracy", "test/top1_error", "test/macro_f1"),
    "multi_label": ("test/mean_average_precision", "test/macro_f1"),
}
"""Task -> columns of the table, the one that decides first."""
FIRST = {"single_label": "cross_entropy", "multi_label": "binary_cross_entropy"}
CHOSEN_HERE = ("dataset", "method", "sweep", "search", "seeds", "preset")
"""What an override may not set."""


@dataclass(frozen=True)
class BestMethod:
    """What is to be run and shown.

    Attributes:
        spec: of the one job.
        columns: (metric, title) of the table.
        rows: label and method of every trial.
        metric: on test, that decides.
        notes: what there is to say.
    """

    spec: dict[str, Any]
    columns: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Candidate]]
    metric: str
    notes: Sequence[str]


def best_method(
    checks: Checks, dataset: str | Mapping[str, Any], override: Mapping[str, Any], *, runs: int
) -> BestMethod:
    """The experiment for a data set.

    Args:
        dataset: its name, or as a spec has it.
        override: further fields of the spec.
        runs: the budget.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    refuse_chosen(override)
    base = {"name": f"Best method for {name_of(dataset)}", **override, "dataset": dataset}
    task = checks.task(dataset) or "single_label"  # what is wrong with it is said by `planned`
    spec, _, info, registered = planned(checks, {**base, "method": FIRST[task]}, override)
    listed = candidates(task, info.imbalance_factor)
    usable = (each for each in listed if fits({**base, "method": each}, info, registered))
    methods = list(islice(usable, runs))
    allotment = allotted(runs, candidates=len(methods), epochs=spec.epochs)
    methods = methods[: allotment.trials]
    labels = [point_label({"method": each}, "") for each in methods]
    metric = JUDGED_BY[task]
    return BestMethod(
        {**base, "method": methods[0], "seeds": [0], "search": search(methods, allotment, metric)},
        [(shown, metric_title(shown)) for shown in SHOWN[task]],
        list(zip(labels, methods, strict=True)),
        f"test/{metric}",
        [note(allotment, metric)],
    )


def refuse_chosen(override: Mapping[str, Any]) -> None:
    """See that an override leaves the choice of the method to the search.

    Raises:
        SpecError: it sets what is chosen here.
    """
    chosen = [name for name in CHOSEN_HERE if name in override]
    message = "is given beside it or chosen by best_method; leave it out"
    if chosen:
        raise lplcore.SpecError([{"path": f"override.{name}", "message": message} for name in chosen])


def planned(checks: Checks, data: Mapping[str, Any], override: Mapping[str, Any]) -> Planned:
    """What an experiment would run.

    Raises:
        SpecError, DatasetError: with the field, as the request has it, and the remedy.
    """
    try:
        return checks.planned(data)
    except lplcore.SpecError as error:
        problems = [
            {**each, "path": f"override.{each['path']}"} if each["path"].split(".")[0] in override else each
            for each in error.errors
        ]
        raise lplcore.SpecError(problems) from None


def fits(data: Mapping[str, Any], info: lplcore.DatasetInfo, registered: submission.Registered) -> bool:
    """Whether a method can be trained on the data, with the network and all else that is asked for."""
    try:
        lplcore.parse_spec(data, datasets=registered).check(info)
    except lplcore.SpecError:
        return False
    return True


def search(methods: Sequence[Candidate], allotment: Allotment, metric: str) -> dict[str, Any]:
    """The `search` of the spec."""
    return {
        "sampler": "grid",
        "space": {"method": list(methods)},
        "metric": f"validation/{metric}",
        "trials": len(methods),
        "halving": allotment.halving,
        "then_seeds": list(range(allotment.seeds)),
        "finalists": allotment.finalists,
    }


def name_of(dataset: Any) -> str:
    """A data set's name, as far as it is said."""
    return str(dataset.get("name", "")) if isinstance(dataset, Mapping) else str(dataset)


def note(allotment: Allotment, metric: str) -> str:
    """How the budget is spent."""
    halved = "" if allotment.min_epochs is None else f", half of them stopped at epoch {allotment.min_epochs}"
    return (
        f"{allotment.trials} methods are tried with one seed{halved}, judged by validation/{metric}; the best "
        f"{allotment.finalists} are trained with {allotment.seeds} seeds and compared on test"
    )
