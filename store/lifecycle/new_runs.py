"""Runs as they begin."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from store import devices
from store.characters import to_json
from store.database.bulk import insert_plain
from store.database.clock import database_time
from store.database.tables import RunRow
from store.identifiers import new_id
from store.lifecycle import turns
from store.lifecycle.states import State
from store.lifecycle.table import Transition
from store.lifecycle.transitions import record_state

JSON_COLUMNS = ("point", "spec", "info")


def queued_run(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a run that waits for its first worker, but for `turns.placed`.

    Args:
        columns: what it trains, for which job and key.
    """
    return {
        **columns,
        "id": new_id("r"),
        "wants": devices.wanted(columns["spec"]),
        "state": State.QUEUED,
        "attempt": 0,
        "losses": 0,
        "replaced": False,
        "progress": 0.0,
        "epoch": 0,
        "info": {},
        "version": 1,
    }


def plain(run: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as `insert_plain` takes them."""
    return {**run, **{name: to_json(run[name]) for name in JSON_COLUMNS}}


def insert_waiting(session: Session, runs: Iterable[Mapping[str, Any]]) -> None:
    """Add runs, as `plain` gives them, to a job that there is already, each with a `state` event."""
    now = database_time(session)
    fresh = [turns.placed(run, now) for run in runs]
    insert_plain(session, RunRow, fresh)
    for run in fresh:
        record_state(session, SimpleNamespace(**run), Transition(State.QUEUED), values={}, message=None)
