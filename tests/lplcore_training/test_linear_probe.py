"""A linear probe: the last part of a network, trained on features that are computed once, as on a frozen network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lplcore.data.images.pipeline import InputPipeline
from lplcore.errors import SpecError
from lplcore.models import Classifier
from lplcore.plugin import get
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from tests.grids import campaign
from tests.lplcore_training.captured_runs import spec_of
from tests.lplcore_training.photographs import written
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after
from tests.lplcore_training.test_captured import assert_captured_is_eager
from tests.lplcore_training.test_streams import content

NETWORK: dict[str, Any] = {"name": "torchvision", "architecture": "shufflenet_v2_x1_0", "linear_probe": True}
PROBE: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 60, "validation_fraction": 0.2},
    "model": NETWORK,
    "method": {"alias": "lpl", "split": "performance", "threshold": "mean", "q_estimate": "running"},
    "augmentation": "none",
    "schedule": "constant",
    "epochs": 2,
    "batch_size": 64,
    "precision": "float32",
    "checkpoints": {"every_epochs": 1, "keep_best": True},
}
FROZEN: dict[str, Any] = {**NETWORK, "linear_probe": False, "frozen_stages": 5}
NECK = {"neck": {"features": 12}, "head": "cosine"}


def training_run(spec: Spec) -> TrainingRun:
    return TrainingRun(parse_spec(spec), device=torch.device("cpu"), data_dir="data", datasets={})


def trained(spec: Spec) -> tuple[TrainingRun, list[dict[str, float | None]]]:
    """A run whose epochs are done, and their metrics."""
    training, metrics = training_run(spec), []
    while not training.finished:
        for _ in range(training.steps):
            training.train_step()
        metrics.append(training.finish_epoch()[0].metrics)
        training.draw_epoch()
    return training, metrics


@pytest.mark.parametrize("more", [{}, campaign(NECK)], ids=["last layer", "neck"])
@pytest.mark.parametrize("method", [PROBE["method"], {"alias": "ldam_drw", "start": 0.5}, "class_balanced_finetune"])
def test_it_is_the_frozen_network_but_for_rounding(more: dict[str, Any], method: Any) -> None:
    (probe, own), (slow, other) = (
        trained({**PROBE, "method": method, "model": {**model, **more}}) for model in (NETWORK, FROZEN)
    )
    weights, expected = probe.state.model.state_dict(), slow.state.model.state_dict()
    assert weights.keys() == expected.keys()
    for name, value in weights.items():
        torch.testing.assert_close(value, expected[name], atol=2e-4, rtol=2e-4, msg=name)
    for mine, theirs in zip(own, other, strict=True):
        assert mine.keys() == theirs.keys()
        for name in ("train/loss", "validation/top1_error", "test/loss"):
            assert mine[name] == pytest.approx(theirs[name], rel=2e-3, abs=2e-3)


@contextmanager
def counted(body: nn.Module) -> Iterator[list[int]]:
    """Sizes of the batches that go through it."""
    seen: list[int] = []

    def look(module: nn.Module, inputs: tuple[Tensor]) -> None:
        seen.append(len(inputs[0]))

    handle = body.register_forward_pre_hook(look)
    yield seen
    handle.remove()


def test_every_image_goes_through_the_body_once_and_the_body_stays() -> None:
    training = training_run({**PROBE, "epochs": 3})
    body = training.state.model.body
    assert isinstance(body, nn.Module)
    before = {name: value.clone() for name, value in training.state.model.state_dict().items()}
    with counted(body) as seen:
        for _ in range(3):
            for _ in range(training.steps):
                training.train_step()
            training.finish_epoch()
            training.draw_epoch()
    assert sum(seen) == training.info.num_train + training.info.num_validation + training.info.num_test
    after = training.state.model.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("steps", [campaign(0), 3, campaign(6)])
def test_a_run_goes_on_where_it_stopped_bit_for_bit(steps: int, tmp_path: Path) -> None:
    spec = {**PROBE, "model": {**NETWORK, **NECK}}
    whole = run(spec, tmp_path / "whole")
    stopped = run(spec, tmp_path / "first", should_stop=stop_after(steps))
    resumed = run(spec, tmp_path / "second", resume_from=Path(checkpoints(stopped)[-1].path))
    assert end(resumed).outcome == "succeeded"
    done = epochs(resumed)
    assert_same_epochs(epochs(whole)[-len(done) :], done)
    assert Path(checkpoints(resumed)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


def test_a_captured_step_is_the_eager_one() -> None:
    changes = {**PROBE, "checkpoints": {}, "model": {**NETWORK, "neck": {"features": 8}}}
    assert_captured_is_eager(spec_of(changes, "la_lpl"))


def test_a_crop_that_draws_nothing_is_of_the_features() -> None:
    cropped = {**PROBE, "augmentation": {"name": "resize_center_crop", "share": 0.5}}
    whole, part = training_run(PROBE), training_run(cropped)
    for training in (whole, part):
        training.train_step()
    assert not torch.allclose(whole.train_split.held, part.train_split.held)
    assert whole.evaluation.test is not None
    assert part.evaluation.test is not None
    assert torch.equal(whole.evaluation.test.held, part.evaluation.test.held)
    images = training_run(cropped).data.train.held
    changed = part.spec.augmentation.apply(images, torch.empty(len(images), 0))
    model, input_of = part.state.model.eval(), part.network_input
    with torch.no_grad():
        torch.testing.assert_close(model.pooled(input_of(changed)), part.train_split.held)


@pytest.mark.parametrize("augmentation", ["none", {"name": "resize_center_crop", "share": 0.6}])
def test_images_that_are_read_once_are_probed_as_held_ones_are(augmentation: Any, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    data = written(folder, train=46, test=17)
    changes = {"dataset": {"name": "photographs", "image_size": 12}, "augmentation": augmentation, "checkpoints": {}}
    pipelines = (InputPipeline(), InputPipeline(memory_bytes=0), InputPipeline(memory_bytes=0, workers=2))
    first, *others = [
        run({**PROBE, **changes, "batch_size": 16}, tmp_path / str(number), datasets=data, pipeline=pipeline)
        for number, pipeline in enumerate(pipelines)
    ]
    for events in others:
        assert content(events) == content(first)
        assert_same_epochs(epochs(events), epochs(first))


@pytest.mark.parametrize("name", ["resnet50", "torchvision"])
def test_pooled_features_and_the_rest_are_the_network(name: str) -> None:
    record = get("model", name)(linear_probe=True)
    model: Classifier = record.build(input_shape=(3, 32, 32), num_classes=4).eval()
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pooled = model.pooled(images)
        assert torch.equal(model.from_pooled(pooled).logits, model(images).logits)
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learning == {"classifier.weight", "classifier.bias"}
    body = model.train().body
    assert isinstance(body, nn.Module)
    assert not any(module.training for module in body.modules() if isinstance(module, nn.BatchNorm2d))


@pytest.mark.parametrize(
    "model", [{**FROZEN, "architecture": "resnet18", "frozen_stages": 1}, {"name": "resnet50", "frozen_stages": 1}]
)
def test_a_frozen_stage_counts_no_statistics_from_the_first_step_on(model: Spec) -> None:
    training = training_run({**PROBE, "model": model})
    before = {name: value.clone() for name, value in training.state.model.state_dict().items()}
    training.train_step()
    after = training.state.model.state_dict()
    assert torch.equal(after["body.bn1.running_mean"], before["body.bn1.running_mean"])
    assert not torch.equal(after["body.layer2.0.bn1.running_mean"], before["body.layer2.0.bn1.running_mean"])


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"augmentation": "pad_crop_flip"}, "augmentation.name", "use 'none' or a fixed crop"),
        ({"augmentation": ["resize_center_crop", "horizontal_flip"]}, "augmentation.name", "'sequence' changes images"),
        ({"method": {"targets": ["mixup"]}}, "method.targets.0.name", "'mixup' mixes images"),
        ({"method": {"targets": ["cutmix"]}}, "method.targets.0.name", "'cutmix' mixes images"),
        ({"method": "acgan"}, "method.procedure.name", "needs the images"),
    ],
)
def test_what_changes_examples_is_refused_with_the_remedy(changes: Spec, path: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        training_run({**PROBE, **changes})
    (problem,) = [error for error in caught.value.errors if error["path"] == path]
    assert says in problem["message"]
