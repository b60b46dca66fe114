"""Temperature: fitted on validation, told with the last epoch, and nothing else changes."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lplcore.training.evaluation.temperature import LEAST, MOST, fitted_temperature
from tests.lplcore_training.multi_label_runs import long_tailed
from tests.lplcore_training.runs import DIGITS, epochs, run

NAMES = {"validation/temperature", "test/calibration_error.temperature"}


def drawn(temperature: float, *, number: int = 3000, classes: int = 10) -> tuple[Tensor, Tensor]:
    """Logits that are so many times too large, and labels drawn as often as the right ones say."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(number, classes, generator=generator)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator).squeeze(1)
    return logits * temperature, labels


def loss_at(temperature: float, logits: Tensor, labels: Tensor) -> float:
    return functional.cross_entropy(logits.double() / temperature, labels).item()


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_the_temperature_of_logits_that_are_too_large_is_found(true: float) -> None:
    logits, labels = drawn(true)
    fitted = fitted_temperature(logits, labels)
    assert fitted == pytest.approx(true, rel=0.1)
    assert fitted is not None
    for other in (fitted * 1.001, fitted / 1.001):
        assert loss_at(fitted, logits, labels) < loss_at(other, logits, labels)


def test_it_scales_with_the_logits_and_does_not_move_with_an_added_number() -> None:
    logits, labels = drawn(1.0, number=200)
    fitted = fitted_temperature(logits, labels)
    assert fitted is not None
    assert fitted_temperature(2 * logits, labels) == pytest.approx(2 * fitted, rel=1e-6)
    assert fitted_temperature(logits + 7, labels) == pytest.approx(fitted, rel=1e-5)


def test_it_stays_within_bounds_and_leaves_out_what_is_never_predicted() -> None:
    assert fitted_temperature(torch.eye(3) * 5, torch.arange(3)) == pytest.approx(LEAST)
    assert fitted_temperature(torch.zeros(3, 3), torch.tensor([0, 0, 1])) is not None
    assert fitted_temperature(torch.tensor([[1.0, 0.0]]), torch.tensor([1])) == pytest.approx(MOST)
    assert fitted_temperature(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)) is None
    never = torch.tensor([[1.0, -torch.inf], [2.0, -torch.inf]])
    assert fitted_temperature(never, torch.tensor([1, 1])) is None
    logits, labels = drawn(2.0, number=300, classes=3)
    wider = torch.cat([logits, torch.full((300, 1), -torch.inf)], dim=1)
    assert fitted_temperature(wider, labels) == pytest.approx(fitted_temperature(logits, labels))


@pytest.mark.slow
def test_a_run_tells_it_with_the_last_epoch_where_it_has_a_validation_split(tmp_path: Path) -> None:
    posthoc = {"loss": {"name": "cross_entropy"}, "posthoc": {"name": "logit_adjustment"}}
    first, last = epochs(run({**DIGITS, "method": posthoc}))
    assert not NAMES & first.metrics.keys()
    assert last.metrics.keys() >= NAMES
    assert (last.metrics["validation/temperature"] or 0) > 0
    without = {**DIGITS, "dataset": {"name": "digits"}, "checkpoints": {"every_epochs": 1}, "epochs": 1}
    assert not NAMES & epochs(run(without))[-1].metrics.keys()
    multi_label = {"dataset": "tail", "method": "binary_cross_entropy", "epochs": 1}
    assert not NAMES & epochs(run(multi_label, datasets=long_tailed(tmp_path)))[-1].metrics.keys()
