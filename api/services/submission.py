"""From what a user posts to what is stored."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import lplcore
from api.middleware.turnstile import Turnstile
from lplcore import plugin
from lplcore.errors import MAX_REPORTED
from lplcore.method.method import MethodSpec
from lplcore.search.decision import seeds_left
from lplcore.search.halving import rungs
from lplcore.spec.unknown import without_unknown
from store import datasets, jobs
from store.database.engine import Database, Session
from store.database.records import DatasetRecord, NewJob, NewRun, Submitted
from store.devices import ANY
from store.errors import NotFound
from store.lifecycle import waiting
from store.settings import Settings

Registered = dict[str, lplcore.RegisteredDataset]
LARGE = 200
"""Points from which on planning is worth waiting for one's turn: it takes tenths of a second, up to seconds."""
CHECKING, SUBMITTING = Turnstile(at_once=1, waiting=3), Turnstile(at_once=1, waiting=7)
"""Apart, so that whoever may only read cannot keep those who submit from it."""


def checked(
    db: Database, settings: Settings, data: Mapping[str, Any]
) -> tuple[lplcore.ExperimentSpec, list[lplcore.RunPlan], lplcore.DatasetInfo]:
    """`planned` for those who submit nothing, with a limit of its own.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
        Problem: others check large sweeps at this moment.
    """
    with turn(CHECKING, data):
        return planned(settings, data, registered_datasets(db, data))


def planned(
    settings: Settings, data: Mapping[str, Any], registered: Registered
) -> tuple[lplcore.ExperimentSpec, list[lplcore.RunPlan], lplcore.DatasetInfo]:
    """The complete spec, its runs, and facts about its data set, all checked.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    try:
        spec = lplcore.parse_spec(data, datasets=registered)
    except lplcore.SpecError as error:
        raise lplcore.SpecError([*error.errors, *further_errors(error, settings, data, registered)]) from None
    return checked_plan(spec, settings, registered)


def checked_plan(
    spec: lplcore.ExperimentSpec, settings: Settings, registered: Registered
) -> tuple[lplcore.ExperimentSpec, list[lplcore.RunPlan], lplcore.DatasetInfo]:
    """The spec fitted to its data set, its runs, and facts about the data set.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    info_of = partial(lplcore.dataset_info, data_dir=settings.data_dir, datasets=registered)
    folders = {"data_dir": settings.data_dir, "weights_dir": settings.weights_dir}
    spec = lplcore.check_search(spec, info_of=info_of, **folders)
    plan = spec.plan(max_runs=settings.max_runs_per_job)
    plan = lplcore.check_plan(plan, info_of=info_of, **folders)
    info = info_of(plan[0].spec.dataset)
    return spec.fitted(info), plan, info


def further_errors(
    error: lplcore.SpecError, settings: Settings, data: Mapping[str, Any], registered: Registered
) -> list[dict[str, str]]:
    """What is wrong besides unknown fields: in sweeps, and in what the data set decides."""
    rest = without_unknown(data, error)
    if rest is None or len(error.errors) >= MAX_REPORTED:
        return []
    try:
        checked_plan(lplcore.parse_spec(rest, datasets=registered), settings, registered)
    except lplcore.SpecError as more:
        return more.errors
    except lplcore.DatasetError as more:
        return [{"path": f"dataset.{more.field}", "message": str(more)}]
    return []


def submit(
    db: Database,
    settings: Settings,
    data: Mapping[str, Any],
    *,
    idempotency_key: str | None,
    owner: str,
    parent: str | None = None,
) -> Submitted:
    """Check and store a job.

    Args:
        parent: the job whose spec it was made from.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
        Conflict: the key was used with another request.
        Problem: others submit large sweeps at this moment.
    """
    request_hash = fingerprint(data)
    with db.read() as session:
        earlier = jobs.earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
    if earlier is not None:
        return earlier
    with turn(SUBMITTING, data):
        registered = registered_datasets(db, data)
        spec, plan, _ = planned(settings, data, registered)
        job = new_job(data, spec, plan, registered, owner=owner, parent=parent)
    store = partial(jobs.submit, idempotency_key=idempotency_key, request_hash=request_hash)
    submitted = db.write(partial(store, job=job, max_queued=settings.max_queued_runs))
    explain_waiting(db, settings, plan)
    return submitted


def new_job(
    data: Mapping[str, Any],
    spec: lplcore.ExperimentSpec,
    plan: Sequence[lplcore.RunPlan],
    registered: Registered,
    *,
    owner: str,
    parent: str | None = None,
) -> NewJob:
    """A checked experiment as it is stored, with the preset that it was made by.

    Args:
        data: what was posted.
    """
    preset = plugin.get("preset", data["preset"]) if "preset" in data else None
    runs = [new_run(run, registered) for run in plan]
    if spec.search is not None:
        runs = [as_trial(run, number, spec) for number, run in enumerate(runs)]
    return jobs.new_job(
        spec=spec.model_dump(mode="json"),
        runs=runs,
        method=method_label(spec.method),
        owner=owner,
        parent=parent,
        preset=preset and preset.name,
        published=preset and preset.published,
        search_open=spec.search is not None,
    )


