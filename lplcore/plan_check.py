"""Checks of a whole plan against the data: a sweep may reach values that only some of its runs cannot use."""

from collections.abc import Callable, Sequence

from lplcore.dataset_info import DatasetInfo
from lplcore.datasets import Dataset
from lplcore.spec import RunPlan, sweep_problems
from lplcore.spec_errors import SpecError


def check_plan(plan: Sequence[RunPlan], *, info_of: Callable[[Dataset], DatasetInfo]) -> None:
    """Check every run of a plan against its data set; each data set and each sweep point is looked at once.

    Args:
        info_of: facts about a data set, for instance `lplcore.dataset_info` with its folder filled in.

    Raises:
        SpecError: a run that does not fit its data; the path is the swept field where one caused it.
        DatasetError: from `info_of`.
    """
    facts: dict[str, DatasetInfo] = {}
    points: set[str] = set()
    for run in plan:
        point = repr(sorted(run.point.items()))
        if point in points:
            continue
        points.add(point)
        key = run.spec.dataset.model_dump_json()
        if key not in facts:
            facts[key] = info_of(run.spec.dataset)
        try:
            run.spec.check(facts[key])
        except SpecError as error:
            raise SpecError(sweep_problems(error, run.point) if run.point else error.errors) from None
