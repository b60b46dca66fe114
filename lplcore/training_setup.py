"""Network, criterion, companion and optimiser of a run, with weights drawn from its seed."""

from pathlib import Path

import torch
from torch import nn

from lplcore import device as devices
from lplcore.criterion import Criterion
from lplcore.dataset_info import DatasetInfo
from lplcore.method import criterion
from lplcore.models import Classifier
from lplcore.procedures import Examples, TrainingState
from lplcore.randomness import seeded
from lplcore.spec import ExperimentSpec


def build_state(
    spec: ExperimentSpec,
    info: DatasetInfo,
    examples: Examples,
    *,
    seed: int,
    data_dir: Path,
    device: torch.device,
    precision: str,
) -> TrainingState:
    """All that a training step works on; weights are drawn on the CPU, so that they do not depend on the device.

    Raises:
        SpecError: pretrained weights are absent or of another network.
    """
    cpu, procedure = torch.device("cpu"), spec.method.procedure.located(data_dir)
    with seeded(cpu, seed, "model"):
        record = spec.model.located(data_dir)
        network: Classifier = record.build(input_shape=info.input_shape, num_classes=len(info.classes))
        model = procedure.wrap(network, info, examples)
    with seeded(cpu, seed, "criterion"):
        loss = criterion(spec.method, class_counts=info.class_counts, task=info.task, num_examples=info.num_train)
        loss.allocate(model.num_features)
    with seeded(cpu, seed, "procedure"):
        companion = procedure.build(info)
    model.to(device).to(memory_format=devices.memory_format(device, convolutional=spec.model.images_only))
    loss.to(device)
    companion.to(device)
    return TrainingState(
        model=model,
        criterion=loss,
        optimizer=build_optimizer(spec, model, loss),
        clip_norm=spec.optimizer.clip_norm,
        autocast_dtype=devices.autocast_dtype(precision),
        device=device,
        companion=companion,
        examples=examples,
        accumulation_steps=spec.accumulation_steps,
        smallest_batch=spec.model.smallest_batch,
    )


def build_optimizer(spec: ExperimentSpec, model: Classifier, loss: Criterion) -> torch.optim.Optimizer:
    """The optimiser, after the last layer's bias has been set where the base loss asks for it."""
    parameters = [*model.parameters(), *loss.parameters()]
    bias = getattr(model.classifier, "bias", None)
    start = spec.method.loss.initial_bias(loss.statistics)
    if start is None or bias is None:
        return spec.optimizer.build(parameters)
    nn.init.constant_(bias, start)
    return spec.optimizer.build([p for p in parameters if p is not bias], undecayed=[bias])
