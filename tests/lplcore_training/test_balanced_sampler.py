"""`lplcore.BalancedSampler`: the trainer's draws for a DataLoader, alone and shared by several processes."""

from itertools import chain, zip_longest
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import lplcore
from lplcore.randomness import generator
from lplcore.samplers.class_aware import ClassAware
from lplcore.training.draws import drawn_epoch

LABELS = torch.repeat_interleave(torch.arange(4), torch.tensor([60, 30, 8, 3]))
ROWS = torch.stack([LABELS == 0, LABELS < 2, LABELS == 3], dim=1).long()
SAMPLERS: list[Any] = [
    "uniform",
    "class_aware",
    "square_root",
    {"name": "class_aware", "epoch_length": "largest_class"},
]


@pytest.mark.parametrize("labels", [LABELS, ROWS, LABELS.numpy()], ids=["single", "multi", "numpy"])
@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_its_draws_are_the_trainers_for_seed_and_epoch(sampler: Any, labels: Any) -> None:
    spec = lplcore.parse_spec({"dataset": "digits", "method": {"sampler": sampler}})
    ours = lplcore.BalancedSampler(labels, sampler, seed=5)
    for epoch in (0, 3):
        ours.set_epoch(epoch)
        trained = drawn_epoch(spec, spec.method.sampler, torch.as_tensor(labels), seed=5, epoch=epoch)
        assert list(ours) == trained.order.tolist() == list(ours)
        assert len(ours) == len(trained.order)


@pytest.mark.parametrize("world_size", [2, 3, 7])
@pytest.mark.parametrize("drop_last", [False, True])
def test_processes_share_one_order(world_size: int, drop_last: bool) -> None:
    alone = list(lplcore.BalancedSampler(LABELS, seed=1))
    ranks = [
        list(lplcore.BalancedSampler(LABELS, seed=1, rank=rank, world_size=world_size, drop_last=drop_last))
        for rank in range(world_size)
    ]
    assert len({len(each) for each in ranks}) == 1
    together = list(chain.from_iterable(zip_longest(*ranks)))
    rest = -len(alone) % world_size
    expected = alone[: len(alone) // world_size * world_size] if drop_last else alone + alone[:rest]
    assert together == expected


def test_more_processes_than_draws_repeat_them() -> None:
    ranks = [list(lplcore.BalancedSampler([0, 1], "uniform", rank=rank, world_size=5)) for rank in range(5)]
    assert [len(each) for each in ranks] == [1] * 5
    assert {each[0] for each in ranks} == {0, 1}
    with pytest.raises(ValueError, match="fewer than 5 processes"):
        lplcore.BalancedSampler([0, 1], "uniform", world_size=5, drop_last=True)


def test_an_epoch_can_be_shorter_or_longer_and_classes_stay_balanced() -> None:
    whole = list(lplcore.BalancedSampler(LABELS, seed=2))
    assert list(lplcore.BalancedSampler(LABELS, seed=2, epoch_length=40)) == whole[:40]
    longer = list(lplcore.BalancedSampler(LABELS, seed=2, epoch_length=4000))
    assert longer[: len(whole)] == whole
    shares = np.bincount(LABELS[longer]) / 4000
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_square_root_draws_by_the_roots_of_the_counts() -> None:
    drawn = list(lplcore.BalancedSampler(LABELS, "square_root", epoch_length=40_000))
    roots = np.sqrt([60, 30, 8, 3])
    np.testing.assert_allclose(np.bincount(LABELS[drawn]) / len(drawn), roots / roots.sum(), atol=0.01)


def test_a_data_loader_takes_it() -> None:
    sampler = lplcore.BalancedSampler(LABELS, seed=0)
    loader = DataLoader(TensorDataset(torch.arange(len(LABELS))), batch_size=10, sampler=sampler)
    assert torch.cat([batch for (batch,) in loader]).tolist() == list(sampler)
    assert list(sampler) == ClassAware().order(LABELS, generator(0, "order", 0)).tolist()


def test_unknown_labels_are_never_drawn_by_class() -> None:
    labels = LABELS.clone()
    labels[::5] = -100
    assert (labels[list(lplcore.BalancedSampler(labels))] >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank": 2, "world_size": 2}, "rank: from 0 to world_size - 1"),
        ({"world_size": 0}, "rank"),
        ({"epoch_length": 0}, "epoch_length"),
        ({"sampler": "class_awar"}, "class_aware"),
        ({"sampler": {"name": "square_root", "powr": 1}}, "power"),
        ({"labels": []}, "labels: give"),
        ({"labels": [0.5, 1.0]}, "whole numbers"),
        ({"labels": [0, -3]}, "whole numbers"),
        ({"labels": [[2, 0]]}, "rows hold 0 and 1"),
        ({"labels": [-100, -100]}, "no example has a class"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lplcore.BalancedSampler(**{"labels": LABELS, **arguments})
