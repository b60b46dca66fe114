"""The queue as it is shown: in the order in which workers take its runs, and why each waits."""

from typing import Any

import pytest
from sqlalchemy import text

from store import jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.lifecycle import claims
from store.lifecycle.turns import AGEING_SECONDS
from store.lifecycle.waiting_line import Waiting, waiting_line
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import SPEC


def submit(db: Database, owner: str, *, number: int = 1, **changes: Any) -> str:
    spec = {**SPEC, **changes}
    new = [NewRun(seed=seed, point={}, spec=spec, epochs=1) for seed in range(number)]
    return writing(db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl", owner=owner)).job.id


def shown(db: Database, kinds: tuple[str, ...] = ("cpu",), **options: Any) -> list[Waiting]:
    return reading(db, waiting_line, kinds=kinds, **options)


def taken(db: Database) -> list[str]:
    """The runs as a worker takes them."""
    order = []
    while (held := claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)) is not None:
        order.append(held.run_id)
        writing(db, claims.finish, held, outcome="succeeded")
    return order


def test_the_order_that_is_shown_is_the_one_in_which_runs_are_taken(db: Database) -> None:
    submit(db, "a", number=4)
    submit(db, "b", number=2, priority=7)
    submit(db, "c", number=3)
    submit(db, "a", priority=9)
    submit(db, "", priority=0)
    first = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
    assert first is not None
    db.write(lambda session: session.execute(text("UPDATE runs SET created_at = created_at - 9000 WHERE owner = 'c'")))
    line = shown(db)
    assert [each.position for each in line] == list(range(1, 11))
    assert {each.reason for each in line} == {"waits for its turn"}
    assert [each.run for each in line] == taken(db)
    assert shown(db) == []


@pytest.mark.parametrize("waited", [0.0, 3 * AGEING_SECONDS])
def test_a_key_that_waited_is_shown_where_it_stands(db: Database, waited: float) -> None:
    submit(db, "a", number=3, priority=5)
    submit(db, "b", number=3, priority=3)
    change = f"UPDATE runs SET created_at = created_at - {waited}, rank = rank - {waited} WHERE owner = 'b'"
    db.write(lambda session: session.execute(text(change)))
    assert [each.run for each in shown(db)] == taken(db)


def test_what_no_worker_can_take_comes_last_and_says_why(db: Database) -> None:
    submit(db, "a", device="cuda", priority=9, name="on a GPU")
    submit(db, "a", name="anywhere")
    later = submit(db, "a", name="later", priority=9)
    change = f"UPDATE runs SET not_before = created_at + 1000 WHERE job_id = '{later}'"
    db.write(lambda session: session.execute(text(change)))
    line = shown(db)
    assert (line[0].name, line[0].reason, line[0].priority) == ("anywhere", "waits for its turn", 5)
    reasons = {each.name: each.reason for each in line[1:]}
    assert reasons["on a GPU"] == "waits for cuda"
    assert reasons["later"].endswith(" s more")
    assert [each.name for each in shown(db, ("cuda",))][:2] == ["on a GPU", "anywhere"]
    assert {each.reason for each in shown(db, ())} == {"waits for a worker"}
    assert [each.name for each in shown(db, ())] == ["on a GPU", "anywhere", "later"]


def test_a_long_line_is_cut(db: Database) -> None:
    submit(db, "a", number=60)
    submit(db, "b", number=60)
    assert len(shown(db)) == 50
    assert [each.position for each in shown(db, limit=3)] == [1, 2, 3]
