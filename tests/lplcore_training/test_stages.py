"""When stage 2 begins: one rule, by whole epochs, for the sampler, the weights and the learning rate alike."""

from typing import Any, NamedTuple

import pytest
import torch

from lplcore.spec.experiment import parse_spec
from lplcore.spec.identity import DRAWS, resume_notes
from lplcore.training.run import TrainingRun
from tests.lplcore_training.runs import Spec

STAGED: dict[str, Spec] = {
    "deferred": {"weighting": "class_balanced", "sampler": "class_aware", "procedure": {"name": "deferred"}},
    "two_stage": {
        "weighting": "class_balanced",
        "sampler": "class_aware",
        "procedure": {"name": "two_stage", "finetune_lr_factor": 0.5},
    },
    "oltr": {
        "weighting": "class_balanced",
        "sampler": "class_aware",
        "procedure": {"name": "oltr", "finetune_lr_factor": 0.5},
    },
}


class Seen(NamedTuple):
    """What is in force at a step."""

    balanced: bool
    weighted: bool
    factor: float


def run_of(method: Spec, *, epochs: int) -> TrainingRun:
    """A run of few steps an epoch."""
    spec = parse_spec(
        {
            "dataset": {"name": "digits", "imbalance_factor": 20},
            "model": {"name": "mlp", "widths": [8]},
            "method": method,
            "schedule": {"name": "constant", "warmup_epochs": 0},
            "epochs": epochs,
        }
    )
    return TrainingRun(spec, device=torch.device("cpu"), data_dir="data", datasets={})


def seen(run: TrainingRun) -> list[list[Seen]]:
    """What is in force at every step of every epoch."""
    logits, labels = torch.tensor([[1.0, *[0.0] * 9]] * 2), torch.tensor([0, 9])
    found: list[list[Seen]] = []
    while run.epoch < run.spec.epochs:
        found.append([])
        while run.step < run.steps:
            rate, progress = run.learning_rate(run.step), run.fraction
            run.train_step()
            output = run.state.criterion.eval().evaluate(logits, labels, progress=progress)
            weighted = not torch.equal(output.loss.detach(), output.perturbed_loss)
            balanced = len(set(run.feed.epoch.order.tolist())) < len(run.feed.epoch.order)
            found[-1].append(Seen(balanced, weighted, rate / run.spec.optimizer.lr))
        run.finish_epoch()
        run.draw_epoch()
    return found


@pytest.mark.parametrize("name", STAGED)
@pytest.mark.parametrize(("start", "first"), [(0.5, 3), (0.4, 2), (0.41, 3), (0.6, 3)])
def test_stage_two_begins_with_one_whole_epoch_for_all_that_changes(name: str, start: float, first: int) -> None:
    method: dict[str, Any] = {**STAGED[name], "procedure": {**STAGED[name]["procedure"], "start": start}}
    factor = STAGED[name]["procedure"].get("finetune_lr_factor", 1.0)
    for epoch, steps in enumerate(seen(run_of(method, epochs=5))):
        second = epoch >= first
        assert set(steps) == {Seen(second, second, factor if second else 1.0)}, epoch


@pytest.mark.parametrize(
    "method",
    [
        {"weighting": {"name": "influence_balanced", "start": 0.5}},
        {"loss": {"name": "generalized_cross_entropy", "truncation": 0.5, "truncation_start": 0.5}},
    ],
)
def test_parts_with_a_start_of_their_own_begin_with_a_whole_epoch(method: Spec) -> None:
    run = run_of(method, epochs=3)
    logits, labels = torch.tensor([[1.0, *[0.0] * 9]] * 2), torch.tensor([0, 9])
    losses: list[list[float]] = []
    while run.epoch < 3:
        losses.append([])
        while run.step < run.steps:
            progress = run.fraction
            run.train_step()
            features = torch.ones(2, 8)
            losses[-1].append(float(run.state.criterion.eval()(logits, labels, features=features, progress=progress)))
        run.finish_epoch()
        run.draw_epoch()
    assert [len(set(found)) for found in losses] == [1, 1, 1]
    assert losses[0] == losses[1] != losses[2]


def test_a_frozen_network_is_held_from_the_first_step_of_a_whole_epoch() -> None:
    run = run_of({"procedure": {"name": "two_stage", "start": 0.5, "train": "classifier"}}, epochs=3)
    modes: list[set[bool]] = []
    while run.epoch < 3:
        modes.append(set())
        while run.step < run.steps:
            run.train_step()
            modes[-1].add(run.state.model.training)
        run.finish_epoch()
        run.draw_epoch()
    assert modes == [{True}, {True}, {False}]


def test_where_nobody_says_when_an_epoch_began_the_share_that_is_done_decides() -> None:
    run = run_of({**STAGED["deferred"], "procedure": {"name": "deferred", "start": 0.5}}, epochs=2)
    criterion = run.state.criterion
    logits, labels = torch.tensor([[1.0, *[0.0] * 9]] * 2), torch.tensor([0, 9])
    before, after = (float(criterion(logits, labels, progress=share)) for share in (0.49, 0.5))
    assert before != after
    criterion.begin_epoch(0.25)
    assert float(criterion(logits, labels, progress=0.6)) == before
    criterion.begin_epoch(0.5)
    assert float(criterion(logits, labels, progress=0.6)) == after


@pytest.mark.parametrize(
    ("method", "epochs", "says"),
    [
        ({"procedure": {"name": "deferred", "start": 0.5}}, 5, "stage 2"),
        ({"procedure": {"name": "deferred", "start": 0.8}}, 5, None),
        ({"perturbations": [{"name": "lpl", "normalize": "column"}]}, 5, "column norms"),
        ({"posthoc": "logit_adjustment"}, 5, "test/loss"),
        ({"weighting": "class_balanced", "targets": ["mixup"]}, 5, "soft targets then had their mean weight"),
        ({"weighting": "class_balanced", "targets": ["disturb_label"]}, 5, None),
        ({"perturbations": ["lpl"]}, 5, None),
    ],
)
def test_a_run_of_version_0_1_0_is_told_what_its_method_does_otherwise(
    method: Spec, epochs: int, says: str | None
) -> None:
    run = run_of(method, epochs=epochs)
    conditions = dict(run.conditions.__dict__)
    notes = resume_notes(run.spec, {"conditions": conditions}, conditions)
    assert [says in note for note in notes if says is not None] == ([] if says is None else [True])
    assert len(notes) == (says is not None)
    assert not resume_notes(run.spec, {"conditions": conditions, "draws": DRAWS}, conditions)
