"""The conformance suite of what stands outside the criterion: samplers, models, data sets and so on; N examples."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lplcore
from lplcore.data.info import DatasetInfo
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError
from lplcore.frame.statistics import class_statistics
from lplcore.models import CosineLinear
from lplcore.plugin import FOLDERS, get, names

CATALOG = lplcore.catalog()
IMAGES, VECTORS = (3, 32, 32), (7,)
TASKS = ("single_label", "multi_label")
SAMPLERS = [(name, task) for name in names("sampler") for task in TASKS if task in get("sampler", name).tasks]
KINDS = [kind for kind in FOLDERS if kind not in ("method", "preset", "study")]
"""Kinds that a spec holds as objects."""
IN_A_SPEC = [(kind, name) for kind in KINDS for name in names(kind)]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in FOLDERS for name in names(kind)])
def test_the_catalogue_describes_every_plug_in(kind: str, name: str) -> None:
    (entry,) = [entry for entry in CATALOG[FOLDERS[kind]] if entry["name"] == name]
    assert entry["title"]
    assert entry["description"]
    assert set(entry["tasks"]) <= set(TASKS)
    assert entry["schema"]["properties"]["name"]["const"] == name
    assert json.loads(json.dumps(entry)) == entry


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The spec's."""
    return lplcore.ExperimentSpec.model_json_schema()


@pytest.mark.parametrize(("kind", "name"), IN_A_SPEC)
def test_the_specs_schema_has_every_plug_in(kind: str, name: str, schema: dict[str, Any]) -> None:
    assert get(kind, name).__name__ in schema["$defs"]


@pytest.mark.parametrize(("kind", "name"), IN_A_SPEC)
def test_a_record_comes_back_from_json(kind: str, name: str) -> None:
    record = get(kind, name)
    for task in sorted(record.tasks):
        value = record(**record.task_defaults.get(task, {}))
        assert record.model_validate_json(value.model_dump_json()) == value


def labels_of(task: str) -> Tensor:
    """Labels [40] or multi-hot rows [40, 4] of four classes of different size."""
    generator = torch.Generator().manual_seed(0)
    if task == "single_label":
        return torch.repeat_interleave(torch.arange(4), torch.tensor([20, 12, 6, 2]))
    return (torch.rand(40, 4, generator=generator) < torch.tensor([0.6, 0.4, 0.2, 0.1])).long()


@pytest.mark.parametrize(("name", "task"), SAMPLERS)
def test_an_order_is_of_examples_and_follows_from_the_generator(name: str, task: str) -> None:
    labels = labels_of(task)
    orders = [get("sampler", name)().order(labels, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)]
    for order in orders:
        assert order.dtype == torch.int64
        assert order.dim() == 1
        assert len(order) > 0
        assert order.min() >= 0
        assert order.max() < len(labels)
    assert torch.equal(orders[0], orders[1])


@pytest.mark.parametrize("name", names("posthoc"))
def test_a_correction_gives_logits_and_classes_may_be_numbered_otherwise(name: str) -> None:
    counts, order = [150, 60, 12, 3], torch.tensor([2, 0, 3, 1])
    layer, renamed = nn.Linear(6, 4), nn.Linear(6, 4)
    with torch.no_grad():
        renamed.weight.copy_(layer.weight[order])
        renamed.bias.copy_(layer.bias[order])
    features = torch.randn(10, 6, generator=torch.Generator().manual_seed(0))
    corrected = get("posthoc", name)().build(class_statistics(counts))(layer(features), layer)
    again = get("posthoc", name)().build(class_statistics([counts[c] for c in order]))(renamed(features), renamed)
    assert corrected.shape == (10, 4)
    assert corrected.isfinite().all()
    torch.testing.assert_close(again, corrected[:, order])


@pytest.mark.parametrize("name", names("model"))
def test_a_network_gives_logits_of_its_last_layers_input(name: str) -> None:
    record = get("model", name)()
    shape = IMAGES if record.images_only else VECTORS
    assert record.check(IMAGES) == []
    assert bool(record.check(VECTORS)) is record.images_only
    with torch.device("meta"):  # shapes alone
        model = record.build(input_shape=shape, num_classes=5)
        logits, features = model(torch.empty(2, *shape))
        assert model.classifier(features).shape == logits.shape
        cosine = get("model", name)(head="cosine").build(input_shape=shape, num_classes=5)
    assert (logits.shape, features.shape) == ((2, 5), (2, model.num_features))
    assert isinstance(cosine.classifier, CosineLinear)


