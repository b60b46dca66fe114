"""Row p of an epoch's draws belongs to position p of its order, however the epoch is cut, stopped or resumed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lplcore.events import LogLine
from lplcore.randomness import rows
from lplcore.spec.experiment import parse_spec
from lplcore.training import checkpoint
from lplcore.training.checkpoint import Checkpoint
from lplcore.training.run import TrainingRun
from lplcore.training.saving import checkpoint_of, resume
from tests.lplcore_training.runs import IMAGES, Spec, checkpoints, end, run, stop_after

SPEC: Spec = {**IMAGES, "method": "cross_entropy", "model": "resnet32", "batch_size": 64}
AWARE: Spec = {**SPEC, "method": {"alias": "cross_entropy", "sampler": {"name": "class_aware"}}}


def training_run(spec: Spec, **changes: Any) -> TrainingRun:
    return TrainingRun(parse_spec({**spec, **changes}), device=torch.device("cpu"), data_dir="data", datasets={})


def inputs_of(training: TrainingRun, steps: int | None = None) -> Tensor:
    """[M, ...] what the network is given in the steps that are left of the epoch, or in so many of them."""
    seen: list[Tensor] = []

    def look(module: nn.Module, arguments: tuple[Tensor]) -> None:
        seen.append(arguments[0].detach().clone())

    handle = training.state.model.register_forward_pre_hook(look)
    for _ in range(training.steps - training.step if steps is None else steps):
        training.train_step()
    handle.remove()
    return torch.cat(seen)


def test_the_numbers_of_a_row_depend_on_its_position_alone() -> None:
    whole = rows(3, "augmentation", 5, number=1000, width=7)
    assert whole.dtype == torch.float32
    assert (whole >= 0).all()
    assert (whole < 1).all()
    assert torch.equal(rows(3, "augmentation", 5, first=417, number=9, width=7), whole[417:426])
    assert torch.equal(rows(3, "augmentation", 5, number=1000, width=2), whole[:, :2])
    for other in (rows(4, "augmentation", 5, number=1000, width=7), rows(3, "augmentation", 6, number=1000, width=7)):
        assert not (whole == other).all(dim=1).any()


def test_the_numbers_are_uniform_and_independent() -> None:
    drawn = rows(0, "augmentation", 0, number=200_000, width=6).double()
    assert (drawn.mean(dim=0) - 0.5).abs().max() < 0.005
    assert (drawn.var(dim=0) - 1 / 12).abs().max() < 0.001
    between = torch.corrcoef(torch.cat([drawn[:-1], drawn[1:]], dim=1).T)
    assert (between - torch.eye(12)).abs().max() < 0.01


@pytest.mark.parametrize("width", [0, 1, 4, 5])
def test_no_rows_and_no_columns_are_empty(width: int) -> None:
    assert rows(0, "augmentation", 0, number=0, width=width).shape == (0, width)
    assert rows(0, "augmentation", 0, number=3, width=width).shape == (3, width)


@pytest.mark.parametrize("spec", [SPEC, AWARE], ids=["uniform", "class_aware"])
def test_another_batch_size_augments_every_position_alike(spec: Spec) -> None:
    expected = inputs_of(training_run(spec))
    for size in (17, 150):
        assert torch.equal(inputs_of(training_run(spec, batch_size=size)), expected)


def test_an_example_drawn_twice_in_an_epoch_has_two_crops() -> None:
    training = training_run(AWARE, augmentation={"name": "pad_crop_flip", "padding": 4})
    order, inputs = training.feed.epoch.order, inputs_of(training)
    rare = order.bincount().argmax()
    copies = torch.unique(inputs[order == rare].flatten(1), dim=0)
    assert (order == rare).sum() > 10
    assert copies.shape[0] > 0.5 * int((order == rare).sum())


@pytest.mark.parametrize("parts", [2, 3])
def test_a_run_that_goes_on_in_other_parts_keeps_its_draws(parts: int) -> None:
    whole = inputs_of(training_run(AWARE))
    first = training_run(AWARE)
    begun = inputs_of(first, steps=2)
    second = training_run(AWARE, accumulation_steps=parts)
    resume(second, checkpoint_of(first))
    assert second.step == 2
    assert torch.equal(torch.cat([begun, inputs_of(second)]), whole)


def test_a_run_that_0_1_0_began_goes_on_and_says_what_differs(tmp_path: Path) -> None:
    path = Path(checkpoints(run(SPEC, tmp_path / "first", should_stop=stop_after(1)))[-1].path)
    saved = checkpoint.load(path)
    old = {key: value for key, value in saved.metadata.items() if key not in ("draws", "format")}
    checkpoint.save(tmp_path / "old.safetensors", Checkpoint(saved.tensors, old))
    for file, said in ((path, False), (tmp_path / "old.safetensors", True)):
        events = run(SPEC, tmp_path / "second", resume_from=file)
        assert end(events).outcome == "succeeded"
        logged = [event.message for event in events if isinstance(event, LogLine) and event.level == "warning"]
        assert any(line.startswith("begun by version 0.1.0") for line in logged) is said
