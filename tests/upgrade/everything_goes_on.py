"""What must hold of version 0.1.0's data directory and database under this version: everything goes on to its end."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.service.processes import Service
from tests.upgrade.make_fixture import CLUSTERS, ON_CLUSTERS
from tests.upgrade.version_0_1_0 import noted


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


class EverythingGoesOn:
    """What must hold of version 0.1.0's data; a test class names the kind of database."""

    kind: ClassVar[str]

    def test_finished_jobs_answer_what_they_did(self, upgraded: Upgraded) -> None:
        service = upgraded.service
        for job in upgraded.jobs("finished"):
            found = service.get(f"/v1/jobs/{job['job']}")
            assert found["state"] == "succeeded"
            assert_holds(found["summary"], job["summary"])
        for run_id, results in upgraded.results("finished"):
            assert_holds(service.get(f"/v1/runs/{run_id}/metrics")["metrics"], results["metrics"])
            assert_holds(service.get(f"/v1/runs/{run_id}/loss-variations"), results["variations"])

    def test_checkpoints_of_finished_jobs_download_as_they_were(self, upgraded: Upgraded) -> None:
        for run_id, results in upgraded.results("finished"):
            kept = upgraded.service.get(f"/v1/runs/{run_id}/checkpoints")["items"]
            assert [each["sha256"] for each in kept] == [each["sha256"] for each in results["checkpoints"]]
            for each in results["checkpoints"]:
                content = upgraded.service.http.get(f"/v1/checkpoints/{each['id']}/content").content
                assert hashlib.sha256(content).hexdigest() == each["sha256"]

    def test_queued_jobs_succeed(self, upgraded: Upgraded) -> None:
        for job in upgraded.jobs("queued"):
            for run_id in job["runs"]:
                assert upgraded.service.succeeded(run_id)["attempt"] == 1
            assert upgraded.service.get(f"/v1/jobs/{job['job']}")["state"] == "succeeded"

    def test_paused_runs_go_on_from_their_checkpoints(self, upgraded: Upgraded) -> None:
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
                assert says_what_changed(service, run)

    def test_the_registered_data_set_is_usable(self, upgraded: Upgraded) -> None:
        service, before = upgraded.service, upgraded.expected["dataset"]
        now = service.get(f"/v1/datasets/{CLUSTERS}")
        assert (now["available"], now["sha256"], now["class_counts"]) == (
            True,
            before["sha256"],
            before["class_counts"],
        )
        assert service.http.post("/v1/jobs/validate", json=ON_CLUSTERS).status_code == 200


def beginning(curve: dict[str, list[Any]], results: dict[str, Any]) -> dict[str, list[Any]]:
    """A metric over the epochs that were complete when the run was paused."""
    complete = results["checkpoints"][-1]["epoch"]
    return {name: values[:complete] for name, values in curve.items()}


def says_what_changed(service: Service, run: dict[str, Any]) -> bool:
    """Whether the run says what a mended fault changes in it."""
    log = service.get(f"/v1/runs/{run['id']}/logs")["items"]
    return noted([*run["notes"], *(line["message"] for line in log)])


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
