"""From what a user posts to what is stored."""

import hashlib
import json
from typing import Any

import lplcore
from lplcore.method import MethodSpec
from store import datasets, jobs
from store.database import Database
from store.errors import NotFound
from store.records import NewRun, Submitted
from store.settings import Settings


def known_datasets(db: Database, data: Any) -> dict[str, lplcore.RegisteredDataset]:
    """The registered data sets that a spec names, its sweep included."""
    return {
        record.name: lplcore.RegisteredDataset(
            name=record.name, path=record.path, format=record.format, task=record.task, sha256=record.sha256
        )
        for name in sorted(dataset_names(data))
        if (record := registered(db, name)) is not None
    }


def dataset_names(data: Any) -> set[str]:
    """Every name that may be a data set's."""
    if not isinstance(data, dict):
        return set()
    swept = data.get("sweep") if isinstance(data.get("sweep"), dict) else {}
    override = data.get("override") if isinstance(data.get("override"), dict) else {}
    values = [data.get("dataset"), *dataset_names(override)]
    for field in ("dataset", "dataset.name"):
        found = swept.get(field) if swept else None
        values += found if isinstance(found, list) else []
    names = {value.get("name") if isinstance(value, dict) else value for value in values if not isinstance(value, list)}
    return {name for name in names if isinstance(name, str) and 0 < len(name) <= 100}


def registered(db: Database, name: str) -> Any:
    """The data set of that name, None where there is none."""
    if "\x00" in name or not name.isprintable():
        return None
    try:
        return datasets.get(db, name)
    except NotFound:
        return None


def planned(
    db: Database, settings: Settings, data: Any
) -> tuple[lplcore.ExperimentSpec, list[lplcore.RunPlan], lplcore.DatasetInfo]:
    """The complete spec, its runs, and the data of the first, all checked.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    known = known_datasets(db, data)
    spec = lplcore.parse_spec(data, datasets=known)
    plan = spec.plan(max_runs=settings.max_runs_per_job)
    checked: dict[str, lplcore.DatasetInfo] = {}
    for run in plan:
        if run.seed != plan[0].seed:
            continue  # seeds differ in nothing that is checked
        key = run.spec.dataset.model_dump_json()
        if key not in checked:
            checked[key] = lplcore.dataset_info(run.spec.dataset, data_dir=settings.data_dir, datasets=known)
        run.spec.check(checked[key])
    return spec, plan, next(iter(checked.values()))


def submit(
    db: Database, settings: Settings, data: Any, *, idempotency_key: str | None, owner: str
) -> Submitted:
    """Check and store a job.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
        Conflict: the key was used with another request.
    """
    request_hash = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    earlier = jobs.earlier_submission(db, owner, idempotency_key, request_hash)
    if earlier is not None:
        return earlier
    spec, plan, _ = planned(db, settings, data)
    runs = [NewRun(run.seed, run.point, run.spec.model_dump(mode="json"), run.spec.epochs) for run in plan]
    return jobs.submit(
        db,
        spec=spec.model_dump(mode="json"),
        runs=runs,
        method=method_label(spec.method),
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        owner=owner,
    )


def method_label(method: MethodSpec) -> str:
    """The alias, or the names of the parts."""
    names = [part.name for path, part in method.parts() if path.split(".")[0] in ("loss", "perturbations", "weighting")]
    return method.alias or " + ".join(names)
