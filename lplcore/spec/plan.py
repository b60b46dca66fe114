"""Checks of a whole plan against the data: a sweep may reach values that only some of its runs cannot use."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lplcore.data.info import DatasetInfo
from lplcore.data.weights_folder import weights_folder
from lplcore.datasets import Dataset
from lplcore.errors import SpecError
from lplcore.spec.experiment import ExperimentSpec, RunPlan
from lplcore.spec.sweep import SweepProblems
from lplcore.spec.trials import HELD_OUT


def check_plan(
    plan: Sequence[RunPlan],
    *,
    info_of: Callable[[Dataset], DatasetInfo],
    data_dir: str | Path | None = None,
    weights_dir: str | Path | None = None,
) -> list[RunPlan]:
    """Check every run of a plan against its data set; each data set and each sweep point is looked at once.

    Args:
        info_of: facts about a data set, for instance `lplcore.data.info` with its folder filled in.
        data_dir: folder whose `weights` holds the files that specs name.
        weights_dir: another folder that holds them. Where both are None they are not looked at.

    Returns:
        The plan with what nobody has set made to fit the data.

    Raises:
        SpecError: runs that do not fit their data or name a wrong file; the paths are the swept fields where they
            caused it.
        DatasetError: from `info_of`.
    """
    folder = None if data_dir is None and weights_dir is None else weights_folder(data_dir or ".", weights_dir)
    facts: dict[str, DatasetInfo] = {}
    points: set[str] = set()
    sweep_problems = SweepProblems()
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
        errors = problems(fitted[-1].spec, facts[key], folder)
        if errors:
            sweep_problems.add(SpecError(errors), run.point, run.paths)
    if sweep_problems:
        raise sweep_problems.error()
    return fitted


def check_search(
    spec: ExperimentSpec,
    *,
    info_of: Callable[[Dataset], DatasetInfo],
    data_dir: str | Path | None = None,
    weights_dir: str | Path | None = None,
) -> ExperimentSpec:
    """The spec of a search with examples to compare trials on; each choice and both ends of each range are checked.

    Where the data set has no validation split a tenth of the training examples is held out, and the spec's notes say
    so. Specs without a search are returned as they are. Arguments as of `check_plan`.

    Raises:
        SpecError: the space has values that cannot be trained, or do not fit the data.
        DatasetError: from `info_of`.
    """
    if spec.search is None:
        return spec
    spec.ends()
    if not info_of(spec.dataset).num_validation:
        dataset = spec.dataset.model_copy(update={"validation_fraction": HELD_OUT})
        spec = spec.model_copy(update={"dataset": dataset})
        spec._notes = [*spec.notes, f"no validation split: {HELD_OUT:.0%} of the training examples are held out for it"]
    check_plan(spec.ends(), info_of=info_of, data_dir=data_dir, weights_dir=weights_dir)
    return spec


def problems(spec: ExperimentSpec, info: DatasetInfo, weights_dir: Path | None) -> list[dict[str, str]]:
    """Everything in a spec that does not fit its data, and every wrong file that it names."""
    checks: list[Callable[[], None]] = [partial(spec.check, info)]
    if weights_dir is not None:
        checks += [
            partial(spec.model.check_files, weights_dir, info.input_shape),
            partial(spec.method.procedure.check_files, weights_dir, info.classes),
        ]
    errors: list[dict[str, str]] = []
    for check in checks:
        try:
            check()
        except SpecError as error:
            errors += error.errors
    return errors
