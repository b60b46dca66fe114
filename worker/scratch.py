"""Folders in which attempts keep their files."""

import shutil
from pathlib import Path

from store.database.engine import Database
from store.errors import NotFound
from store.lifecycle import runs
from store.lifecycle.states import State

SCRATCH = "scratch"


def attempt_folder(data_dir: Path, run_id: str, attempt: int) -> Path:
    """The folder of an attempt."""
    return data_dir / SCRATCH / f"{run_id}-{attempt}"


def clear(db: Database, data_dir: Path) -> None:
    """Remove what attempts that are over have left, as after a SIGKILL; other workers may share the folder."""
    for folder in (data_dir / SCRATCH).glob("r_*-*"):
        run_id, _, attempt = folder.name.rpartition("-")
        if not stands(db, run_id, attempt):
            shutil.rmtree(folder, ignore_errors=True)


def stands(db: Database, run_id: str, attempt: str) -> bool:
    """Whether a run is in this attempt."""
    try:
        with db.read() as session:
            run = runs.get(session, run_id)
    except NotFound:
        return False
    return run.state == State.RUNNING and str(run.attempt) == attempt
