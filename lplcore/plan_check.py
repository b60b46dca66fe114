"""Checks of a whole plan against the data: a sweep may reach values that only some of its runs cannot use."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from lplcore.dataset_info import DatasetInfo
from lplcore.datasets import Dataset
from lplcore.spec import RunPlan
from lplcore.spec_errors import SpecError
from lplcore.sweep import SweepProblems


def check_plan(plan: Sequence[RunPlan], *, info_of: Callable[[Dataset], DatasetInfo]) -> list[RunPlan]:
    """Check every run of a plan against its data set; each data set and each sweep point is looked at once.

    Args:
        info_of: facts about a data set, for instance `lplcore.dataset_info` with its folder filled in.

    Returns:
        The plan with what nobody has set made to fit the data.

    Raises:
        SpecError: runs that do not fit their data; the paths are the swept fields where they caused it.
        DatasetError: from `info_of`.
    """
    facts: dict[str, DatasetInfo] = {}
    points: set[str] = set()
    problems = SweepProblems()
    fitted = []
    for run in plan:
        key = run.spec.dataset.model_dump_json()
        if key not in facts:
            facts[key] = info_of(run.spec.dataset)
        fitted.append(replace(run, spec=run.spec.fitted(facts[key])))
        point = repr(sorted(run.point.items()))
        if point in points:
            continue
        points.add(point)
        try:
            run.spec.check(facts[key])
        except SpecError as error:
            problems.add(error, run.point)
    if problems:
        raise problems.error()
    return fitted
