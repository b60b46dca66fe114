"""A service trains the short version: what it has is not sent again, what has ended is written once."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.evidence import records
from benchmarks.evidence.service import COLLECTED, collect, experiments, submit
from client import Client
from tests.api.service import running_alone
from tests.api.trained import train_next


def test_jobs_are_sent_once_and_results_written_once(tmp_path: Path) -> None:
    images, labels = np.zeros((130, 3, 32, 32), dtype=np.uint8), np.arange(130) % 10
    np.savez(tmp_path / "cifar10_lt_100.npz", x_train=images, y_train=labels, x_test=images[:10], y_test=labels[:10])
    results = tmp_path / "results"
    with running_alone(tmp_path) as service, Client(service.url) as client:
        service.submit(name="lpl seed 3", tags=["evidence"], epochs=2, seeds=[3], model={"name": "mlp"})
        service.submit(name="lpl seed 4", tags=["evidence"], epochs=2, seeds=[4], model={"name": "mlp"})
        assert collect(client, results) == 0
        run = train_next(service.db, tmp_path)
        assert collect(client, results) == 1
        written = (results / COLLECTED).read_bytes()
        assert collect(client, results) == 0
        assert (results / COLLECTED).read_bytes() == written

        (record,) = records.read_all(results).values()
        assert record.key == ("digits", 2, "lpl", 3)
        assert record.metrics[records.ERROR] == round(client.metrics(run)[records.ERROR].value[-1] or 0, 6)
        variations = client.loss_variations(run).relative_loss_variation or []
        assert record.loss_variation == records.rounded(variations[-1])
        assert len(record.class_accuracy) == len(record.class_counts) == 10

        records.add(results / COLLECTED, [replace(record, method="la_lpl", seed=1)])  # of another service
        wanted = len(list(experiments())) - 1
        assert submit(client, tmp_path, results) == wanted
        assert submit(client, tmp_path, results) == 0
        names = {job.name for tag in ("evidence", "evidence-lpl") for job in client.list_jobs(tag=tag).items}
        assert len(names) == wanted + 2
