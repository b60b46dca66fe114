"""A run for a device that no worker has, over HTTP."""

from store import workers
from tests.api.service import Running, claim
from tests.store.databases import writing


def test_a_run_for_a_device_that_no_worker_has_says_so_at_once_and_waits(service: Running) -> None:
    made = writing(service.db, workers.register, hostname="h", pid=1, device="cpu", device_name="CPU", version="1")
    writing(service.db, workers.beat, made)
    job = service.submit(device="cuda", seeds=[0])
    (run,) = job["runs"]
    assert (run["state"], run["message"]) == ("queued", "waits for a cuda worker; present: cpu")
    first = service.http.get(f"/v1/jobs/{job['id']}")
    other = service.submit(seeds=[0])
    assert claim(service.db).job_id == other["id"]
    assert service.http.get(f"/v1/runs/{run['id']}").json()["state"] == "queued"
    changed = service.http.post(f"/v1/runs/{run['id']}/cancel").json()
    assert (changed["state"], changed["message"]) == ("cancelled", None)
    known = {"If-None-Match": first.headers["etag"]}
    assert service.http.get(f"/v1/jobs/{job['id']}", headers=known).status_code == 200
