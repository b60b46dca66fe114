"""Runs that share a process, as the store sees them: who may, by whose turn, and what a loss then means."""

from collections.abc import Callable
from typing import Any

import pytest

from store import events, jobs
from store.database.engine import Database
from store.database.records import Claim, NewRun
from store.errors import LeaseLost
from store.lifecycle import claims, requests, runs, sweeper
from store.lifecycle.claims import Unfit
from store.lifecycle.packing import packable
from store.lifecycle.states import State
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, checkpoint, claim, epoch

TRAINED: dict[str, Any] = {
    **SPEC,
    "dataset": {"name": "digits", "imbalance_factor": 20.0},
    "model": {"name": "mlp", "widths": [16]},
    "method": {"alias": "lpl", "delta_epsilon": 1, "split": "performance"},
    "optimizer": {"name": "sgd", "lr": 0.1, "nesterov": False, "clip_norm": None},
    "epochs": 10,
    "batch_size": 64,
    "seeds": [0],
}


def submit(db: Database, *specs: dict[str, Any], owner: str = "a", priority: int = 5) -> str:
    """A job with a run for each spec."""
    new = [NewRun(seed=seed, point={}, spec=spec, epochs=10) for seed, spec in enumerate(specs)]
    whole = {**TRAINED, "priority": priority}
    return writing(db, jobs.submit, jobs.new_job(spec=whole, runs=new, method="lpl", owner=owner)).job.id


def seeds(number: int) -> list[dict[str, Any]]:
    """Specs that differ in their seed only."""
    return [{**TRAINED, "seeds": [seed]} for seed in range(number)]


def claim_beside(db: Database, first: Claim, *, worker: str = "w_1") -> Claim | None:
    taken = writing(db, claims.claim, worker_id=worker, device="cpu", lease_seconds=LEASE, beside=first)
    assert not isinstance(taken, Unfit)
    return taken


def pack(db: Database, number: int) -> list[Claim]:
    """Runs that a worker has claimed for one process."""
    first = claim(db)
    others = [claim_beside(db, first) for _ in range(number - 1)]
    return [first, *(other for other in others if other is not None)]


def changed(**parts: Any) -> dict[str, Any]:
    return {**TRAINED, **parts}


@pytest.mark.parametrize(
    "other",
    [
        changed(seeds=[7]),
        changed(epochs=3),
        changed(optimizer={"name": "sgd", "lr": 1, "nesterov": False, "clip_norm": None}),
        changed(method={"alias": "lpl", "delta_epsilon": 0.5, "split": "performance"}),
    ],
)
def test_specs_that_differ_in_numbers_only_can_share_a_process(other: dict[str, Any]) -> None:
    assert packable(other, TRAINED)


@pytest.mark.parametrize(
    "other",
    [
        changed(dataset={"name": "digits", "imbalance_factor": 50.0}),
        changed(model={"name": "mlp", "widths": [32]}),
        changed(batch_size=32),
        changed(precision="bf16"),
        changed(optimizer={"name": "sgd", "lr": 0.1, "nesterov": True, "clip_norm": None}),
        changed(optimizer={"name": "sgd", "lr": 0.1, "nesterov": False, "clip_norm": 1.0}),
        changed(method={"alias": "ldam", "delta_epsilon": 1, "split": "performance"}),
        changed(seeds=[0, 1]),
    ],
)
def test_specs_that_differ_in_more_cannot(other: dict[str, Any]) -> None:
    assert not packable(other, TRAINED)


def test_runs_of_one_job_are_claimed_one_by_one_each_with_its_own_attempt(db: Database) -> None:
    submit(db, *seeds(3))
    members = pack(db, 5)
    assert [(member.seed, member.attempt) for member in members] == [(0, 1), (1, 1), (2, 1)]
    for member in members:
        run = reading(db, runs.get, member.run_id)
        assert (run.state, run.worker, run.packed, run.alone) == ("running", "w_1", True, False)
        epoch(db, member, 1)
        assert writing(db, claims.heartbeat, member, lease_seconds=LEASE) is None


def test_a_run_that_nobody_joins_is_not_packed(db: Database) -> None:
    submit(db, TRAINED, changed(batch_size=32))
    first, *others = pack(db, 2)
    assert others == []
    assert not reading(db, runs.get, first.run_id).packed


def test_runs_of_another_job_do_not_join(db: Database) -> None:
    submit(db, TRAINED)
    submit(db, TRAINED)
    assert len(pack(db, 2)) == 1


