"""`lpl serve` as people start it: API, bundled broker and one worker on SQLite, and what becomes of its runs."""

import hashlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.processes import Service, frozen_halfway, gone, serving, trainer_of

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]
LONG: dict[str, Any] = {"epochs": 50, "checkpoints": {"every_epochs": 2}}
ENDLESS: dict[str, Any] = {"epochs": 100_000, "checkpoints": {"every_epochs": 100_000}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests that leave it standing."""
    with serving(tmp_path_factory.mktemp("embedded") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed(service: Service) -> dict[str, Any]:
    """The results of a long run that nothing happens to."""
    (run_id,) = service.submit(**LONG)
    service.succeeded(run_id)
    return service.results(run_id)


def test_a_job_from_submission_to_checkpoint(service: Service) -> None:
    (run_id,) = service.submit()
    run = service.succeeded(run_id)
    assert (run["epoch"], run["progress"], run["attempt"]) == (2, 1.0, 1)
    metrics = service.get(f"/v1/runs/{run_id}/metrics")["metrics"]
    assert metrics["test/top1_error"]["epoch"] == [1, 2]
    assert all(0 <= value <= 1 for value in metrics["test/top1_error"]["value"])
    variations = service.get(f"/v1/runs/{run_id}/loss-variations")
    assert len(variations["relative_loss_variation"][-1]) == len(variations["classes"]) == 10
    last = service.get(f"/v1/runs/{run_id}/checkpoints")["items"][-1]
    content = service.http.get(f"/v1/checkpoints/{last['id']}/content").content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (last["size_bytes"], last["sha256"])


@pytest.mark.campaign
def test_two_runs_of_a_spec_are_byte_identical(service: Service) -> None:
    first, second = service.submit()[0], service.submit()[0]
    service.succeeded(first)
    service.succeeded(second)
    assert service.results(first) == service.results(second)


def test_cancel_ends_a_run_and_keeps_what_it_had(service: Service) -> None:
    (run_id,) = service.submit(**ENDLESS)
    service.run_once(run_id, lambda run: run["epoch"] >= 1)
    trainer = trainer_of(service, run_id)
    service.ask(run_id, "cancel")
    service.ask(run_id, "cancel")
    assert service.ended(run_id)["state"] == "cancelled"
    gone([trainer], timeout=10)
    assert service.get(f"/v1/runs/{run_id}/metrics")["metrics"]["test/top1_error"]["epoch"]


def test_a_killed_trainer_is_replaced_with_the_same_result(service: Service, undisturbed: dict[str, Any]) -> None:
    (run_id,) = service.submit(**LONG)
    os.kill(frozen_halfway(service, run_id), signal.SIGKILL)
    assert service.succeeded(run_id)["attempt"] == 2
    assert service.results(run_id) == undisturbed


def test_a_table_with_a_rare_class_is_an_experiment_by_its_name_alone(service: Service) -> None:
    folder = service.data_dir / "datasets"
    folder.mkdir(exist_ok=True)
    rows = [f"{index * 37 % 101},{'BR' if index % 50 == 7 else 'CH'},{int(index % 50 == 7)}" for index in range(1000)]
    (folder / "fraud.csv").write_text("\n".join(["amount,country,fraud", *rows]))
    made = service.http.post("/v1/datasets", json={"name": "fraud", "path": "fraud.csv", "target": "fraud"})
    assert (made.status_code, made.json()["class_counts"]) == (201, [784, 16]), made.text
    job = service.http.post("/v1/jobs", json={"dataset": "fraud", "epochs": 2})
    assert job.status_code == 201, job.text
    for run in job.json()["runs"]:  # of the three methods that are compared
        service.succeeded(run["id"])
        assert service.get(f"/v1/runs/{run['id']}/metrics")["metrics"]["test/balanced_accuracy"]["epoch"] == [1, 2]