@pytest.mark.parametrize("name", names("augmentation"))
def test_an_augmentation_keeps_shape_and_type_and_reads_an_images_own_draws(name: str) -> None:
    record, generator = get("augmentation", name)(), torch.Generator().manual_seed(0)
    assert record.check(IMAGES) == []
    images = torch.randint(256, (6, *IMAGES), generator=generator, dtype=torch.uint8)
    draws = torch.rand(6, record.draws, generator=generator)
    changed = record.apply(images, draws)
    assert (changed.shape, changed.dtype) == (images.shape, images.dtype)
    order = torch.tensor([3, 1, 5, 0])
    assert torch.equal(record.apply(images[order], draws[order]), changed[order])


@pytest.mark.parametrize("name", names("optimizer"))
def test_an_optimiser_goes_downhill_and_its_state_survives_a_checkpoint(name: str) -> None:
    record = get("optimizer", name)()
    weights = [nn.Parameter(torch.full((3,), 2.0)) for _ in range(2)]
    optimizers = [record.build([{"params": [weight]}]) for weight in weights]

    def step(which: int) -> None:
        optimizers[which].zero_grad()
        torch.autograd.backward((weights[which] ** 2).sum())
        optimizers[which].step()

    step(0)
    assert (weights[0] ** 2).sum() < 12
    optimizers[1].load_state_dict(deepcopy(optimizers[0].state_dict()))
    with torch.no_grad():
        weights[1].copy_(weights[0])
    for which in (0, 1):
        step(which)
    assert torch.equal(*weights)
    fixed = record.build([{"params": [nn.Parameter(torch.ones(3))], "lr": 0.0}])
    assert fixed.param_groups[0]["lr"] == 0.0


@pytest.mark.parametrize("name", names("schedule"))
def test_a_schedule_warms_up_linearly_and_is_never_negative(name: str) -> None:
    record = get("schedule", name)(warmup_epochs=2)
    factors = [record.factor(epoch, step, steps=4, epochs=10) for epoch in range(10) for step in range(4)]
    assert factors[:8] == pytest.approx([(step + 1) / 8 for step in range(8)])
    assert all(np.isfinite(factor) and factor >= 0 for factor in factors)


def facts() -> DatasetInfo:
    """A small data set's."""
    return DatasetInfo(
        name="mine",
        task="single_label",
        classes=("a", "b", "c"),
        class_counts=(9, 5, 2),
        num_train=16,
        num_validation=0,
        num_test=6,
        input_shape=IMAGES,
    )


@pytest.mark.parametrize("name", names("procedure"))
def test_a_procedures_factors_and_stages_are_those_of_a_training(name: str) -> None:
    record = get("procedure", name)()
    assert 0 <= record.second_stage() <= 1
    assert record.in_second_stage(1.0)
    assert record.check(IMAGES) == []
    for second_stage in (False, True):
        for factor in (record.learning_rate_factor, record.slowed_rate_factor):
            assert np.isfinite(factor(second_stage=second_stage))
            assert factor(second_stage=second_stage) >= 0
    if "single_label" in record.tasks:
        assert record.preparation_steps(facts()) >= 0
        optimizers = record.build(facts())
        assert optimizers.optimizers().keys() == optimizers.optimizers().keys()


def error_in(record: Dataset, data_dir: Path) -> DatasetError | None:
    """What is wrong with a data set's files, None where they are right or it has none."""
    try:
        record.read(data_dir, {})
    except DatasetError as error:
        return error
    return None


@pytest.mark.parametrize("name", names("dataset"))
def test_facts_of_a_data_set_are_those_of_its_examples_or_it_says_what_is_absent(name: str, tmp_path: Path) -> None:
    record = get("dataset", name)()
    if error := error_in(record, tmp_path):
        assert str(error).startswith(name)
        assert error.field in type(record).model_fields
        return
    raw = record.read(tmp_path, {})
    expected = record.facts(tmp_path, {})
    assert len(expected.classes) == len(expected.class_counts) >= 2
    assert len(set(expected.classes)) == len(expected.classes)
    assert {expected.task} <= record.tasks
    assert raw.classes == expected.classes
    assert raw.x_train.shape == (expected.num_train, *expected.input_shape)
    assert raw.x_test.shape == (expected.num_test, *expected.input_shape)
    assert len(raw.y_train) == expected.num_train
    assert raw.x_train.dtype == (np.uint8 if len(expected.input_shape) == 3 else np.float32)
