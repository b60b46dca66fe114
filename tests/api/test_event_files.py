"""`lpl export --tensorboard` against the real service, read back by TensorBoard's own reader."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from client import Client
from tests.api.service import Running
from tests.api.sides import ERROR, epoch, finish, job_with, start
from tests.api.test_compare_commands import said

GOOD, BAD = [0.1, 0.12], [0.2, 0.19]


def read(folder: Path) -> Any:
    """A run's folder as TensorBoard reads it, nothing sampled away."""
    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    reader.Reload()
    return reader


def test_every_scalar_is_read_back_as_the_service_has_it(
    service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    methods = {"method": ["lpl", "cross_entropy"], "optimizer.lr": [0.1]}
    measures: Any = {"record": lambda value: {ERROR: value, "train/loss": 1 / 3 + value, "test/top1_error.few": None}}
    job = job_with(service, GOOD, BAD, sweep=methods, **measures)
    assert "4 runs" in said(capsys, service, "export", job, "--tensorboard", str(tmp_path / "events"))
    assert "4 runs" in said(capsys, service, "export", job, "--tensorboard", str(tmp_path / "events"))
    with Client(service.url) as client:
        runs = client.runs(job)
        for run in runs:
            folder = tmp_path / "events" / f"method={run.point['method']} lr=0.1 seed {run.seed}"
            (file,) = folder.iterdir()
            reader = read(folder)
            curves = client.metrics(run)
            assert run.point["optimizer.lr"] == 0.1
            times = client.epoch_times(run)
            assert sorted(times) == [1, 2, 3]
            for name in (ERROR, "train/loss"):
                scalars = reader.Scalars(name)
                assert [each.step for each in scalars] == curves[name].epoch
                assert [each.value for each in scalars] == [np.float32(value) for value in curves[name].value]
                assert [each.wall_time for each in scalars] == [times[number].timestamp() for number in (1, 2, 3)]
            assert "test/top1_error.few" not in reader.Tags()["scalars"]
            variations = client.loss_variations(run)
            assert variations.relative_loss_variation is not None
            of_class = [row[3] for row in variations.relative_loss_variation]
            assert [each.value for each in reader.Scalars("relative_loss_variation/3")] == pytest.approx(of_class)
            assert "absolute_loss_variation/3" in reader.Tags()["scalars"]
            assert "relative_loss_variation/5" not in reader.Tags()["scalars"]
        content = file.read_bytes()
    said(capsys, service, "export", job, "--tensorboard", str(tmp_path / "events"))
    assert file.read_bytes() == content


def test_sweep_points_are_hyper_parameters_and_seeds_their_groups(
    service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job = job_with(service, GOOD, BAD, sweep={"optimizer.lr": [0.1, 0.2]})
    said(capsys, service, "export", job, "--tensorboard", str(tmp_path))
    plugin = read(tmp_path / "0.2 seed 1").summary_metadata
    begun = metadata.parse_session_start_info_plugin_data(plugin[metadata.SESSION_START_INFO_TAG].plugin_data.content)
    assert begun.group_name == "0.2"
    assert begun.hparams["optimizer.lr"].number_value == 0.2
    assert begun.hparams["seed"].number_value == 1
    assert begun.hparams["dataset"].string_value == "digits"
    ended = metadata.parse_session_end_info_plugin_data(plugin[metadata.SESSION_END_INFO_TAG].plugin_data.content)
    assert ended.end_time_secs >= begun.start_time_secs > 0
    assert ended.status == 1


def test_many_classes_become_histograms(service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    job = service.submit(name="many: classes/here")["id"]
    held = start(service.db, classes=101)
    epoch(service.db, held, 1, {ERROR: 0.5}, classes=101)
    said(capsys, service, "export", job, "--tensorboard", str(tmp_path))
    epoch(service.db, held, 2, {ERROR: 0.4}, classes=101)
    finish(service.db, held, "failed", reason="error")
    said(capsys, service, "export", job, "--tensorboard", str(tmp_path))
    reader = read(tmp_path / "seed 0")
    first, second = reader.Histograms("relative_loss_variation")
    assert (first.step, second.step) == (1, 2)
    counted = first.histogram_value
    assert counted.num == 100 == sum(counted.bucket)
    assert (counted.min, counted.max) == (-0.5, 0.5)
    assert counted.bucket_limit[-1] == pytest.approx(0.5)
    assert [each.value for each in reader.Scalars(ERROR)] == [np.float32(0.5), np.float32(0.4)]


def test_a_retried_run_takes_its_predecessors_folder_and_one_that_waits_is_empty(
    service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job = service.submit(seeds=[0, 1])["id"]
    finish(service.db, start(service.db), "failed", reason="error")
    service.http.post(f"/v1/jobs/{job}/retry").raise_for_status()
    said(capsys, service, "export", job, "--tensorboard", str(tmp_path / "events"))
    assert sorted(each.name for each in (tmp_path / "events").iterdir()) == ["seed 0", "seed 1"]
    assert read(tmp_path / "events" / "seed 0").Tags()["scalars"] == []


def test_events_and_tables_are_written_apart(
    service: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job = service.submit()["id"]
    message = said(capsys, service, "export", job, "--tensorboard", str(tmp_path), "--csv", expected=1)
    assert "one at a time" in message


def test_a_missing_package_is_named() -> None:
    """In a process whose imports of tensorboard fail as where it is not installed."""
    program = (
        "import sys; sys.modules['tensorboard'] = None\n"
        "from client.cli import main; main(['--url', 'http://127.0.0.1:9', 'export', 'x', '--tensorboard', 'y'])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "pip install 'lpl-service[tensorboard]'" in ended.stderr
    assert "torch" not in ended.stderr
