"""Runs whose steps are captured, beside the same with eager ones."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch

from lplcore.device import deterministic_algorithms
from lplcore.errors import SpecError
from lplcore.events import EpochEnd
from lplcore.optimizers import with_rates
from lplcore.optimizers.sgd import CudaSgd, Sgd
from lplcore.plugin import plugins
from lplcore.procedures import TrainingState
from lplcore.procedures.meta_weighted import WeightNet
from lplcore.spec.experiment import ExperimentSpec, parse_spec
from lplcore.training.captured import Capture, CapturedSteps
from lplcore.training.run import TrainingRun
from tests.lplcore_training.runs import Spec, assert_same_epochs

QUICK_GAN = {"generator_epochs": 1}
OPTIONS: dict[str, dict[str, Any]] = {"cgan": QUICK_GAN, "acgan": QUICK_GAN, "infogan": QUICK_GAN}
SINGLE: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20, "meta_per_class": 2},
    "model": {"name": "mlp", "widths": [16], "dropout": 0.1},
    "schedule": {"name": "multistep", "milestones": [1], "warmup_epochs": 1},
    "epochs": 2,
    "batch_size": 64,
}
"""A warm-up, a milestone and an uneven last batch."""
MULTI: Spec = {**SINGLE, "dataset": "tail", "batch_size": 128}

STREAMED: Spec = {
    "dataset": {"name": "photographs", "image_size": 12, "cache": {"size": 20}},
    "model": {"name": "resnet32"},
    "augmentation": ["random_resized_crop", "horizontal_flip", "color_jitter"],
    "schedule": {"name": "multistep", "milestones": [1], "warmup_epochs": 1},
    "epochs": 2,
    "batch_size": 8,
}
"""Images that are cut out of files, 6 steps an epoch, the last batch a small one."""


def aliases(task: str) -> list[str]:
    """Names of the methods for a task."""
    return [name for name, record in plugins("method").items() if task in record.tasks]


def spec_of(base: Spec, alias: str, **options: Any) -> ExperimentSpec:
    """A method, from half of the training on in its second stage if it has one."""
    method = {"alias": alias, **OPTIONS.get(alias, {})}
    for more in ({"start": 0.5}, {}):
        try:
            return parse_spec({**base, "method": {**method, **more}}, **options)
        except SpecError:
            continue
    raise AssertionError(alias)


def with_device_rates(state: TrainingState, record: Sgd) -> TrainingState:
    """With the optimiser of a CUDA device, whose rates are tensors."""
    kept = ("params", "slowed", "weight_decay")
    groups = with_rates([{name: group[name] for name in kept} for group in state.optimizer.param_groups], record.lr)
    optimizer = CudaSgd(groups, lr=record.lr, momentum=record.momentum, nesterov=record.nesterov, fused=True)
    return replace(state, optimizer=optimizer)


def on_cpu(spec: ExperimentSpec, datasets: dict[str, Any]) -> TrainingRun:
    """A run on the CPU whose optimiser is that of a CUDA device."""
    run = TrainingRun(spec, device=torch.device("cpu"), data_dir="data", datasets=datasets)
    assert isinstance(spec.optimizer, Sgd)
    run.state = with_device_rates(run.state, spec.optimizer)
    companion = run.state.companion
    if isinstance(companion, WeightNet):
        # Of Adam too the form that keeps its count of steps where the parameters are.
        (group,) = companion.optimizer.param_groups
        options = {name: group[name] for name in ("lr", "betas", "weight_decay")}
        companion.optimizer = torch.optim.Adam(group["params"], **options, fused=True)
    return run


def on_cuda(spec: ExperimentSpec, datasets: dict[str, Any]) -> TrainingRun:
    """A run on a GPU, ready for any stream."""
    run = TrainingRun(spec, device=torch.device("cuda"), data_dir="data", datasets=datasets)
    torch.cuda.synchronize()
    return run


def trained(
    run: TrainingRun, capture: Capture | None, *, step: Callable[[], AbstractContextManager[None]] = nullcontext
) -> list[EpochEnd]:
    """The epochs of a run whose steps are captured that way, None for eager ones; `step` is entered in every step."""
    run.captured = None if capture is None else CapturedSteps(run.take, capture)
    ends = []
    with deterministic_algorithms():
        while run.prepared < run.preparations:
            run.prepare_step()
        while not run.finished:
            while run.step < run.steps:
                with step() if run.entered else nullcontext():
                    run.train_step()
            ends.append(run.finish_epoch()[0])
            run.draw_epoch()
    return ends


def assert_same_runs(one: tuple[TrainingRun, list[EpochEnd]], other: tuple[TrainingRun, list[EpochEnd]]) -> None:
    """The same epochs, weights and states of the criterion, bit for bit."""
    assert_same_epochs(one[1], other[1])
    for module in ("model", "criterion", "companion"):
        states = [getattr(run.state, module).state_dict() for run, _ in (one, other)]
        assert states[0].keys() == states[1].keys()
        for name, value in states[0].items():
            assert torch.equal(states[1][name], value), f"{module}.{name}"
