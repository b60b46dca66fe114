"""Specs that an earlier version stored."""

import io
import json
import threading
from pathlib import Path

import lplcore
from lplcore.training import checkpoint
from worker.train import Member, Pipe, train


def test_a_queued_run_of_version_0_1_0_has_the_subset_that_its_job_had(tmp_path: Path) -> None:
    spec = {"dataset": {"name": "digits", "imbalance_factor": 20}, "method": "cross_entropy", "epochs": 1}
    stored = lplcore.parse_spec(spec).model_dump(mode="json")
    for name in ("subset_seed", "imbalance_order"):
        del stored["dataset"][name]
    payload = {
        "run_id": "r_1",
        "spec": stored,
        "seed": 3,
        "data_dir": str(tmp_path),
        "datasets": [],
        "resume_from": None,
        "checkpoint_dir": str(tmp_path),
        "device": "cpu",
    }
    stream = io.BytesIO()
    pipe = Pipe(stream)
    train([Member(payload, pipe)], pipe, threading.Event())
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert events[-1]["outcome"] == "succeeded"
    path = next(event["path"] for event in events if "path" in event)
    dataset = checkpoint.load(path).metadata["spec"]["dataset"]
    assert (dataset["subset_seed"], dataset["imbalance_order"]) == (None, "index")
