"""The table of transitions: what holds for every line of it, and that its drawing is current."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from store.database.engine import Database
from store.database.tables import RunRow
from store.errors import Conflict
from store.lifecycle import drawing, requests, runs
from store.lifecycle.states import ENDED, OPEN, Action, Outcome, Reason, Request, State
from store.lifecycle.table import ENTERING, TABLE, Step, Transition, Trigger, following
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import claim, submit

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
ENDS_OF_ATTEMPTS = (
    Step.BATCH_HALVED,
    Step.LOST,
    Step.LOST_TOO_OFTEN,
    Step.LOST_PACKED,
    Step.OUT_OF_MEMORY_PACKED,
)
CHANGES = [transition for transition in TABLE.values() if transition is not None]


def run(state: State, requested: Request | None = None) -> Any:
    return RunRow(id="r_1", state=state, requested=requested)


def test_the_page_shows_the_table_as_it_is() -> None:
    """Else run `python -m store.lifecycle.drawing docs/lifecycle.md`."""
    assert PAGE.read_text() == drawing.renewed(PAGE.read_text())


def test_what_has_ended_never_changes() -> None:
    assert not [key for key, transition in TABLE.items() if key[0] in ENDED and transition is not None]


@pytest.mark.parametrize("requested", [None, *Request])
@pytest.mark.parametrize("trigger", [*Outcome, *ENDS_OF_ATTEMPTS])
def test_an_attempt_can_end_in_every_way_whatever_is_requested(trigger: Trigger, requested: Request | None) -> None:
    transition = following(run(State.RUNNING, requested), trigger)
    assert transition is not None
    assert transition.state != State.RUNNING
    assert transition.state in ENDED or requested != Request.CANCEL
    assert "message" in transition.brought


def test_only_a_running_run_has_a_request_or_a_lease() -> None:
    for transition in CHANGES:
        if transition.state != State.RUNNING:
            assert transition.requested is None
            assert ENTERING[transition.state]["lease_expires_at"] is None


def test_a_run_fails_or_is_cancelled_with_a_reason() -> None:
    for transition in CHANGES:
        if transition.state in (State.FAILED, State.CANCELLED):
            assert isinstance(transition.columns.get("reason"), Reason) or "reason" in transition.brought


def test_every_column_of_the_table_is_one_of_a_run() -> None:
    columns = {column.key for column in RunRow.__table__.columns}
    for transition in CHANGES:
        assert {*transition.columns, *transition.brought, *ENTERING[transition.state]} <= columns


@pytest.mark.parametrize("state", State)
def test_a_state_allows_what_a_user_asks_or_refuses_it_with_both_names(state: State) -> None:
    for action in (Action.CANCEL, Action.PAUSE, Action.RESUME):
        if state in OPEN or (state, action) == (State.CANCELLED, Action.CANCEL):
            assert isinstance(following(run(state), action), Transition | None)
        else:
            with pytest.raises(Conflict, match=f"run r_1 is {state}: it cannot {action}"):
                following(run(state), action)


def test_a_cancel_that_is_under_way_cannot_be_taken_back() -> None:
    with pytest.raises(Conflict, match="run r_1 is running and about to cancel: it cannot resume"):
        following(run(State.RUNNING, Request.CANCEL), Action.RESUME)


def test_an_update_finds_the_runs_by_their_ids_and_not_through_the_queue(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL reads a small table whole")
    job = submit(db, 3)
    asked: list[str] = []
    connection = db.engine.raw_connection()
    connection.driver_connection.set_trace_callback(asked.append)  # type: ignore[union-attr]
    connection.close()
    writing(db, requests.request_job, job.id, "pause")
    (update,) = (each for each in asked if each.startswith("UPDATE runs"))
    with db.read() as session:
        plan = [row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {update}"))]
    assert plan[0] == "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)"


def test_a_request_of_a_job_takes_few_statements_however_many_runs_it_has(db: Database) -> None:
    job = submit(db, 1001)
    held = claim(db)
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert writing(db, requests.request_job, job.id, "pause").run_states == {"paused": 1000, "running": 1}
    assert len([each for each in statements if each.startswith("UPDATE")]) == 2 + 1 + 1  # waiting, running, the job
    assert len(statements) < 25
    assert reading(db, runs.get, held.run_id).requested == "pause"
