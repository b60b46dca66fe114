"""A job trains on the data that it was submitted with, or not at all."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from store.database.engine import Database
from store.lifecycle import runs
from tests.api.service import SPEC, Running, claim, running, train
from tests.grids import every
from tests.store.databases import reading


def register(service: Running, *, shift: int = 0) -> str:
    """Register a data set `swap` of two classes; its hash."""
    labels = np.repeat([0, 1], [20, 12])
    x = np.arange(32, dtype=np.float32).reshape(32, 1) + shift
    np.savez(service.settings.datasets_dir / f"swap{shift}.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    made = service.http.post("/v1/datasets", json={"name": "swap", "path": f"swap{shift}.npz"})
    assert made.status_code == 201, made.text
    return str(made.json()["sha256"])


def half_cancelled(service: Running) -> tuple[str, str]:
    """(job, run that was cancelled) of a job on `swap` whose other seed has succeeded."""
    body = {**SPEC, "dataset": "swap", "method": "cross_entropy", "seeds": [0, 1], "batch_size": 8}
    job = service.http.post("/v1/jobs", json=body).json()
    train(service.db)
    cancelled = [
        run["id"] for run in service.http.get(f"/v1/jobs/{job['id']}").json()["runs"] if run["state"] == "queued"
    ]
    assert service.http.delete("/v1/datasets/swap").status_code == 409
    assert service.http.post(f"/v1/runs/{cancelled[0]}/cancel").status_code == 202
    return job["id"], cancelled[0]


@pytest.mark.parametrize("path", every(2, ["/v1/jobs/{job}/retry", "/v1/runs/{run}/retry"]))
def test_a_retry_on_changed_data_is_refused_and_names_both_hashes(db: Database, tmp_path: Path, path: str) -> None:
    with running(db, tmp_path) as service:
        before = register(service)
        job, run = half_cancelled(service)
        assert service.http.delete("/v1/datasets/swap").status_code == 204
        gone = service.http.post(path.format(job=job, run=run))
        assert (gone.status_code, before in gone.json()["detail"]) == (409, True)
        after = register(service, shift=5)
        answer = service.http.post(path.format(job=job, run=run))
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert before in answer.json()["detail"]
        assert after in answer.json()["detail"]
        shown = service.http.get(f"/v1/jobs/{job}").json()
        assert (shown["state"], shown["runs_total"]) == ("cancelled", 2)
        # The same content under the same name is the same data.
        assert service.http.delete("/v1/datasets/swap").status_code == 204
        assert register(service) == before
        assert service.http.post(path.format(job=job, run=run)).status_code == 202
        train(db)
        assert service.http.get(f"/v1/jobs/{job}").json()["state"] == "succeeded"


def test_a_waiting_run_whose_data_have_changed_fails_as_such_and_the_next_one_is_taken(
    db: Database, tmp_path: Path
) -> None:
    with running(db, tmp_path) as service:
        before = register(service)
        body = {**SPEC, "dataset": "swap", "method": "cross_entropy", "batch_size": 8}
        job = service.http.post("/v1/jobs", json=body).json()
        other = service.submit()
        # As where a data set is deleted and another registered while the job is being submitted.
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE datasets SET sha256 = :other WHERE name = 'swap'"), {"other": "f" * 64})
        assert claim(db).job_id == other["id"]
        (run,) = service.http.get(f"/v1/jobs/{job['id']}").json()["runs"]
        assert (run["state"], run["reason"]) == ("failed", "data_changed")
        assert before in run["message"]
        assert "f" * 64 in run["message"]
        assert run["finished_at"] is not None
        stream = service.http.get(f"/v1/jobs/{job['id']}/events").text
        assert stream.count("event: end") == 1


def test_a_job_of_version_0_1_0_goes_on_without_a_hash(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        register(service)
        job, _ = half_cancelled(service)
        service.http.delete("/v1/datasets/swap")
        register(service, shift=5)
    db.downgrade("0003")
    db.migrate()
    with running(db, tmp_path) as service:
        assert service.http.post(f"/v1/jobs/{job}/retry").status_code == 202
        assert reading(db, runs.get, claim(db).run_id).job_id == job
