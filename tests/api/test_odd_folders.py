"""A data directory whose own name is not UTF-8."""

import os
from pathlib import Path

import numpy as np

from tests.api.service import SPEC, running_alone
from tests.store.databases import claimed


def test_a_data_directory_whose_name_is_not_utf8_serves_and_trains(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff"))
    (folder / "datasets").mkdir(parents=True)
    x, y = np.zeros((60, 4), "f4"), np.arange(60) % 3
    np.savez(folder / "datasets" / "x.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    with running_alone(folder) as service:
        made = service.http.post("/v1/datasets", json={"name": "x", "path": "x.npz"})
        assert (made.status_code, made.json()["available"]) == (201, True)
        for path in ("/v1/datasets", "/v1/datasets/x", "/v1/datasets/cifar10", "/v1/catalog", "/v1/jobs"):
            assert service.http.get(path).status_code == 200, path
        spec = {**SPEC, "dataset": "x", "batch_size": 10}
        assert service.http.post("/v1/jobs/validate", json=spec).status_code == 200
        assert service.http.post("/v1/jobs", json=spec).status_code == 201
        held = claimed(service.db, worker_id="w_1", device="cpu", lease_seconds=60)
        assert held is not None
        assert Path(held.datasets[0]["path"]) == folder / "datasets" / "x.npz"