def explain_waiting(db: Database, settings: Settings, plan: Sequence[lplcore.RunPlan]) -> None:
    """Let stored runs that want a device say so where no worker has it."""
    if any(run.spec.device != ANY for run in plan):
        waiting.explain(db, silent_after=settings.lease_seconds)


def new_run(run: lplcore.RunPlan, registered: Registered) -> NewRun:
    """A planned run as it is stored, with the hash of the data that it was checked with."""
    dataset = registered.get(run.spec.dataset.name)
    return NewRun(
        run.seed,
        run.point,
        run.spec.model_dump(mode="json"),
        run.spec.epochs,
        method=method_label(run.spec.method),
        data_sha256=dataset.sha256 if dataset else None,
        one_core=not run.spec.model.parallel,
    )


def as_trial(run: NewRun, number: int, spec: lplcore.ExperimentSpec) -> NewRun:
    """A run as a trial of its spec's search, which stops at the first rung."""
    assert spec.search is not None
    first, *others = rungs(spec.search, spec.epochs)
    return replace(run, trial=number, stop_epoch=first if others else None)


def runs_in(spec: lplcore.ExperimentSpec) -> int | None:
    """How many runs a search comes to at most: its trials, and the seeds of its finalists; None without a search."""
    search = spec.search
    if search is None:
        return None
    trials = search.ends[-1] if search.size is None else min(search.ends[-1], search.size)
    return trials + min(trials, search.finalists) * len(seeds_left(search, spec.seeds[0]))


def turn(turnstile: Turnstile, data: Mapping[str, Any]) -> AbstractContextManager[None]:
    """A place for a large sweep or search; small ones need none."""
    return turnstile.turn("planning large sweeps") if points_in(data) >= LARGE else nullcontext()


def points_in(data: Mapping[str, Any]) -> int:
    """How many points the sweep or search of an experiment has, or of what overrides a preset, as far as it is one."""
    searches = [part.get("search") for part in (data, data.get("override")) if isinstance(part, Mapping)]
    trials = [search.get("trials") for search in searches if isinstance(search, Mapping)]
    told = [number for number in trials if isinstance(number, int)]
    choices = [[values for values in space.values() if isinstance(values, list)] for space in spaces(data)]
    return max(told or [math.prod(map(len, lists)) for lists in choices], default=1)


def spaces(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What is swept or searched by an experiment, or by what overrides a preset, as far as it is something."""
    parts = [part for part in (data, data.get("override")) if isinstance(part, Mapping)]
    searches = [part["search"] for part in parts if isinstance(part.get("search"), Mapping)]
    found = [*(part.get("sweep") for part in parts), *(search.get("space") for search in searches)]
    return [space for space in found if isinstance(space, Mapping)]


def fingerprint(data: Mapping[str, Any]) -> str:
    """Hash of a body that does not depend on the order of its fields.

    Raises:
        SpecError: nested too deeply.
    """
    try:
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raise lplcore.SpecError([{"path": "", "message": "is nested too deeply"}]) from None


def registered_datasets(db: Database, data: Mapping[str, Any]) -> Registered:
    """The registered data sets that a spec names, its sweep included."""
    with db.read() as session:
        records = [dataset_named(session, name) for name in sorted(dataset_names(data))]
    return {record.name: entry_of(record) for record in records if record is not None}


def entry_of(record: DatasetRecord) -> lplcore.RegisteredDataset:
    """A data set as lplcore knows it."""
    return lplcore.RegisteredDataset(
        name=record.name,
        path=record.path,
        format=record.format,
        task=record.task,
        sha256=record.sha256,
        rules=record.rules,
        target=record.target,
        split=record.split,
    )


def dataset_names(data: Mapping[str, Any]) -> set[str]:
    """Every text that may be a data set's name: in the spec, in what overrides a preset, swept or searched."""
    values = [part.get("dataset") for part in (data, data.get("override")) if isinstance(part, Mapping)]
    for space in spaces(data):
        chosen = [space.get(field) for field in ("dataset", "dataset.name")]
        values += [name for names in chosen if isinstance(names, list) for name in names]
    names = [value.get("name") if isinstance(value, Mapping) else value for value in values]
    return {name for name in names if isinstance(name, str)}


def dataset_named(session: Session, name: str) -> DatasetRecord | None:
    """The data set of that name, None where there is none."""
    if not 0 < len(name) <= 100 or not name.isprintable():
        return None
    try:
        return datasets.get(session, name)
    except NotFound:
        return None


def method_label(method: MethodSpec) -> str:
    """The alias, or the names of the loss and the perturbations."""
    return method.alias or "+".join([method.loss.name, *(part.name for part in method.perturbations)])
