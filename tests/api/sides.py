"""Jobs with chosen results, as a trainer leaves them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from store import metrics
from store.database.engine import Database
from store.database.records import Claim, Series
from store.lifecycle import claims
from tests.api.service import Running
from tests.store.databases import claimed, writing

ERROR = "test/top1_error"
Values = Sequence[float | None]


def start(db: Database, *, classes: int = 10, names: Sequence[str] | None = None) -> Claim:
    """Take the next run as a worker, of so many classes, the first the largest."""
    held = claimed(db, worker_id="w_test", device="cpu", lease_seconds=600)
    assert held is not None
    counts = [10 * classes - c for c in range(classes)]
    info = {"class_names": list(names or map(str, range(classes))), "class_counts": counts, "device": "cpu"}
    writing(db, metrics.record_start, held, info | {"notes": []})
    return held


def epoch(
    db: Database, held: Claim, number: int, values: Mapping[str, float | None], *, classes: int = 10, epochs: int = 3
) -> None:
    """Record an epoch: scalars, loss variation and accuracy of every class, confusion."""
    rising = np.linspace(-0.5, 0.5, classes, dtype="<f4") * number
    rising[classes // 2] = np.nan
    series = {
        "relative_loss_variation": Series((classes,), rising.tobytes()),
        "absolute_loss_variation": Series((classes,), (2 * rising).tobytes()),
        "test/accuracy": Series((classes,), (1 - np.abs(rising) / 4).astype("<f4").tobytes()),
        "confusion_entries": Series((2, 3), np.array([[0, 0, 9], [1, 0, 3]], dtype="<f4").tobytes()),
    }
    writing(db, metrics.record_epoch, held, epoch=number, epochs=epochs, metrics=values, series=series)


def finish(db: Database, held: Claim, outcome: str = "succeeded", **more: Any) -> None:
    """End a run."""
    writing(db, claims.finish, held, outcome=outcome, **more)


def job_with(
    service: Running,
    *sides: Values,
    record: Callable[[float], Mapping[str, float | None]] = lambda value: {ERROR: value},
    **spec: Any,
) -> str:
    """A job whose points end with these errors, a value a seed; None: the run waits."""
    seeds = list(range(len(sides[0])))
    job = service.submit(**{"seeds": seeds} | spec)
    values = [value for side in sides for value in side]
    for value in values[: len([each for each in values if each is not None])]:
        held = start(service.db)
        assert value is not None, "only the last runs may wait"
        for number in (1, 2, 3):
            epoch(service.db, held, number, record(value * (4 - number)))
        finish(service.db, held)
    return str(job["id"])
