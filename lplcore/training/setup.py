"""Network, criterion, companion and optimiser of a run, with weights drawn from its seed."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lplcore import device as devices
from lplcore.data.info import DatasetInfo
from lplcore.frame.labels import UNKNOWN
from lplcore.method.build import criterion
from lplcore.method.criterion import Criterion
from lplcore.models import Classifier
from lplcore.procedures import TrainingData, TrainingState
from lplcore.randomness import seeded
from lplcore.spec.experiment import ExperimentSpec
from lplcore.training.precision import precision_of


def build_state(
    spec: ExperimentSpec,
    info: DatasetInfo,
    data: TrainingData,
    *,
    seed: int,
    weights_dir: Path,
    device: torch.device,
) -> TrainingState:
    """All that a training step works on; weights are drawn on the CPU, so that they do not depend on the device.

    Raises:
        SpecError: pretrained weights are absent or of another network.
    """
    cpu, procedure = torch.device("cpu"), spec.method.procedure.resolved(weights_dir)
    with seeded(cpu, seed, "model"):
        record = spec.model.resolved(weights_dir)
        network: Classifier = record.build(input_shape=info.input_shape, num_classes=len(info.classes))
        precision = precision_of(spec, network, info.input_shape, device)
        model = procedure.wrap(network, info, data)
    with seeded(cpu, seed, "criterion"):
        loss = criterion(
            spec.method,
            class_counts=info.class_counts,
            task=info.task,
            num_examples=info.num_train,
            known_examples=known_examples(data.train.y),
        )
        loss.allocate(model.num_features)
    with seeded(cpu, seed, "procedure"):
        companion = procedure.build(info)
    layout = devices.memory_format(device, convolutional=spec.model.images_only)
    model.to(device).to(memory_format=layout)  # type: ignore[call-overload]  # torch does not declare it
    loss.to(device)
    companion.to(device)
    companion.placed(device)
    return TrainingState(
        model=model,
        criterion=loss,
        optimizer=spec.optimizer.build(parameter_groups(spec, model, loss)),
        clip_norm=spec.optimizer.clip_norm,
        autocast_dtype=devices.autocast_dtype(precision),
        device=device,
        companion=companion,
        data=data,
        accumulation_steps=spec.accumulation_steps,
        smallest_batch=spec.model.smallest_batch,
    )


def parameter_groups(spec: ExperimentSpec, model: Classifier, loss: Criterion) -> list[dict[str, Any]]:
    """Parameters of the network and the criterion as an optimiser takes them.

    `slowed` says of a group that its rate has the procedure's further factor, `factor` which one of its own it has.
    The last layer's bias, where the base loss begins it with a value, takes no weight decay. Checkpoints number
    parameters through the groups, in the order of the network's: what is slowed comes first in it, then what has no
    factor before what has one, an undecayed bias last.
    """
    part = spec.method.procedure.slowed_part(model)
    slowed = set() if part is None else set(part.parameters())
    bias = started_bias(spec, model, loss)
    parameters = [p for p in (*model.parameters(), *loss.parameters()) if p is not bias]
    factors = rate_factors(model)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if (p in slowed) is is_slowed and factors.get(p, 1.0) == factor]}
        | {"slowed": is_slowed}
        | ({} if factor == 1 else {"factor": factor})
        for is_slowed in (True, False)
        for factor in (1.0, *sorted({*factors.values()} - {1.0}))
    ]
    if bias is not None:
        groups.append({"params": [bias], "slowed": bias in slowed, "weight_decay": 0.0})
    return [group for group in groups if group["params"]]


def rate_factors(model: Classifier) -> dict[nn.Parameter, float]:
    """Factors on the learning rate that the network, or the network that a procedure has wrapped, gives to its own."""
    networks = [module for module in model.modules() if isinstance(module, Classifier)]
    return {parameter: factor for network in networks for parameter, factor in network.rate_factors().items()}


def started_bias(spec: ExperimentSpec, model: Classifier, loss: Criterion) -> nn.Parameter | None:
    """The last layer's bias, set to the value with which the base loss begins it; None where it leaves it alone."""
    bias = getattr(model.classifier, "bias", None)
    start = spec.method.loss.initial_bias(loss.statistics)
    if start is None or bias is None:
        return None
    assert isinstance(bias, nn.Parameter)
    nn.init.constant_(bias, start)
    return bias


def known_examples(labels: Tensor) -> list[int] | None:
    """Of how many examples each class is known, of multi-hot rows [N, C] with unknown entries; else None."""
    if labels.dim() == 1 or not bool((labels == UNKNOWN).any()):
        return None
    return [int(number) for number in (labels != UNKNOWN).sum(dim=0)]
