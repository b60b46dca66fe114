"""What was uploaded trains by its name alone, at a real worker, and is not deleted meanwhile."""

from pathlib import Path

import pytest

from tests.api.archives import FOLDERS, LABELLED, npz, send, tarred, zipped
from tests.service.processes import serving

pytestmark = [pytest.mark.slow, pytest.mark.campaign, pytest.mark.timeout(400)]

UPLOADS = {"arrays": npz(), "folders": zipped(FOLDERS), "labelled": tarred(LABELLED, "gz")}


def test_uploaded_data_sets_train_by_their_names(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        runs = dict[str, list[str]]()
        for name, content in UPLOADS.items():
            assert send(service.http, name, content).status_code == 201
            spec = {"dataset": name, "epochs": 1, "model": "mlp"}
            job = service.http.post("/v1/jobs", json=spec)
            assert job.status_code == 201, job.text
            runs[name] = [run["id"] for run in job.json()["runs"]]
            assert len(runs[name]) == 3
        for name in UPLOADS:
            for run in runs[name]:
                service.succeeded(run)
            assert service.http.delete(f"/v1/datasets/{name}").status_code == 204
        assert [each.name for each in (tmp_path / "data" / "datasets" / "uploads").iterdir()] == [".incoming"]
