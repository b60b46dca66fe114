"""A run as it begins."""

from collections.abc import Mapping
from typing import Any

from store import devices
from store.identifiers import new_id
from store.lifecycle.states import State


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
