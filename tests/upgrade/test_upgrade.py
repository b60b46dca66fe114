"""Version 0.1.0's data directory and database under this version: everything goes on to its end."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lplcore import checkpoint
from tests.service.processes import QUICK, Process, Service, serving
from tests.store.databases import fresh_postgres
from tests.upgrade.make_fixture import CLUSTERS, DATA_DIR, ON_CLUSTERS
from tests.upgrade.version_0_1_0 import move_datasets, noted, read_json, restore, unpack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Upgraded:
    """A service on what version 0.1.0 left, and what that answered."""

    service: Service
    expected: dict[str, Any]

    def jobs(self, kind: str) -> list[dict[str, Any]]:
        """Jobs that were finished, paused or queued."""
        return list(self.expected[kind].values())

    def results(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(id, what it had measured and kept) of every run that was finished or paused."""
        for job in self.jobs(kind):
            yield from job["results"].items()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The data of version 0.1.0 on either database, migrated and served."""
    folder = unpack(request.param, tmp_path_factory.mktemp("version-0.1.0"))
    expected, data_dir = read_json(folder / "expected.json"), folder / DATA_DIR
    environment: dict[str, str] = {}
    with contextlib.ExitStack() as ending:
        url = f"sqlite:///{data_dir / 'lpl.sqlite3'}"
        if request.param == "postgres":
            url = ending.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))
            restore(folder / "database.sql", url)
            environment["LPL_DATABASE_URL"] = url
        upgrade(folder, environment)
        move_datasets(url, expected["data_dir"], data_dir)
        yield Upgraded(ending.enter_context(serving(data_dir, **environment)), expected)


def upgrade(folder: Path, environment: dict[str, str]) -> None:
    """`lpl db upgrade`."""
    given = {**QUICK, "LPL_DATA_DIR": str(folder / DATA_DIR), **environment}
    process = Process(["db", "upgrade"], log_path=folder / "upgrade.log", environment=given)
    assert process.wait() == 0, process.output


def test_finished_jobs_answer_what_they_did(upgraded: Upgraded) -> None:
    service = upgraded.service
    for job in upgraded.jobs("finished"):
        found = service.get(f"/v1/jobs/{job['job']}")
        assert found["state"] == "succeeded"
        assert_holds(found["summary"], job["summary"])
    for run_id, results in upgraded.results("finished"):
        assert_holds(service.get(f"/v1/runs/{run_id}/metrics")["metrics"], results["metrics"])
        assert_holds(service.get(f"/v1/runs/{run_id}/loss-variations"), results["variations"])


def test_checkpoints_of_finished_jobs_download_as_they_were(upgraded: Upgraded) -> None:
    for run_id, results in upgraded.results("finished"):
        kept = upgraded.service.get(f"/v1/runs/{run_id}/checkpoints")["items"]
        assert [each["sha256"] for each in kept] == [each["sha256"] for each in results["checkpoints"]]
        for each in results["checkpoints"]:
            content = upgraded.service.http.get(f"/v1/checkpoints/{each['id']}/content").content
            assert hashlib.sha256(content).hexdigest() == each["sha256"]


def test_queued_jobs_succeed(upgraded: Upgraded) -> None:
    for job in upgraded.jobs("queued"):
        for run_id in job["runs"]:
            assert upgraded.service.succeeded(run_id)["attempt"] == 1
        assert upgraded.service.get(f"/v1/jobs/{job['job']}")["state"] == "succeeded"


def test_paused_runs_go_on_from_their_checkpoints(upgraded: Upgraded, tmp_path: Path) -> None:
    service = upgraded.service
    for run_id, results in upgraded.results("paused"):
        assert service.get(f"/v1/runs/{run_id}")["state"] == "paused"
        (kept,) = service.get(f"/v1/runs/{run_id}/checkpoints")["items"]
        assert (kept["step"] > 0, kept["sha256"]) == (True, results["checkpoints"][-1]["sha256"])
        service.ask(run_id, "resume")
    for job in upgraded.jobs("paused"):
        for run_id, results in job["results"].items():
            run = service.succeeded(run_id)
            assert (run["attempt"], run["epoch"]) == (2, job["epochs"])
            metrics = service.get(f"/v1/runs/{run_id}/metrics")["metrics"]
            assert metrics["train/loss"]["epoch"] == list(range(1, job["epochs"] + 1))
            # The epochs before are those that were measured then, times included: nothing was trained again.
            assert_holds({name: beginning(curve, results) for name, curve in metrics.items()}, results["metrics"])
            assert says_what_changed(service, run) or not numbers_draws(service, run_id, folder=tmp_path)


def beginning(curve: dict[str, list[Any]], results: dict[str, Any]) -> dict[str, list[Any]]:
    """A metric over the epochs that were complete when the run was paused."""
    complete = results["checkpoints"][-1]["epoch"]
    return {name: values[:complete] for name, values in curve.items()}


def says_what_changed(service: Service, run: dict[str, Any]) -> bool:
    """Whether the run says that it goes on with draws other than those it began with."""
    log = service.get(f"/v1/runs/{run['id']}/logs")["items"]
    return noted([*run["notes"], *(line["message"] for line in log)])


def numbers_draws(service: Service, run_id: str, *, folder: Path) -> bool:
    """Whether draws are no longer those of version 0.1.0, whose checkpoints do not say which they are."""
    last = service.get(f"/v1/runs/{run_id}/checkpoints")["items"][-1]
    path = folder / "last.safetensors"
    path.write_bytes(service.http.get(f"/v1/checkpoints/{last['id']}/content").content)
    return "draws" in checkpoint.load(path).metadata


def test_the_registered_data_set_is_usable(upgraded: Upgraded) -> None:
    service, before = upgraded.service, upgraded.expected["dataset"]
    now = service.get(f"/v1/datasets/{CLUSTERS}")
    assert (now["available"], now["sha256"], now["class_counts"]) == (True, before["sha256"], before["class_counts"])
    assert service.http.post("/v1/jobs/validate", json=ON_CLUSTERS).status_code == 200


def assert_holds(now: Any, before: Any) -> None:
    """What was answered before is answered now; fields may have come."""
    if isinstance(before, dict):
        assert before.keys() <= now.keys()
        for name, value in before.items():
            assert_holds(now[name], value)
    elif isinstance(before, list):
        assert len(now) == len(before)
        for value, expected in zip(now, before, strict=True):
            assert_holds(value, expected)
    else:
        assert now == before
