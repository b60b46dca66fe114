"""Networks, augmentation, schedules, optimiser, randomness and devices."""

import math
from typing import Any

import pytest
import torch
from torch.nn import functional

from lplcore import plugin
from lplcore.device import DeviceUnavailable, choose_device, choose_precision, deterministic_algorithms, memory_format
from lplcore.errors import SpecError
from lplcore.models import Classifier, CosineLinear
from lplcore.randomness import generator, rows, seeded
from lplcore.spec.experiment import parse_spec
from lplcore.torchvision_import import torchvision
from tests.lplcore_training.runs import DIGITS

CPU = torch.device("cpu")


def build(name: str, shape: tuple[int, ...], num_classes: int, **fields: Any) -> Classifier:
    model: Classifier = plugin.get("model", name)(**fields).build(input_shape=shape, num_classes=num_classes)
    return model


def parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_resnet32_has_the_published_number_of_parameters() -> None:
    # 0.46 M in Table 6 of He et al.
    assert parameters(build("resnet32", (3, 32, 32), 10)) == 464_154
    assert parameters(build("resnet32", (3, 32, 32), 100)) == 464_154 + 90 * 65


def test_resnet32_has_32_weighted_layers() -> None:
    model = build("resnet32", (3, 32, 32), 10)
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    assert sum(isinstance(module, kinds) for module in model.modules()) == 32


@pytest.mark.parametrize(
    ("name", "shape"), [("resnet32", (3, 32, 32)), ("resnet32", (1, 8, 8)), ("mlp", (1, 8, 8)), ("mlp", (5,))]
)
@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_models_return_logits_and_the_features_they_come_from(name: str, shape: tuple[int, ...], head: str) -> None:
    model = build(name, shape, 7, head=head).eval()
    output = model(torch.randn(4, *shape))
    assert output.logits.shape == (4, 7)
    assert torch.equal(model.classifier(output.features), output.logits)


def test_a_cosine_head_is_bounded_by_its_scale_and_blind_to_length() -> None:
    head = build("mlp", (5,), 3, head="cosine", cosine_scale=20.0).classifier
    features = torch.randn(6, 128)
    logits = head(features)
    assert logits.abs().max() <= 20.0 + 1e-4
    assert torch.allclose(head(7 * features), logits, atol=1e-4)
    assert isinstance(head, CosineLinear)
    weight = functional.normalize(head.get_parameter("weight")[1], dim=0)
    expected = 20 * functional.cosine_similarity(features[0], weight, dim=0)
    assert torch.allclose(logits[0, 1], expected, atol=1e-4)


def test_pad_crop_flip_moves_and_mirrors_whole_images() -> None:
    images = torch.randint(1, 255, (16, 3, 6, 5), dtype=torch.uint8)
    record = plugin.get("augmentation", "pad_crop_flip")(padding=2)
    changed = record.apply(images, rows(0, "augmentation", 0, number=len(images), width=3))
    assert changed.shape == images.shape
    assert changed.dtype == torch.uint8
    padded = functional.pad(images, (2, 2, 2, 2))
    for original, got in zip(padded, changed, strict=True):
        crops = [original[:, y : y + 6, x : x + 5] for y in range(5) for x in range(5)]
        assert any(torch.equal(got, crop) or torch.equal(got, crop.flip(2)) for crop in crops)


def test_pad_crop_flip_draws_by_position_and_reaches_every_offset() -> None:
    images = torch.arange(64, dtype=torch.uint8).reshape(1, 1, 8, 8).repeat(500, 1, 1, 1) + 1
    record = plugin.get("augmentation", "pad_crop_flip")(padding=1)
    first = record.apply(images, rows(0, "augmentation", 1, number=500, width=3))
    assert torch.equal(first, record.apply(images, rows(0, "augmentation", 1, number=500, width=3)))
    assert not torch.equal(first, record.apply(images, rows(0, "augmentation", 2, number=500, width=3)))
    assert len({tuple(image.flatten().tolist()) for image in first}) == 9 * 2


def test_reflecting_padding_keeps_type_and_is_refused_on_images_too_small() -> None:
    record = plugin.get("augmentation", "pad_crop_flip")(padding=3, padding_mode="reflect")
    images = torch.randint(1, 255, (4, 1, 6, 6), dtype=torch.uint8)
    changed = record.apply(images, rows(0, "augmentation", 0, number=len(images), width=3))
    assert changed.dtype == torch.uint8
    assert changed.min() >= 1
    assert record.check((1, 3, 3))
    assert not record.check((1, 6, 6))
    assert record.check((10,))


def factors(name: str, epochs: int, steps: int, **fields: Any) -> list[float]:
    schedule = plugin.get("schedule", name)(**fields)
    return [schedule.factor(e, s, steps=steps, epochs=epochs) for e in range(epochs) for s in range(steps)]


def test_multistep_falls_after_its_milestones() -> None:
    found = factors("multistep", 5, 1, milestones=[2, 4], gamma=0.1)
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_multistep_may_fall_one_epoch_early() -> None:
    # Code that asks for the rate of epoch + 1: ISDA's falls with the 80th epoch, index 79.
    plain, early = (
        factors("multistep", 160, 1, milestones=[80, 120], gamma=0.1, one_epoch_early=value) for value in (False, True)
    )
    assert [index for index in range(1, 160) if plain[index] != plain[index - 1]] == [80, 120]
    assert [index for index in range(1, 160) if early[index] != early[index - 1]] == [79, 119]
    assert set(early) == set(plain)


