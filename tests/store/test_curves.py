"""Curves of a run's metrics: picked by the database or read whole, they are the same to the last digit."""

from typing import Any

import pytest

from store import metrics
from store.database.engine import Database
from store.errors import NotFound
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import claim, submit

MEASURED: list[dict[str, float | None]] = [
    {"test/top1_error": 0.1 + 0.2, "train/loss": 1e-17, "odd": None},
    {"train/loss": 1.7976931348623157e308, "test/top1_error.many": 5e-324, 'a "quoted" [name]': 1.0},
    {"test/top1_error": -0.0, "train/loss": 2.0, "été": 0.25, "$.train/loss": 3.0, "[0]": 4.0, "odd": 1.0},
]
NAMES = list(dict.fromkeys(name for epoch in MEASURED for name in epoch))


@pytest.fixture
def run(db: Database) -> str:
    """A run of three epochs."""
    submit(db)
    held = claim(db)
    assert held is not None
    for epoch, values in enumerate(MEASURED, start=1):
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=3, metrics=values, series={})
    return held.run_id


def curve(name: str, *, after_epoch: int = 0) -> dict[str, list[Any]]:
    measured = [(epoch, values[name]) for epoch, values in enumerate(MEASURED, start=1) if name in values]
    later = [(epoch, value) for epoch, value in measured if epoch > after_epoch]
    return {"epoch": [epoch for epoch, _ in later], "value": [value for _, value in later]}


def test_one_curve_has_exactly_what_was_measured(db: Database, run: str) -> None:
    for name in NAMES:
        assert repr(reading(db, metrics.metrics, run, names=[name])) == repr({name: curve(name)}), name


def test_all_curves_stand_in_the_order_in_which_they_appeared(db: Database, run: str) -> None:
    assert repr(reading(db, metrics.metrics, run)) == repr({name: curve(name) for name in NAMES})
    picked = reading(db, metrics.metrics, run, names=["train/loss", "test/top1_error", "nothing"])
    assert list(picked) == ["test/top1_error", "train/loss"]


def test_curves_go_on_after_an_epoch(db: Database, run: str) -> None:
    later = reading(db, metrics.metrics, run, names=["train/loss"], after_epoch=1)
    assert later == {"train/loss": curve("train/loss", after_epoch=1)}
    assert reading(db, metrics.metrics, run, names=["train/loss"], after_epoch=3) == {}


def test_what_no_epoch_has_is_absent(db: Database, run: str) -> None:
    for name in ("nothing", "train", "train/los", "test/top1_error.many.x", ""):
        assert reading(db, metrics.metrics, run, names=[name]) == {}


def test_an_unknown_run_is_told_from_one_without_metrics(db: Database) -> None:
    job = submit(db)
    held = claim(db)
    assert held is not None
    assert reading(db, metrics.metrics, held.run_id, names=["train/loss"]) == {}
    with pytest.raises(NotFound):
        reading(db, metrics.metrics, job.id, names=["train/loss"])
