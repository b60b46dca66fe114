"""Test examples of a run as people see them, read by a process of its own: a data set may be large."""

from dataclasses import asdict, dataclass
from typing import Any

from api.problems import Problem, refusal
from api.services.child import SCRATCH, Children, Limits, folder_in
from api.services.submission import dataset_named, entry_of
from lplcore.child_process import Refusal
from store import data_identity
from store.database.engine import Database
from store.database.records import DatasetRecord, Run
from store.errors import Conflict
from store.lifecycle import runs
from store.settings import Settings

MODULE = "lplcore.examples"
READERS = Children()


@dataclass(frozen=True)
class Source:
    """A run, and the registered data set that it was submitted with; None: a built-in one."""

    run: Run
    dataset: DatasetRecord | None


def source_of(db: Database, run_id: str) -> Source:
    """Where the examples of a run are.

    Raises:
        NotFound: no such run.
        Conflict: its data are no longer there as it was submitted with them.
    """
    with db.read() as session:
        run = runs.get(session, run_id)
        dataset = dataset_named(session, run.dataset)
    change = data_identity.change_of(run, dataset)
    if change is not None:
        raise Conflict(f"the run's examples cannot be shown: {change}")
    return Source(run, dataset)


def shown(settings: Settings, source: Source, places: list[int]) -> bytes:
    """The answer in JSON: the test examples at these places.

    Raises:
        Problem: 409, the data cannot be read; 422, a place beyond the test split, or data that take too long or too
            much memory; 503, others read.
    """
    request: dict[str, Any] = {
        "spec": source.run.spec,
        "data_dir": str(settings.data_dir),
        "cache_dir": str(settings.cache_dir),
        "datasets": [] if source.dataset is None else [asdict(entry_of(source.dataset))],
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
