"""Test examples of a run as people see them, read by a process of its own: a data set may be large."""

from dataclasses import asdict
from typing import Any

from api.problems import Problem, refusal
from api.services.child import SCRATCH, Children, Limits, folder_in
from api.services.submission import dataset_named, entry_of
from lplcore.child_process import Refusal
from store import data_identity
from store.database.engine import Database
from store.errors import Conflict
from store.lifecycle import runs
from store.settings import Settings

MODULE = "lplcore.examples"
READERS = Children()


def shown(db: Database, settings: Settings, run_id: str, places: list[int]) -> bytes:
    """The answer in JSON: the test examples at these places.

    Raises:
        NotFound: no such run.
        Conflict: its data are no longer there as it was submitted with them.
        Problem: 422, a place beyond the test split, or data that take too long or too much memory; 503, others read.
    """
    with db.read() as session:
        run = runs.get(session, run_id)
        dataset = dataset_named(session, run.dataset)
    change = data_identity.change_of(run, dataset)
    if change is not None:
        raise Conflict(f"the run's examples cannot be shown: {change}")
    request: dict[str, Any] = {
        "spec": run.spec,
        "data_dir": str(settings.data_dir),
        "datasets": [] if dataset is None else [asdict(entry_of(dataset))],
        "places": places,
    }
    limits = Limits(settings.predict_seconds, settings.predict_memory_bytes, settings="LPL_PREDICT")
    with folder_in(settings.data_dir / SCRATCH, "examples-") as folder:
        try:
            return READERS.run(MODULE, request, folder=folder, limits=limits)
        except Refusal as refused:
            if refused.errors:
                raise refusal(refused.errors) from refused
            raise Problem(409, str(refused)) from refused