def test_warmup_rises_linearly_step_by_step_to_one() -> None:
    found = factors("constant", 3, 4, warmup_epochs=2)
    assert found == pytest.approx([(i + 1) / 8 for i in range(8)] + [1.0] * 4)


def test_cosine_starts_at_one_after_warmup_and_ends_near_zero() -> None:
    found = factors("cosine", 4, 2, warmup_epochs=1)
    after = [0.5 * (1 + math.cos(math.pi * i / 6)) for i in range(6)]
    assert found == pytest.approx([0.5, 1.0, *after])


def test_a_warmup_by_steps_rises_from_its_factor_within_epochs() -> None:
    found = factors("multistep", 3, 4, milestones=[1], gamma=0.1, warmup_steps=6, warmup_factor=0.25)
    plain = [1.0] * 4 + [0.1] * 8
    share = [0.25 + 0.75 * step / 6 for step in range(6)] + [1.0] * 6
    assert found == pytest.approx([a * b for a, b in zip(plain, share, strict=True)])
    third = factors("constant", 1, 2, warmup_steps=2)
    assert third == pytest.approx([1 / 3, 2 / 3])


def test_a_warmup_is_by_epochs_or_by_steps() -> None:
    with pytest.raises(
        SpecError, match=r"schedule\.warmup_steps: stands beside warmup_epochs; set one of the two to 0"
    ):
        parse_spec(DIGITS | {"schedule": {"name": "cosine", "warmup_epochs": 1, "warmup_steps": 5}})
    named = parse_spec(DIGITS | {"epochs": 50, "schedule": {"name": "cosine", "warmup_steps": 5}})
    assert named.schedule.warmup_epochs == 0
    swept = parse_spec(DIGITS | {"epochs": 50, "schedule": "cosine", "sweep": {"schedule.warmup_steps": [0, 5]}})
    warmups = [(run.spec.schedule.warmup_epochs, run.spec.schedule.warmup_steps) for run in swept.plan()]
    assert warmups == [(0, 0), (0, 5)]


def test_adamw_takes_the_step_of_its_formula() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    record = plugin.get("optimizer", "adamw")(lr=0.1, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.5)
    optimizer = record.build([{"params": [weight]}])
    expected, mean, square = weight.detach().clone(), torch.zeros(2).double(), torch.zeros(2).double()
    for step, gradient in enumerate((torch.tensor([2.0, 1.0]), torch.tensor([-1.0, 3.0])), start=1):
        weight.grad = gradient.double()
        optimizer.step()
        mean, square = 0.8 * mean + 0.2 * gradient, 0.9 * square + 0.1 * gradient**2
        direction = (mean / (1 - 0.8**step)) / ((square / (1 - 0.9**step)).sqrt() + 1e-3)
        expected = expected * (1 - 0.1 * 0.5) - 0.1 * direction
    torch.testing.assert_close(weight.detach(), expected)


def test_sgd_takes_the_step_of_its_formula() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = plugin.get("optimizer", "sgd")(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.5).build([weight])
    weight.grad = torch.tensor([2.0])
    optimizer.step()
    gradient = 2.0 + 0.5 * 1.0
    assert weight.item() == pytest.approx(1.0 - 0.1 * (gradient + 0.9 * gradient))


def drawn_at(seed: int, purpose: str, *position: int) -> tuple[float, ...]:
    return tuple(torch.rand(4, generator=generator(seed, purpose, *position)).tolist())


def test_draws_depend_on_seed_purpose_epoch_and_step() -> None:
    positions: list[Any] = [
        (0, "order", 1, 2),
        (1, "order", 1, 2),
        (0, "subset", 1, 2),
        (0, "order", 2, 1),
        (0, "order", 12),
    ]
    drawn = [drawn_at(*position) for position in positions]
    assert len(set(drawn)) == len(drawn)
    assert drawn[0] == drawn_at(*positions[0])


def test_seeded_blocks_repeat_and_leave_the_outside_alone() -> None:
    torch.default_generator.manual_seed(1)
    outside = torch.rand(2)
    torch.default_generator.manual_seed(1)
    with seeded(CPU, 5, "model"):
        first = torch.rand(2)
    assert torch.equal(torch.rand(2), outside)
    with seeded(CPU, 5, "model"):
        assert torch.equal(torch.rand(2), first)


def test_deterministic_algorithms_are_restored() -> None:
    with deterministic_algorithms():
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_explicit_precision_is_kept_and_small_networks_stay_in_float32() -> None:
    assert choose_precision("bf16", CPU, convolutional=False) == "bf16"
    assert choose_precision("float32", CPU, convolutional=True) == "float32"
    assert choose_precision("auto", CPU, convolutional=False) == "float32"
    assert memory_format(CPU, convolutional=True) == torch.channels_last


def test_an_absent_device_is_refused_with_what_there_is() -> None:
    with pytest.raises(DeviceUnavailable, match=r"'cuda:99' is not available here; available: .*cpu"):
        choose_device("cuda:99")
    assert choose_device("cpu") == CPU


def test_torchvision_imports_beside_any_build_of_torch() -> None:
    assert torchvision.datasets.CIFAR10.__name__ == "CIFAR10"
    assert torchvision.transforms is not None
