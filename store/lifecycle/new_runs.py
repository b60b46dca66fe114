"""A run as it begins."""

from typing import Any

from store import devices
from store.database.tables import RunRow
from store.identifiers import new_id
from store.lifecycle import turns
from store.lifecycle.states import State


def queued_run(
    *,
    job_id: str,
    position: int,
    seed: int,
    point: dict[str, Any],
    spec: dict[str, Any],
    dataset: str,
    data_sha256: str | None,
    priority: int,
    owner: str,
    epochs: int,
    retry_of: str | None,
    created_at: float,
) -> RunRow:
    """A run that waits for its first worker."""
    return RunRow(
        id=new_id("r"),
        job_id=job_id,
        position=position,
        seed=seed,
        point=point,
        spec=spec,
        dataset=dataset,
        data_sha256=data_sha256,
        priority=priority,
        owner=owner,
        rank=turns.rank(priority, created_at),
        wants=devices.wanted(spec),
        state=State.QUEUED,
        attempt=0,
        losses=0,
        retry_of=retry_of,
        replaced=False,
        progress=0.0,
        epoch=0,
        epochs=epochs,
        info={},
        created_at=created_at,
        version=1,
    )
