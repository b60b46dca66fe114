"""Copies of weights that torch's autocast keeps never outlive a step."""

from collections.abc import Iterator

import pytest
import torch

from lplcore.events import EpochEnd
from tests.lplcore_training.runs import Spec, assert_same_epochs, epochs, run

SPEC: Spec = {
    "dataset": "digits",
    "model": "resnet32",
    "method": "cross_entropy",
    "epochs": 1,
    "batch_size": 512,
    "precision": "bf16",
    "seeds": [0],
}


@pytest.fixture
def outer_autocast_that_never_ends() -> Iterator[None]:
    """What an error inside a compiled function leaves behind (torch 2.13)."""
    torch.autocast_increment_nesting()
    yield
    torch.autocast_decrement_nesting()
    torch.clear_autocast_cache()


@pytest.fixture
def expected() -> list[EpochEnd]:
    """The epochs of a run in an orderly process."""
    return epochs(run(SPEC))


def test_weights_are_cast_anew_at_every_step(expected: list[EpochEnd], outer_autocast_that_never_ends: None) -> None:
    assert_same_epochs(epochs(run(SPEC)), expected)
