"""A captured step is the eager one, and none waits for the host: on the CPU, with a CUDA graph's part played by a
recording of operations."""

from pathlib import Path
from typing import Any

import pytest
import torch

from lplcore.data.raw import RegisteredDataset
from lplcore.device import as_on_accelerator
from lplcore.spec.experiment import ExperimentSpec
from lplcore.training.captured import CapturedPrediction, CapturedSteps, StepInputs
from lplcore.training.run import TrainingRun
from tests.grids import campaign, every
from tests.lplcore_training.captured_runs import (
    MULTI,
    SINGLE,
    STREAMED,
    aliases,
    assert_same_runs,
    on_cpu,
    spec_of,
    trained,
)
from tests.lplcore_training.host_reads import HostRead, RecordedWork, host_reads_are_errors
from tests.lplcore_training.multi_label_runs import long_tailed
from tests.lplcore_training.photographs import written
from tests.lplcore_training.runs import Spec


def assert_captured_is_eager(spec: ExperimentSpec, **datasets: RegisteredDataset) -> TrainingRun:
    """On the CPU as on an accelerator; returns the captured run."""
    eager, captured = (on_cpu(spec, datasets) for _ in range(2))
    with as_on_accelerator():
        assert_same_runs((captured, trained(captured, RecordedWork)), (eager, trained(eager, None)))
    return captured


@pytest.mark.parametrize("alias", every(2, aliases("single_label")))
def test_a_captured_step_of_every_single_label_method_is_the_eager_one(alias: str) -> None:
    assert_captured_is_eager(spec_of(SINGLE, alias))


@pytest.mark.parametrize("alias", every(2, aliases("multi_label")))
def test_a_captured_step_of_every_multi_label_method_is_the_eager_one(alias: str, tmp_path: Path) -> None:
    data = long_tailed(tmp_path)
    assert_captured_is_eager(spec_of(MULTI, alias, datasets=data), **data)


CLIPPED: Spec = {"name": "sgd", "clip_norm": 1.0}
PLAIN: Spec = {"name": "sgd", "momentum": 0.0}


@pytest.mark.parametrize(
    ("optimizer", "parts"), [campaign(CLIPPED, 1), (CLIPPED, 2), (PLAIN, 1), campaign(PLAIN, 2)], ids=str
)
def test_images_parts_of_a_batch_and_clipping_are_captured(optimizer: Spec, parts: int) -> None:
    changes = {
        "model": {"name": "resnet32", "head": "cosine"},
        "dataset": {"name": "digits", "imbalance_factor": 60},
        "augmentation": {"name": "pad_crop_flip", "padding": 1},
        "optimizer": optimizer,
        "accumulation_steps": parts,
        "precision": "float32",
    }
    assert_captured_is_eager(spec_of({**SINGLE, **changes, "batch_size": 70}, "cross_entropy"))


def test_images_that_are_read_as_they_are_needed_are_captured(tmp_path: Path) -> None:
    data = written(tmp_path, train=44, test=9)
    assert_captured_is_eager(spec_of(STREAMED, "la_lpl", datasets=data), **data)


def test_stages_and_uneven_batches_are_among_what_was_captured() -> None:
    spec = spec_of(SINGLE, "ldam_drw")
    run = assert_captured_is_eager(spec)
    assert run.procedure.in_second_stage(0.5)
    assert run.captured is not None
    sizes = {number: work.times for number, (_, work) in run.captured.by_number.items()}  # type: ignore[attr-defined]
    assert len(sizes) == 2
    assert sizes[64] == run.steps - 1 > 3


def test_predictions_are_captured() -> None:
    weights = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    examples = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    predict = CapturedPrediction(lambda indices: examples[indices] @ weights, RecordedWork)
    with torch.inference_mode():
        for start in range(0, 12, 2):
            indices = torch.arange(start, start + 8)
            assert torch.equal(predict(indices), examples[indices] @ weights)
        assert torch.equal(predict(torch.arange(3)), examples[:3] @ weights)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x.sum().item(),
        lambda x: x.tolist(),
        lambda x: x[x > 0],
        lambda x: bool(x.any()),
        lambda x: x.nonzero(),
        lambda x: x.unique(),
        lambda x: x + torch.tensor([1.0, 2.0, 3.0, 4.0]),
        lambda x: float(x[0]),
        lambda x: x.masked_select(x > 0),
        lambda x: x.numpy(),
    ],
)
def test_a_read_is_found(read: Any) -> None:
    values = torch.arange(4.0)
    with pytest.raises(HostRead), host_reads_are_errors():
        read(values)


def test_a_recording_that_depends_on_the_host_is_found() -> None:
    """A number that the host keeps is frozen by a graph: the recording must not hide it."""
    total, counted = torch.zeros(()), []

    def take(inputs: StepInputs) -> None:
        counted.append(1)
        total.add_(len(counted))

    steps = CapturedSteps(take, RecordedWork)
    for step in range(6):
        steps(StepInputs(torch.zeros(2, dtype=torch.int64), torch.zeros(2, 0), step, 0.0))
    assert total == 1 + 2 + 3 + 3 + 3 + 3
