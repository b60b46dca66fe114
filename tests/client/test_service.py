"""Client and command line against the real service, with a real worker."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import ApiError, Client
from client.answers import Job, SignedVariations
from client.cli import status
from client.service import Service, ServiceFailed
from tests.service.processes import QUICK

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
SPEC: dict[str, Any] = {
    "name": "Two methods",
    "tags": ["client test"],
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": "mlp",
    "method": "lpl",
    "sweep": {"method": ["cross_entropy", "lpl"]},
    "epochs": 2,
    "seeds": [0],
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def url(data_dir: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (QUICK | {"LPL_PORT": "0"}).items():
            patch.setenv(name, value)
        patch.delenv("LPL_DATABASE_URL", raising=False)
        patch.delenv("LPL_BROKER_URL", raising=False)
        with Service(data_dir=data_dir) as service:
            yield service.ready_url()


@pytest.fixture(scope="module")
def job(url: str) -> Job:
    with Client(url) as client:
        return client.wait(client.submit(SPEC).id, timeout=150)


def said(capsys: pytest.CaptureFixture[str], url: str, *arguments: str, expected: int = 0) -> str:
    """What a command printed."""
    assert status(["--url", url, *arguments]) == expected
    captured = capsys.readouterr()
    return captured.err if expected else captured.out


def test_a_job_runs_and_its_results_are_typed(url: str, job: Job, tmp_path: Path) -> None:
    assert job.state == "succeeded"
    assert [row.point for row in job.summary] == [{"method": "cross_entropy"}, {"method": "lpl"}]
    with Client(url) as client:
        run = client.runs(job.id)[1]
        error = client.metrics(run.id, names=["test/top1_error"])["test/top1_error"]
        assert error.epoch == [1, 2]
        assert job.summary[1].metrics["test/top1_error"].mean == error.value[-1]
        assert client.metrics(run.id, after_epoch=1)["train/loss"].epoch == [2]
        variations = client.loss_variations(run.id)
        for variation in (variations.relative_loss_variation, variations.absolute_loss_variation):
            assert isinstance(variation, list)
            assert (len(variation), len(variation[0])) == (2, 10)
        accuracy = client.class_metrics(run.id)
        assert len(accuracy.values[-1]) == len(accuracy.classes) == 10
        matrix = client.confusion_matrix(run.id).matrix
        assert len(matrix) == 10
        entries = client.confusion_entries(run.id, limit=3).entries
        assert [entry.count for entry in entries] == sorted((n for row in matrix for n in row if n), reverse=True)[:3]
        assert all(matrix[entry.true][entry.predicted] == entry.count for entry in entries)
        calibration = client.calibration(run.id)
        assert (calibration.epoch, sum(one.examples for one in calibration.bins)) == (
            2,
            sum(entry.count for entry in client.confusion_entries(run.id).entries),
        )
        assert calibration.bins[-1].to_json().keys() == {"from", "to", "examples", "confidence", "accuracy"}
        assert [one.from_ for one in calibration.bins] == [k / 15 for k in range(15)]
        assert client.logs(run.id)
        checkpoint = client.checkpoints(run.id)[-1]
        path = client.download_checkpoint(checkpoint, tmp_path / "model.safetensors")
        assert path.stat().st_size == checkpoint.size_bytes
        kinds = [event.kind for event in client.events(job=job.id, last_event_id="0")]
        assert kinds.count("epoch") == 4
        assert kinds[-1] == "end"


def test_an_ended_job_goes_on_with_more_seeds(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Client(url) as client:
        before = client.wait(client.submit({**SPEC, "name": "More seeds", "sweep": {}}).id, timeout=150)
        assert said(capsys, url, "extend", before.id, "--seeds", "1,2").strip().endswith(", 3 runs")
        job = client.wait(before.id, timeout=150)
        assert (job.state, job.progress, job.spec["seeds"]) == ("succeeded", 1.0, [0, 1, 2])
        error = job.summary[0].metrics["test/top1_error"]
        assert error.seeds == [0, 1, 2]
        assert error.values[0] == before.summary[0].metrics["test/top1_error"].values[0]
        whole = client.wait(client.submit({**job.spec, "name": "All at once"}).id, timeout=150)
        assert whole.summary[0].metrics["test/top1_error"].values == error.values
        kinds = [event.kind for event in client.events(job=job.id, last_event_id="0")]
        assert kinds[-1] == "end"


def test_multi_label_data_go_through_the_whole_service(
    url: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    labels = (random.random((300, 4)) < [0.6, 0.4, 0.2, 0.1]).astype(np.uint8)
    inputs = (labels @ random.normal(size=(4, 8)) + random.normal(size=(300, 8))).astype(np.float32)
    (data_dir / "datasets").mkdir(exist_ok=True)
    np.savez(data_dir / "datasets" / "many.npz", x_train=inputs, y_train=labels, x_test=inputs, y_test=labels)
    spec = {"dataset": "many", "method": "r_bce_lpl", "epochs": 2, "sweep": {"method": ["focal", "r_bce_lpl"]}}
    with Client(url) as client:
        client.add_dataset("many", "many.npz")
        with pytest.raises(ApiError, match="nearest method that fits is 'lpl'"):
            client.submit({**spec, "method": "la_lpl", "sweep": {}})
        job = client.wait(client.submit(spec).id, timeout=150)
        assert job.state == "succeeded"
        precision = job.summary[1].metrics["test/mean_average_precision"].mean
        run = client.runs(job.id)[1]
        variation = client.loss_variations(run.id)
        assert variation.relative_loss_variation is None
        assert variation.positive is not None
        assert variation.negative is not None
        absolute = variation.absolute_loss_variation
        assert isinstance(absolute, SignedVariations)
        every = (variation.positive, variation.negative, absolute.positive, absolute.negative)
        assert [len(rows) for rows in every] == [2, 2, 2, 2]
        average = client.class_metrics(run.id, "test/average_precision").values[-1]
        assert precision == pytest.approx(np.mean([value for value in average if value is not None]))
        with pytest.raises(ApiError, match="has no confusion matrix"):
            client.confusion_matrix(run.id)
        with pytest.raises(ApiError, match="single-label data only"):
            client.calibration(run.id)
    assert "mAP %" in said(capsys, url, "show", job.id)
    shown = said(capsys, url, "metrics", run.id, "--classes")
    assert "average precision %" in shown
    assert "positive" in shown


def test_every_listing_speaks_both_ways(url: str, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    run = job.runs[0].id
    for arguments in (
        ["list", "--tag", "client test"],
        ["show", job.id],
        ["show", run],
        ["watch", job.id],
        ["metrics", run],
        ["metrics", run, "--classes"],
        ["download", run, "--list"],
        ["logs", run],
        ["catalog"],
        ["catalog", "perturbations"],
        ["catalog", "perturbations", "lpl"],
        ["dataset", "list"],
        ["dataset", "show", "digits"],
        ["workers"],
        ["queue"],
    ):
        assert said(capsys, url, *arguments), arguments
        assert json.loads(said(capsys, url, *arguments, "--json")), arguments


def test_a_worker_is_drained_and_resumed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Client(url) as client:
        worker = client.workers()[0]
        assert not worker.draining
        assert worker.memory_total_bytes
        assert f"of {worker.memory_total_bytes / 2**30:.1f} GiB" in said(capsys, url, "workers")
        try:
            assert said(capsys, url, "drain", worker.id).startswith(f"{worker.id} takes nothing new")
            assert json.loads(said(capsys, url, "drain", worker.id, "--json"))["draining"] is True
            assert client.workers()[0].draining
        finally:
            assert said(capsys, url, "drain", worker.id, "--resume") == f"{worker.id} takes runs again.\n"
        assert not client.workers()[0].draining
    assert "w_none" in said(capsys, url, "drain", "w_none", expected=1)


def test_a_spec_is_validated_with_its_paths(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC, "epochs": 0}))
    assert said(capsys, url, "validate", str(file), expected=1).startswith("error: epochs: ")
    assert said(capsys, url, "submit", str(file), expected=1).startswith("error: epochs: ")
    answer = json.loads(said(capsys, url, "validate", str(file), "-o", "epochs=3", "--json"))
    assert (answer["spec"]["epochs"], answer["runs_total"]) == (3, 2)
    positioned = ["--preset", "digits_long_tail", "-o", "optimizer.lr=1e-2", "-o", "sweep.method=[lpl]"]
    assert json.loads(said(capsys, url, "validate", *positioned, "--json"))["runs_total"] == 3


def test_a_data_set_is_added_used_and_deleted(url: str, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 4
    images = generator.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    folder = data_dir / "datasets"
    folder.mkdir(exist_ok=True)
    np.savez(folder / "mine.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    assert "mine" in said(capsys, url, "dataset", "add", "mine", "mine.npz")
    assert "10" in said(capsys, url, "dataset", "show", "mine")
    with Client(url) as client:
        assert (
            client.validate({"dataset": "mine", "model": "mlp", "method": "lpl", "batch_size": 8}).class_counts
            == [10] * 4
        )
    assert said(capsys, url, "dataset", "delete", "mine")
    assert said(capsys, url, "dataset", "show", "mine", expected=1)


def test_the_same_idempotency_key_gives_the_same_job(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Client(url) as client:
        spec = {**SPEC, "epochs": 500, "priority": 0}
        first = client.submit(spec, idempotency_key="once")
        assert client.submit(spec, idempotency_key="once").id == first.id
        with pytest.raises(ApiError) as caught:
            client.submit({**spec, "epochs": 501}, idempotency_key="once")
        assert caught.value.status == 409
    said(capsys, url, "pause", first.id)
    said(capsys, url, "resume", first.id)
    said(capsys, url, "cancel", first.id)
    assert said(capsys, url, "watch", first.id, expected=1).startswith("error: ")
    said(capsys, url, "delete", first.id)
    assert "no job" in said(capsys, url, "delete", first.id, expected=1)


def demonstration(tmp_path: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "client.demo", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demonstration_says_so_when_its_port_is_taken_and_leaves_nothing_running(tmp_path: Path) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # another program has it
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        process = demonstration(tmp_path, LPL_PORT="", LPL_DATA_DIR=str(tmp_path / "data"))
        assert process.stdout is not None
        lines: list[str] = []
        while not any("Submitted" in line for line in lines):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)
    assert process.returncode == 130
    assert any("Port 8000 is taken" in line for line in lines)
    wait_until_nothing_mentions(str(tmp_path))


def wait_until_nothing_mentions(text: str, *, seconds: float = 10.0) -> None:
    """Wait for the end of every process whose command line or environment names a folder."""
    deadline = time.monotonic() + seconds
    while found := mentioning(text):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def mentioning(text: str) -> list[str]:
    """Processes of this machine whose environment holds a text, but for this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and text.encode() in (process / "environ").read_bytes():
                found.append(f"{process.name} {(process / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def test_a_service_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPL_PORT", "0")
    monkeypatch.setenv("LPL_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    with Service(data_dir=tmp_path / "data") as service, pytest.raises(ServiceFailed, match="error: "):
        service.ready_url()
