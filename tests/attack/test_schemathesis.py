"""Schemathesis over the whole OpenAPI document: no 5xx, every answer as documented, however requests follow each other.

Every operation is asked by itself, with what the document allows and with what it does not; then requests follow each
other, and the ids that answers carry go into those that come after. Event streams have a test of their own, as most of
them do not end: the head of the answer is checked, and all of it where the stream must end.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response

from store import keys
from store.database.engine import Database
from tests.api.service import Running, running, train
from tests.api.test_security import bearer
from tests.attack.tally import Tally
from tests.attack.workflow import CHECKS, PARTS, STREAM_CHECKS, document, opened, workflow
from tests.grids import campaign

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

STREAMS = r"/events$"
TIMEOUT = 60
EXAMPLES = {GenerationMode.POSITIVE: 28, GenerationMode.NEGATIVE: 12}
"""Cases of an operation, allowed and not."""
FEW, MANY = {"sqlite": 500, "postgresql": 300}, {"sqlite": 1700, "postgresql": 600}
"""Requests that follow each other, at least; many reach every operation."""
SCENARIOS, STEPS = 3, 40
"""Scenarios of a batch, requests of a scenario."""
Known = list[dict[str, str]]


def quiet(examples: int, **more: Any) -> settings:
    """The same cases every time, none of them sought for or kept."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        **more,
    )


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a job that has run and one that waits."""
    folder = tmp_path_factory.mktemp("attacked")
    database = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    database.migrate()
    with running(database, folder, requests_per_minute=0) as service:
        service.submit()
        train(database)
        service.submit()
        # Cases make and revoke keys: without one from the start the first to be made would lock all others out.
        service.http.headers.update(bearer(keys.create(database, name="attacker")[1]))
        yield service
    database.dispose()


def identifiers(attacked: Running) -> Known:
    """Path parameters that exist: those of the job that waits, of the one that has run."""
    known = []
    for job in (each["id"] for each in attacked.http.get("/v1/jobs").json()["items"]):
        run = attacked.http.get(f"/v1/jobs/{job}").json()["runs"][0]["id"]
        kept = attacked.http.get(f"/v1/runs/{run}/checkpoints").json()["items"]
        checkpoint = kept[-1]["id"] if kept else "c_none"
        known.append({"job_id": job, "run_id": run, "name": "digits", "theorem": "2", "checkpoint_id": checkpoint})
    return known


def attack(operation: Any, known: Known, ask: Callable[[Any, dict[str, str]], None]) -> None:
    """Ask an operation's cases, some with path parameters that exist."""
    for mode, examples in EXAMPLES.items():

        @quiet(examples)
        @given(case=operation.as_strategy(generation_mode=mode), real=st.sampled_from([{}, *known]))
        def attacks(case: Any, real: dict[str, str]) -> None:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = real.get(name, case.path_parameters[name])
            ask(case, real)

        try:
            attacks()
        except Unsatisfiable:  # what takes nothing cannot be asked wrongly
            assert mode is GenerationMode.NEGATIVE


def test_every_answer_is_as_documented(attacked: Running) -> None:
    headers = {"Authorization": attacked.http.headers["Authorization"]}
    tally, known = Tally(), identifiers(attacked)

    def ask(case: Any, real: dict[str, str]) -> None:
        try:
            answer = case.call(timeout=TIMEOUT, headers=headers)
            tally.statuses[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            tally.complain(case, group)

    operations = [each.ok() for each in document(attacked).exclude(path_regex=STREAMS).get_all_operations()]
    assert len(operations) > 30
    for operation in operations:
        attack(operation, known if operation.method.lower() != "delete" else [], ask)
    tally.refuse_complaints()
    assert sum(tally.statuses.values()) >= 1200
    assert {200, 201, 202, 404, 422} <= set(tally.statuses), tally.statuses


def test_event_streams_are_as_documented(attacked: Running) -> None:
    headers = {"Authorization": attacked.http.headers["Authorization"]}
    tally, ended = Tally(), identifiers(attacked)[-1:]
    whole = Counter[str]()

    def ask(case: Any, real: dict[str, str]) -> None:
        selected = [name for name in ("job", "run") if name in (case.query or {})]
        for name in selected:
            case.query[name] = real.get(f"{name}_id", case.query[name])
        must_end = bool(real) and bool(selected or case.path_parameters)
        answer: Response = opened(case, headers=headers, timeout=TIMEOUT, whole=must_end)
        tally.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=STREAM_CHECKS)
        except FailureGroup as group:
            tally.complain(case, group)
        if must_end and answer.status_code == 200:
            whole[case.operation.path] += 1
            assert b"event: end" in answer.content

    operations = [each.ok() for each in document(attacked).include(path_regex=STREAMS).get_all_operations()]
    for operation in operations:
        attack(operation, ended, ask)
    tally.refuse_complaints()
    assert {operation.path for operation in operations} == set(whole)
    assert sum(tally.statuses.values()) >= 100
    assert {200, 404, 422} <= set(tally.statuses), tally.statuses


@pytest.mark.parametrize("requests", [FEW, campaign(MANY)], ids=["few", "many"])
def test_requests_that_follow_each_other_are_answered_as_documented(
    db: Database, tmp_path: Path, requests: dict[str, int]
) -> None:
    tally, wanted = Tally(), requests[db.engine.dialect.name]
    with running(db, tmp_path, requests_per_minute=0) as service:
        key, secret = keys.create(db, name="attacker")
        service.http.headers.update(bearer(secret))
        machines = [workflow(service, tally, own_key=key.id, paths=paths) for paths in PARTS.values()]
        for number, machine in enumerate(30 * machines):
            if sum(tally.statuses.values()) < wanted:
                follow(machine, number)
        labels = [each.ok().label for each in document(service).get_all_operations()]
    tally.refuse_complaints()
    assert sum(tally.statuses.values()) >= wanted
    assert tally.with_real_ids() >= wanted / 3, tally.chained
    assert {200, 201, 202, 204, 404, 409, 422} <= set(tally.statuses), tally.statuses
    carried_out = tally.carried_out()
    assert carried_out["DELETE /v1/jobs/{job_id}"]
    if db.is_sqlite and requests is MANY:
        assert not [each for each in labels if "{" in each and "theory" not in each and not carried_out[each]]


def follow(machine: Any, number: int) -> None:
    """Run a batch of scenarios.

    Where an answer depends on the moment, Hypothesis finds that its scenarios cannot be repeated and ends the batch;
    what was asked until then is checked and counted.
    """
    try:
        seed(number)(machine).run(settings=quiet(SCENARIOS, stateful_step_count=STEPS))
    except FlakyStrategyDefinition:
        return