def test_who_joins_is_whose_turn_it_is(db: Database) -> None:
    submit(db, *seeds(3), owner="a")
    first = claim(db)
    other = submit(db, TRAINED, owner="b")
    assert claim_beside(db, first) is None
    # That the other key waits has cost it nothing: it is still its turn.
    assert claim(db).job_id == other
    assert claim_beside(db, first) is not None


def test_a_higher_priority_that_comes_meanwhile_goes_first(db: Database) -> None:
    submit(db, *seeds(3))
    first = claim(db)
    urgent = submit(db, TRAINED, priority=9)
    assert claim_beside(db, first) is None
    assert claim(db).job_id == urgent


def test_nobody_joins_a_run_that_its_worker_has_lost(db: Database) -> None:
    submit(db, *seeds(2))
    first = claim(db)
    db.clock_offset += 2 * LEASE
    writing(db, sweeper.take_back, first.run_id)
    with pytest.raises(LeaseLost):
        claim_beside(db, first)


def lost_to_the_sweep(db: Database, member: Claim) -> None:
    db.clock_offset += 2 * LEASE
    writing(db, sweeper.take_back, member.run_id)


def reported_lost(db: Database, member: Claim) -> None:
    writing(db, sweeper.report_loss, member, "the trainer died")


def out_of_memory(db: Database, member: Claim) -> None:
    assert writing(db, claims.leave_pack, member, "out of memory") is not None


WAYS: list[tuple[Callable[[Database, Claim], None], str]] = [
    (lost_to_the_sweep, "worker_lost"),
    (reported_lost, "worker_lost"),
    (out_of_memory, "out_of_memory"),
]


@pytest.mark.parametrize(("lose", "reason"), WAYS)
def test_a_run_lost_beside_others_goes_on_alone_and_no_loss_is_counted(
    db: Database, lose: Callable[[Database, Claim], None], reason: str
) -> None:
    submit(db, *seeds(2))
    first, second = pack(db, 2)
    epoch(db, second, 1)
    checkpoint(db, second, 1)
    lose(db, second)
    run = reading(db, runs.get, second.run_id)
    assert (run.state, run.reason, run.losses, run.packed, run.alone) == ("queued", None, 0, False, True)
    assert (run.worker, run.device, run.lease_expires_at) == (None, None, None)
    assert "goes on alone" in (run.message or "")
    told = [event.data for event in reading(db, events.after, 0, run=second.run_id) if event.kind == "state"][-1]
    assert (told["state"], told["reason"], told["message"]) == ("queued", reason, run.message)
    assert claim_beside(db, first) is None
    again = claim(db)
    assert (again.run_id, again.attempt, again.alone) == (second.run_id, 2, True)
    assert again.resume is not None
    assert not reading(db, runs.get, again.run_id).packed


def test_alone_a_run_is_counted_its_losses(db: Database) -> None:
    submit(db, *seeds(2))
    _, second = pack(db, 2)
    reported_lost(db, second)
    states = []
    for _ in range(3):
        reported_lost(db, claim(db))
        states.append(reading(db, runs.get, second.run_id).state)
    run = reading(db, runs.get, second.run_id)
    assert (states, run.reason, run.losses) == ([State.QUEUED, State.QUEUED, State.FAILED], "worker_lost", 3)


def test_memory_that_one_run_alone_does_not_find_is_not_the_packs_fault(db: Database) -> None:
    submit(db, TRAINED)
    assert writing(db, claims.leave_pack, claim(db), "out of memory") is None


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_what_was_requested_is_kept_where_the_pack_is_lost(db: Database, action: str, state: str) -> None:
    submit(db, *seeds(2))
    _, second = pack(db, 2)
    writing(db, requests.request_run, second.run_id, action)
    reported_lost(db, second)
    run = reading(db, runs.get, second.run_id)
    assert (run.state, run.packed) == (state, False)


def test_a_run_that_was_paused_or_handed_over_may_be_packed_again(db: Database) -> None:
    submit(db, *seeds(2))
    first, second = pack(db, 2)
    writing(db, requests.request_run, second.run_id, "pause")
    writing(db, claims.finish, second, outcome="paused")
    writing(db, claims.finish, first, outcome="released")
    writing(db, requests.request_run, second.run_id, "resume")
    assert [reading(db, runs.get, run_id).alone for run_id in (first.run_id, second.run_id)] == [False, False]
    assert len(pack(db, 2)) == 2


def test_a_retry_may_be_packed_though_the_run_before_went_alone(db: Database) -> None:
    submit(db, *seeds(2))
    _, second = pack(db, 2)
    reported_lost(db, second)
    writing(db, requests.request_run, second.run_id, "cancel")
    fresh = writing(db, requests.request_run, second.run_id, "retry")
    assert (fresh.retry_of, fresh.alone) == (second.run_id, False)
