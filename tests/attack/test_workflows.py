"""Schemathesis: requests that follow each other, the ids that answers carry going into those that come after."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import seed
from hypothesis.errors import FlakyStrategyDefinition

from store import keys
from store.database.engine import Database
from tests.api.service import Running, running
from tests.api.test_security import bearer
from tests.attack.tally import Tally
from tests.attack.workflow import PARTS, document, quiet, workflow
from tests.grids import campaign
from tests.store.databases import SQLITE_FIRST, writing

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

FEW, MANY = {"sqlite": 360, "postgresql": 160}, {"sqlite": 1700, "postgresql": 600}
"""Requests that follow each other, at least; of many there are as many more as it takes to reach every operation."""
NEED_WEIGHTS = {"GET /v1/runs/{run_id}/export", "POST /v1/runs/{run_id}/predict"}
"""Operations that are refused here, since the runs' checkpoints hold no network."""
NEED_WORKERS = {"POST /v1/workers/{worker_id}/drain", "POST /v1/workers/{worker_id}/resume"}
"""Operations on what is not there: no worker registers here."""
BATCHES = 24
"""Batches of each part, at most."""
SCENARIOS, STEPS = 2, 40
"""Scenarios of a batch, requests of a scenario."""


@SQLITE_FIRST
@pytest.mark.parametrize("requests", [FEW, campaign(MANY)], ids=["few", "many"])
def test_requests_that_follow_each_other_are_answered_as_documented(
    db: Database, tmp_path: Path, requests: dict[str, int]
) -> None:
    tally, wanted = Tally(), requests[db.engine.dialect.name]
    everything = db.is_sqlite and requests is MANY
    with running(db, tmp_path, requests_per_minute=0, webhook_allow=["127.0.0.0/8"]) as service:
        key, secret = writing(db, keys.create, name="attacker")
        service.http.headers.update(bearer(secret))
        chained = on_resources(service) if everything else {}
        machines = {paths: workflow(service, tally, own_key=key.id, paths=paths) for paths in PARTS.values()}
        for number, (paths, machine) in enumerate(BATCHES * list(machines.items())):
            lacking = any(re.search(paths, path) for label, path in chained.items() if not tally.carried_out()[label])
            if lacking or sum(tally.statuses.values()) < wanted:
                follow(machine, number)
    tally.refuse_complaints()
    assert sum(tally.statuses.values()) >= wanted
    assert tally.with_real_ids() >= wanted / 3, tally.chained
    assert {200, 201, 202, 204, 404, 409, 422} <= set(tally.statuses), tally.statuses
    carried_out = tally.carried_out()
    assert carried_out["DELETE /v1/jobs/{job_id}"]
    assert not [label for label in chained if not carried_out[label]]


def on_resources(service: Running) -> dict[str, str]:
    """Operations on what others have made, with their paths."""
    found = [each.ok() for each in document(service).get_all_operations()]
    resources = {each.label: each.path for each in found if "{" in each.path and "theory" not in each.path}
    return {label: path for label, path in resources.items() if label not in NEED_WEIGHTS | NEED_WORKERS}


def follow(machine: Any, number: int) -> None:
    """Run a batch of scenarios.

    Where an answer depends on the moment, Hypothesis finds that its scenarios cannot be repeated and ends the batch;
    what was asked until then is checked and counted.
    """
    try:
        seed(number)(machine).run(settings=quiet(SCENARIOS, stateful_step_count=STEPS))
    except FlakyStrategyDefinition:
        return
