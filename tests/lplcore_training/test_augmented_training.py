"""Training with lists of augmentations: every plug-in at once, captured, cut otherwise, resumed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import SpecError
from lplcore.plugin import get, names
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from tests.grids import every
from tests.lplcore_training.captured_runs import SINGLE, spec_of
from tests.lplcore_training.runs import IMAGES, Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after
from tests.lplcore_training.test_captured import assert_captured_is_eager
from tests.lplcore_training.test_draws import AWARE, inputs_of

COLOURS = ("photometric_distortion",)
"""Those that grey digits do not have."""
GREY: dict[str, Any] = {"color_jitter": {"saturation": 0, "hue": 0}}
CROPS = [name for name in names("augmentation") if get("augmentation", name)().crop is not None]
REST = [name for name in names("augmentation") if name not in (*CROPS, *COLOURS, "sequence")]
STEPS = [{"name": name, **GREY.get(name, {})} for name in REST]
LONG: Spec = {**IMAGES, "augmentation": ["random_resized_crop", *STEPS]}


def test_every_plug_in_at_once_trains_on_colour_images(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(256, size=(40, 3, 8, 8), dtype=np.uint8)
    labels = np.arange(40) % 4
    np.savez(tmp_path / "colour.npz", x_train=images, y_train=labels, x_test=images[:8], y_test=labels[:8])
    data = {"colour": RegisteredDataset("colour", str(tmp_path / "colour.npz"))}
    steps = ["multi_scale_crop", *STEPS, *COLOURS]
    spec = {**IMAGES, "dataset": "colour", "augmentation": steps, "batch_size": 20, "epochs": 1, "schedule": "constant"}
    events = run(spec, datasets=data)
    assert end(events).outcome == "succeeded"
    assert len(epochs(events)) == 1


@pytest.mark.parametrize("crop", every(4, CROPS))
def test_a_captured_step_with_a_list_is_the_eager_one(crop: str) -> None:
    changes = {
        "model": "resnet32",
        "dataset": {"name": "digits", "imbalance_factor": 60},
        "augmentation": [crop, *STEPS],
        "precision": "float32",
    }
    assert_captured_is_eager(spec_of({**SINGLE, **changes, "batch_size": 70}, "cross_entropy"))


def test_a_captured_step_with_cutmix_is_the_eager_one() -> None:
    changes = {"model": "resnet32", "dataset": {"name": "digits", "imbalance_factor": 60}, "precision": "float32"}
    method = {"alias": "cross_entropy", "targets": ["cutmix"]}
    assert_captured_is_eager(parse_spec({**SINGLE, **changes, "batch_size": 70, "method": method}))


def test_another_batch_size_augments_every_position_alike() -> None:
    spec = {**AWARE, "augmentation": ["random_resized_crop", *STEPS]}

    def training(size: int) -> TrainingRun:
        parsed = parse_spec({**spec, "batch_size": size})
        return TrainingRun(parsed, device=torch.device("cpu"), data_dir="data", datasets={})

    expected = inputs_of(training(64))
    for size in (17, 150):
        assert torch.equal(inputs_of(training(size)), expected)


@pytest.mark.parametrize("crop", ["random_resized_crop", {"name": "random_crop", "share": 0.3}, "multi_scale_crop"])
def test_an_example_drawn_twice_in_an_epoch_has_two_crops(crop: Any) -> None:
    parsed = parse_spec({**AWARE, "augmentation": [crop]})
    training = TrainingRun(parsed, device=torch.device("cpu"), data_dir="data", datasets={})
    order, inputs = training.feed.epoch.order, inputs_of(training)
    rare = order.bincount().argmax()
    copies = torch.unique(inputs[order == rare].flatten(1), dim=0)
    assert (order == rare).sum() > 10
    assert copies.shape[0] > 0.4 * int((order == rare).sum())


@pytest.mark.parametrize("method", [LONG["method"], {"alias": "cross_entropy", "targets": ["cutmix"]}])
def test_a_run_with_a_list_goes_on_where_it_stopped(method: Any, tmp_path: Path) -> None:
    spec = {**LONG, "method": method, "model": "resnet32", "accumulation_steps": 2}
    whole = run(spec, tmp_path / "whole")
    stopped = run(spec, tmp_path / "first", should_stop=stop_after(2))
    resumed = run(spec, tmp_path / "second", resume_from=Path(checkpoints(stopped)[-1].path))
    assert end(resumed).outcome == "succeeded"
    assert_same_epochs(epochs(whole)[-1:], epochs(resumed)[-1:])


def test_a_list_of_one_is_what_it_holds() -> None:
    one = {**IMAGES, "epochs": 1, "schedule": "constant"}
    assert_same_epochs(epochs(run(one)), epochs(run({**one, "augmentation": [one["augmentation"]]})))


def test_a_list_in_a_spec_is_a_sequence_and_its_steps_can_be_swept() -> None:
    spec = parse_spec({**LONG, "sweep": {"augmentation.steps.0.scale": [[0.5, 1.0], [0.9, 1.0]]}})
    assert spec.augmentation.name == "sequence"
    assert parse_spec(spec.model_dump(mode="json")).augmentation == spec.augmentation
    scales = [plan.spec.augmentation.model_dump()["steps"][0]["scale"] for plan in spec.plan()]
    assert scales == [[0.5, 1.0], [0.9, 1.0]]
    swept = parse_spec({**IMAGES, "sweep": {"augmentation": ["none", ["random_crop", "horizontal_flip"]]}})
    assert [plan.spec.augmentation.name for plan in swept.plan()] == ["none", "sequence"]


@pytest.mark.parametrize(
    ("steps", "path", "says"),
    [
        ([], "augmentation.steps", "at least 1"),
        (["none"] * 17, "augmentation.steps", "at most 16"),
        (["horizontal_flip", "random_crop"], "augmentation.steps.1.name", "may only be the first step"),
        (["sequence"], "augmentation.steps.0.name", "put the steps of that one here"),
        (["horizontal_flop"], "augmentation.steps.0.name", "did you mean 'horizontal_flip'"),
        ([{"name": "random_resized_crop", "scale": [0.5, 0.2]}], "augmentation.steps.0.scale", "the lower one first"),
    ],
)
def test_a_list_that_is_wrong_is_refused_where_it_is(steps: list[Any], path: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({**IMAGES, "augmentation": steps})
    ((error),) = caught.value.errors
    assert error["path"] == path
    assert says in error["message"]


def test_a_step_that_does_not_fit_the_images_is_named() -> None:
    parsed = parse_spec({**IMAGES, "augmentation": ["horizontal_flip", "photometric_distortion"]})
    with pytest.raises(SpecError, match=r"augmentation.steps.1.name: .* needs images of 3 channels"):
        TrainingRun(parsed, device=torch.device("cpu"), data_dir="data", datasets={})
