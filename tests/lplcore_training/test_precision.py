"""Networks whose strides exceed their inputs: bf16 on a CPU would give wrong gradients, so they train in float32."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lplcore.device import multiplies_bf16
from lplcore.events import EpochEnd, Event, RunStart
from lplcore.plugin import get
from lplcore.training.precision import NOTE, overstrided
from tests.lplcore_training.runs import Spec, end, run

SHUFFLENET: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 70},
    "model": {"name": "torchvision", "architecture": "shufflenet_v2_x0_5"},
    "method": "cross_entropy",
    "optimizer": {"name": "sgd", "lr": 0.001},
    "epochs": 1,
    "batch_size": 150,
}
BF16 = multiplies_bf16(torch.device("cpu"))


def start_of(events: list[Event]) -> RunStart:
    """The first event."""
    assert isinstance(events[0], RunStart)
    return events[0]


@pytest.mark.parametrize(
    ("layers", "shape", "expected"),
    [
        ([(3, 2, 1)], (4, 2, 2), False),
        ([(3, 2, 1)], (4, 1, 2), True),
        ([(3, 2, 1)], (4, 2, 1), True),
        ([(3, 2, 1), (3, 2, 1)], (4, 2, 2), True),
        ([(3, 1, 1)], (4, 1, 1), False),
        ([(11, 4, 5)], (4, 3, 3), True),
    ],
)
def test_it_is_seen_where_a_stride_exceeds_its_input(
    layers: list[tuple[int, int, int]], shape: tuple[int, int, int], expected: bool
) -> None:
    network = nn.Sequential(*(nn.Conv2d(4, 4, k, stride=stride, padding=padding) for k, stride, padding in layers))
    assert overstrided(network, shape) is expected


def test_looking_leaves_the_network_as_it_is() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))
    network[2].eval()
    before, state = {name: value.clone() for name, value in network.state_dict().items()}, torch.get_rng_state()
    assert not overstrided(network, (3, 8, 8))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert (network.training, network[1].training, network[2].training) == (True, True, False)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", ["resnet32", "resnet110", "wide_resnet_28_10"])
def test_the_papers_networks_on_cifar_are_none(name: str) -> None:
    network = get("model", name)().build(input_shape=(3, 32, 32), num_classes=10)
    assert not overstrided(network, (3, 32, 32))


def test_a_run_says_that_it_is_computed_in_float32_and_is_the_same_every_time(tmp_path: Path) -> None:
    runs = [run({**SHUFFLENET, "precision": "bf16"}, tmp_path / str(number)) for number in range(3)]
    for events in runs:
        assert end(events).outcome == "succeeded", end(events).message
        assert start_of(events).environment["precision"] == "float32"
        assert NOTE in start_of(events).notes
    losses = {event.metrics["train/loss"] for events in runs for event in events if isinstance(event, EpochEnd)}
    assert len(losses) == 1


@pytest.mark.skipif(not BF16, reason="this CPU has no bf16 instructions")
def test_other_networks_keep_bf16(tmp_path: Path) -> None:
    events = run({**SHUFFLENET, "model": "resnet32"}, tmp_path)
    assert (start_of(events).environment["precision"], start_of(events).notes) == ("bf16", [])
