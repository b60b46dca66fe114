"""What a run does beside the network: the optimiser's step, seeding, reading digits."""

import copy
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lplcore.datasets.digits import decoded, digits_file
from lplcore.optimizers.sgd import CpuSgd, Sgd
from lplcore.randomness import seed_generators, seeded

SHAPES = [(1,), (7, 5), (16, 3, 3, 3), (33, 17), (64,)]
SETTINGS = [
    (momentum, nesterov, decay)
    for momentum, nesterov, decay in product((0.0, 0.9), (False, True), (0.0, 5e-4))
    if momentum or not nesterov
]


def parameters() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    values = [torch.randn(shape, generator=generator) for shape in SHAPES]
    values[2] = values[2].contiguous(memory_format=torch.channels_last)
    return [nn.Parameter(value) for value in values]


def groups(values: list[nn.Parameter]) -> list[dict[str, Any]]:
    return [{"params": values[:3]}, {"params": values[3:], "weight_decay": 0.0}]


def set_gradients(owners: list[list[nn.Parameter]], step: int) -> None:
    """The same gradients to all; the second parameter has none at first, as a layer that a stage holds."""
    generator = torch.Generator().manual_seed(step)
    for number, twins in enumerate(zip(*owners, strict=True)):
        gradient = torch.randn(twins[0].shape, generator=generator)
        for twin in twins:
            twin.grad = None if number == 1 and step < 3 else gradient.clone()


def equal(ours: list[nn.Parameter], theirs: list[nn.Parameter]) -> bool:
    return all(torch.equal(own, their) for own, their in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("momentum", "nesterov", "decay"), SETTINGS)
def test_the_optimizer_is_torchs_to_the_bit(momentum: float, nesterov: bool, decay: float) -> None:
    record = Sgd(lr=0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    ours, theirs = parameters(), parameters()
    optimizer = record.build(groups(ours))
    reference = torch.optim.SGD(
        groups(theirs),
        lr=0.1,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=decay,
        foreach=False,
    )
    assert isinstance(optimizer, CpuSgd)
    for step in range(8):
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] = 0.1 * 0.9**step
        set_gradients([ours, theirs], step)
        optimizer.step()
        reference.step()
        assert equal(ours, theirs)
        if step == 5:
            optimizer.load_state_dict(copy.deepcopy(reference.state_dict()))
    assert optimizer.state_dict()["state"].keys() == reference.state_dict()["state"].keys()


def test_parameters_elsewhere_get_torchs_own_optimizer() -> None:
    elsewhere = nn.Parameter(torch.zeros(3, device="meta"))
    assert type(Sgd().build([{"params": [elsewhere]}])) is torch.optim.SGD


def drawn() -> Tensor:
    return torch.cat([torch.rand(3), torch.randn(5), torch.randperm(4).float()])


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_seeding_is_torchs_without_its_call_stacks(seed: int) -> None:
    with seeded(torch.device("cpu"), 0, "test"):
        torch.default_generator.manual_seed(seed)
        expected = drawn()
        seed_generators(torch.device("cpu"), seed)
        assert torch.equal(drawn(), expected)


def test_digits_are_parsed_once_and_nobody_can_change_them() -> None:
    rows = decoded(digits_file())
    assert rows is decoded(digits_file())
    with pytest.raises(ValueError, match="read-only"):
        rows[0, 0] = 1
