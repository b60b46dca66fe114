"""Schemathesis over the whole OpenAPI document: no 5xx, every answer as documented."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from store import keys
from store.database import Database
from tests.api.service import Running, running, train
from tests.api.test_security import bearer

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
STREAMS = r"/events$"
"""Event streams do not end; they have tests of their own."""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a job that has run."""
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


@pytest.fixture(scope="module")
def document(attacked: Running) -> Any:
    """The service's OpenAPI document."""
    document = schemathesis.openapi.from_url(f"{attacked.url}/openapi.json", headers=dict(attacked.http.headers))
    return document.exclude(path_regex=STREAMS)


QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def identifiers(attacked: Running) -> list[dict[str, str]]:
    """Path parameters that exist, none of them, or those of a job: the one that has run, the one that waits."""
    known: list[dict[str, str]] = [{}]
    for job in (each["id"] for each in attacked.http.get("/v1/jobs").json()["items"]):
        run = attacked.http.get(f"/v1/jobs/{job}").json()["runs"][0]["id"]
        kept = attacked.http.get(f"/v1/runs/{run}/checkpoints").json()["items"]
        checkpoint = kept[-1]["id"] if kept else "c_none"
        known.append({"job_id": job, "run_id": run, "name": "digits", "theorem": "2", "checkpoint_id": checkpoint})
    return known


def complaints(
    operation: Any, headers: dict[str, str], known: list[dict[str, str]], statuses: Counter[int]
) -> list[str]:
    """What is wrong with the answers to one operation's cases; the first of every kind. Answers are counted."""
    found: dict[str, str] = {}
    safe = operation.method.lower() != "delete"

    @QUIET
    @given(case=operation.as_strategy(), real=st.sampled_from(known if safe else [{}]))
    def attack(case: Any, real: dict[str, str]) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = real.get(name, case.path_parameters[name])
        try:
            statuses[case.call_and_validate(checks=CHECKS, timeout=30, headers=headers).status_code] += 1
        except FailureGroup as group:
            for failure in group.exceptions:
                found.setdefault(f"{operation.label}: {failure.title}", f"{failure}\n{case.as_curl_command()[:600]}")

    attack()
    return [f"{title}\n{details}" for title, details in found.items()]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_answer_is_as_documented(attacked: Running, document: Any) -> None:
    headers = {"Authorization": attacked.http.headers["Authorization"]}
    operations = [result.ok() for result in document.get_all_operations()]
    assert len(operations) > 30
    statuses, known = Counter[int](), identifiers(attacked)
    found = [complaint for operation in operations for complaint in complaints(operation, headers, known, statuses)]
    assert not found, "\n\n".join(found)
    assert sum(statuses.values()) > 1500
    assert {200, 201, 202, 404, 422} <= set(statuses), statuses
