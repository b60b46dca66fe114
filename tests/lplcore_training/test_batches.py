"""No batch or part of one where the network normalises over the batch; what cannot work is refused beforehand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

import lplcore
from lplcore.errors import SpecError
from lplcore.frame.batch_parts import part_sizes, sizes
from lplcore.plugin import plugins
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from tests.grids import every
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after

MODELS = plugins("model")
IMAGE_MODELS = [name for name, record in MODELS.items() if record.images_only]
SMALL_ONES = ["resnet32", "resnet50"]


def images(folder: Path, number: int, *, size: int = 4) -> dict[str, lplcore.RegisteredDataset]:
    """Random images of two classes, registered as `images`."""
    draw = np.random.default_rng(0)
    x, y = draw.integers(0, 256, (number, 3, size, size), dtype=np.uint8), np.arange(number) % 2
    np.savez(folder / "images.npz", x_train=x, y_train=y, x_test=x[[0, 0]], y_test=[0, 1])
    return {"images": lplcore.RegisteredDataset("images", str(folder / "images.npz"))}


def spec_of(**changes: Any) -> Spec:
    return {
        "dataset": "images",
        "model": "resnet32",
        "method": "cross_entropy",
        "augmentation": "none",
        "epochs": 2,
        "batch_size": 32,
        "precision": "float32",
        **changes,
    }


@pytest.mark.parametrize("number", range(1, 40))
@pytest.mark.parametrize("size", [1, 2, 3, 7, 32])
@pytest.mark.parametrize("least", [1, 2])
def test_pieces_cover_everything_in_order_and_none_is_too_small(number: int, size: int, least: int) -> None:
    pieces = sizes(number, size, least=least)
    assert sum(pieces) == number
    assert min(pieces) >= min(least, number)
    assert max(pieces) <= max(size, least) + least - 1
    dropped = sizes(number, size, least=least, drop_last=True)
    assert dropped == [max(size, least)] * (number // max(size, least)) or dropped == [number]
    for parts in (1, 2, 5):
        cut = part_sizes(number, parts, least=least)
        assert sum(cut) == number
        assert len(cut) <= parts
        assert min(cut) >= min(least, number)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_whether_it_normalises_over_the_batch(name: str) -> None:
    record = MODELS[name]()
    with torch.device("meta"):
        module: nn.Module = record.build(input_shape=(3, 32, 32), num_classes=4)
    assert record.batch_statistics == any(isinstance(part, _BatchNorm) for part in module.modules())


@pytest.mark.slow
@pytest.mark.parametrize("model", every(2, SMALL_ONES))
@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (33, {}),
        (5, {"batch_size": 4}),
        (9, {"batch_size": 9, "accumulation_steps": 8}),
        (6, {"batch_size": 3, "accumulation_steps": 3}),
        (33, {"drop_last": True}),
    ],
    ids=str,
)
def test_a_single_example_is_never_left_alone(model: str, number: int, changes: dict[str, Any], tmp_path: Path) -> None:
    size = 32 if model == "resnet50" else 4
    data, spec = images(tmp_path, number, size=size), spec_of(model=model, epochs=1, **changes)
    events = run(spec, datasets=data)
    assert end(events).outcome == "succeeded", end(events).message


def test_a_joined_last_batch_is_counted_once_and_resumes_exactly(tmp_path: Path) -> None:
    data = images(tmp_path, 97)
    whole = run(spec_of(), tmp_path / "whole", datasets=data)
    training = TrainingRun(
        parse_spec(spec_of(), datasets=data), device=torch.device("cpu"), data_dir=tmp_path, datasets=data
    )
    assert training.steps == 3
    assert [len(training.feed.step(step).indices) for step in range(3)] == [32, 32, 33]
    for steps in (1, 2, 3, 5):
        folder = tmp_path / str(steps)
        first = run(spec_of(), folder, datasets=data, should_stop=stop_after(steps))
        second = run(spec_of(), folder, datasets=data, resume_from=checkpoints(first)[-1].path)
        assert_same_epochs(epochs(first) + epochs(second), epochs(whole))


def test_networks_without_batch_statistics_keep_their_batch_of_one(tmp_path: Path) -> None:
    data = images(tmp_path, 33)
    spec = parse_spec(spec_of(model="mlp"), datasets=data)
    training = TrainingRun(spec, device=torch.device("cpu"), data_dir=tmp_path, datasets=data)
    assert [len(training.feed.step(step).indices) for step in range(training.steps)] == [32, 1]


@pytest.mark.parametrize(
    ("number", "changes", "path"),
    [
        (33, {"batch_size": 1}, "batch_size"),
        (1, {"batch_size": 1}, "dataset"),
        (
            33,
            {
                "method": {"alias": "meta_weight_net", "meta_batch_size": 1},
                "dataset": {"name": "images", "meta_per_class": 2},
            },
            "method.procedure.meta_batch_size",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("model", IMAGE_MODELS)
def test_what_leaves_a_single_example_is_refused_beforehand(
    number: int, changes: dict[str, Any], path: str, model: str, tmp_path: Path
) -> None:
    data = images(tmp_path, number, size=32)
    spec = parse_spec(spec_of(model=model, **changes), datasets=data)
    with pytest.raises(SpecError) as caught:
        spec.check(lplcore.dataset_info(spec.dataset, datasets=data))
    assert path in [error["path"] for error in caught.value.errors]
    assert "at least 2" in str(caught.value)
