"""CUDA graphs of steps and predictions: the bits of eager ones, without waiting for the host."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from lplcore.optimizers.sgd import Sgd
from lplcore.procedures import Procedure, TrainingState
from lplcore.spec.experiment import ExperimentSpec
from lplcore.training.captured import Captured
from lplcore.training.run import TrainingRun
from lplcore.training.streams import OwnStream
from tests.lplcore.synchronisation import synchronisation_is_an_error
from tests.lplcore_training.captured_runs import (
    MULTI,
    SINGLE,
    STREAMED,
    aliases,
    assert_same_runs,
    on_cuda,
    spec_of,
    trained,
)
from tests.lplcore_training.multi_label_runs import long_tailed
from tests.lplcore_training.photographs import written
from tests.lplcore_training.runs import IMAGES, Spec

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
LONGER = {"epochs": 6, "schedule": {"name": "multistep", "milestones": [4], "warmup_epochs": 1}}
"""The uneven last batch is captured in both stages."""


def assert_graphs_are_eager(spec: ExperimentSpec, **datasets: Any) -> TrainingRun:
    """Beside a run with eager steps and predictions; returns the other, whose steps never waited."""
    eager, captured = (on_cuda(spec, datasets) for _ in range(2))
    expected = trained(eager, None)
    with OwnStream(torch.device("cuda")).entered():
        actual = trained(captured, captured.pool.captured, step=synchronisation_is_an_error)
    assert_same_runs((captured, actual), (eager, expected))
    return captured


def graphs(run: TrainingRun) -> dict[int, bool]:
    """Whether there is a graph for steps of so many examples."""
    assert run.captured is not None
    works = {number: work for number, (_, work) in run.captured.by_number.items()}
    return {number: isinstance(work, Captured) and work.graph is not None for number, work in works.items()}


@pytest.mark.parametrize("alias", aliases("single_label"))
def test_a_graph_of_every_single_label_method_is_the_eager_step(alias: str) -> None:
    spec = spec_of({**SINGLE, **LONGER}, alias)
    assert all(graphs(assert_graphs_are_eager(spec)).values())


@pytest.mark.parametrize("alias", aliases("multi_label"))
def test_a_graph_of_every_multi_label_method_is_the_eager_step(alias: str, tmp_path: Path) -> None:
    data = long_tailed(tmp_path)
    spec = spec_of({**MULTI, **LONGER}, alias, datasets=data)
    assert all(graphs(assert_graphs_are_eager(spec, **data)).values())


@pytest.mark.parametrize("precision", ["bf16", "float32"])
@pytest.mark.parametrize("optimizer", [{"name": "sgd", "clip_norm": 1.0}, {"name": "adamw"}])
@pytest.mark.parametrize("parts", [1, 2])
def test_images_parts_of_a_batch_and_optimisers_are_captured(parts: int, optimizer: Spec, precision: str) -> None:
    changes = {"optimizer": optimizer, "precision": precision, "accumulation_steps": parts, "batch_size": 60}
    spec = spec_of({**IMAGES, **LONGER, **changes}, "la_lpl")
    assert all(graphs(assert_graphs_are_eager(spec)).values())


def test_images_that_are_read_as_they_are_needed_are_captured(tmp_path: Path) -> None:
    data = written(tmp_path, train=44, test=9)
    spec = spec_of({**STREAMED, **LONGER}, "la_lpl", datasets=data)
    assert all(graphs(assert_graphs_are_eager(spec, **data)).values())


def test_two_runs_in_turns_draw_their_own_numbers() -> None:
    """Each has its own stream and generator, as runs that share a process have."""
    spec = spec_of({**SINGLE, **LONGER}, "mixup")
    other = spec.model_copy(update={"seeds": [7]})
    alone = [(run, trained(run, run.pool.captured)) for run in (on_cuda(spec, {}), on_cuda(other, {}))]
    runs = [on_cuda(spec, {}), on_cuda(other, {})]
    streams = [OwnStream(torch.device("cuda")) for _ in runs]
    while not all(run.finished for run in runs):
        for run, stream in zip(runs, streams, strict=True):
            with stream.entered():
                run.train_step()
                if run.step == run.steps:
                    run.finish_epoch()
                    run.draw_epoch()
    torch.cuda.synchronize()
    for run, (expected, _) in zip(runs, alone, strict=True):
        for name, value in expected.state.model.state_dict().items():
            assert torch.equal(run.state.model.state_dict()[name], value), name


class Waiting(Procedure):
    """Reads a value on the host in every step and does not say so."""

    title = "Waiting"
    name: Any = "waiting"

    def before_step(self, state: TrainingState, inputs: Tensor, labels: Tensor, **passed: Any) -> None:
        assert labels.max().item() >= 0


def test_what_cannot_be_captured_goes_on_without_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    spec = spec_of(SINGLE, "cross_entropy")
    expected, run = on_cuda(spec, {}), on_cuda(spec, {})
    run.procedure = Waiting()
    with caplog.at_level(logging.WARNING):
        actual = trained(run, run.pool.captured)
    assert_same_runs((run, actual), (expected, trained(expected, None)))
    assert "goes on without a CUDA graph" in caplog.text
    assert not any(graphs(run).values())


def test_a_resumed_optimiser_has_rates_on_the_device() -> None:
    run = on_cuda(spec_of(SINGLE, "cross_entropy"), {})
    assert isinstance(run.spec.optimizer, Sgd)
    assert all(group["lr"].device.type == "cuda" for group in run.state.optimizer.param_groups)
