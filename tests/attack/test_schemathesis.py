"""Schemathesis over the whole OpenAPI document: no 5xx, every answer as documented.

Every operation is asked by itself, with what the document allows and with what it does not (requests that follow each
other: test_workflows.py). Event streams have a test of their own, as most of them do not end: the head of the answer is
checked, and all of it where the stream must end.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response

from store import keys
from store.database.engine import Database
from tests.api.service import Running, running, train
from tests.api.test_security import bearer
from tests.attack.tally import Tally
from tests.attack.workflow import CHECKS, STREAM_CHECKS, document, opened, quiet
from tests.grids import campaign
from tests.store.databases import writing

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

STREAMS = r"/events$"
TIMEOUT = 60
Examples = dict[GenerationMode, int]
"""Cases of an operation, allowed and not."""
FEW: Examples = {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 2}
MANY: Examples = {GenerationMode.POSITIVE: 28, GenerationMode.NEGATIVE: 12}
Known = list[dict[str, str]]


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
        service.http.headers.update(bearer(writing(database, keys.create, name="attacker")[1]))
        yield service
    database.dispose()


def identifiers(attacked: Running) -> Known:
    """Path parameters that exist, newest jobs first: the one that has run is last, also where it was archived."""
    known = []
    lists = [attacked.http.get("/v1/jobs", params={"archived": archived}).json()["items"] for archived in (False, True)]
    for job in sorted((each["id"] for each in chain(*lists)), reverse=True):
        run = attacked.http.get(f"/v1/jobs/{job}").json()["runs"][0]["id"]
        kept = attacked.http.get(f"/v1/runs/{run}/checkpoints").json()["items"]
        checkpoint = kept[-1]["id"] if kept else "c_none"
        known.append({"job_id": job, "run_id": run, "name": "digits", "theorem": "2", "checkpoint_id": checkpoint})
    return known


def attack(operation: Any, examples: Examples, known: Known, ask: Callable[[Any, dict[str, str]], None]) -> None:
    """Ask an operation's cases, some with path parameters that exist."""
    for mode, count in examples.items():

        @quiet(count)
        @given(case=operation.as_strategy(generation_mode=mode), real=st.sampled_from([{}, *known]))
        def attacks(case: Any, real: dict[str, str]) -> None:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = real.get(name, case.path_parameters[name])
            ask(case, real)

        try:
            attacks()
        except Unsatisfiable:  # what takes nothing cannot be asked wrongly
            assert mode is GenerationMode.NEGATIVE


@pytest.mark.parametrize("examples", [FEW, campaign(MANY)], ids=["few", "many"])
def test_every_answer_is_as_documented(attacked: Running, examples: Examples) -> None:
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
        attack(operation, examples, known if operation.method.lower() != "delete" else [], ask)
    tally.refuse_complaints()
    assert sum(tally.statuses.values()) >= 3 * len(operations)
    assert {200, 201, 202, 404, 422} <= set(tally.statuses), tally.statuses


def test_event_streams_are_as_documented(attacked: Running) -> None:
    headers = {"Authorization": attacked.http.headers["Authorization"]}
    tally, ended = Tally(), identifiers(attacked)[-1:]
    attacked.http.post(f"/v1/jobs/{ended[0]['job_id']}/cancel")  # it may have got more seeds
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
        attack(operation, MANY, ended, ask)
    tally.refuse_complaints()
    assert {operation.path for operation in operations} == set(whole)
    assert sum(tally.statuses.values()) >= 100
    assert {200, 404, 422} <= set(tally.statuses), tally.statuses
