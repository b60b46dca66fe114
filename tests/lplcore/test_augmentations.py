"""Augmentations beside torchvision's functions, or a loop over images, with the same parameters."""

import colorsys
import importlib
import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.color_jitter import ColorJitter
from lplcore.augmentations.horizontal_flip import HorizontalFlip
from lplcore.augmentations.pad_crop_flip import PadCropFlip
from lplcore.augmentations.photometric_distortion import PhotometricDistortion
from lplcore.augmentations.rand_augment import RandAugment
from lplcore.augmentations.rand_augment.operations import Operation, Strength
from lplcore.augmentations.rand_augment.rand_augment import operated
from lplcore.augmentations.random_erasing import RandomErasing
from lplcore.augmentations.sequence import Sequence
from lplcore.plugin import get, names
from lplcore.torchvision_import import torchvision
from tests.lplcore_training.host_reads import host_reads_are_errors

functional: Any = importlib.import_module(f"{torchvision.__name__}.transforms.v2.functional")
EVERY = [*names("augmentation"), "all"]


def record_of(name: str) -> Augmentation:
    """A plug-in with its defaults; `all`: every one of them, one after the other."""
    if name != "all":
        record: Augmentation = get("augmentation", name)()
        return record
    rest = [get("augmentation", name)() for name in names("augmentation") if name != "sequence"]
    return Sequence(steps=[get("augmentation", "random_resized_crop")(), *(s for s in rest if s.crop is None)])


def pictures(number: int, channels: int = 3, size: tuple[int, int] = (24, 20)) -> Tensor:
    """[N, channels, height, width] with large patches and some noise, over the whole range."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(number, channels, 4, 4, generator=generator) * 1.4 - 0.2
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bilinear")
    return ((smooth + 0.05 * torch.randn(smooth.shape, generator=generator)).clamp(0, 1) * 255).to(torch.uint8)


def numbers(number: int, record: Augmentation, seed: int = 0) -> Tensor:
    return torch.rand(number, record.draws, generator=torch.Generator().manual_seed(seed))


def assert_near(own: Tensor, other: Tensor, *, levels: int = 1, equal: float = 0.99) -> None:
    """Nowhere further apart than so many grey levels, and equal nearly everywhere."""
    apart = (own.int() - other.int()).abs()
    assert apart.max() <= levels
    assert (apart == 0).float().mean() >= equal


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_cut_otherwise_gives_the_same_and_nothing_is_read_on_the_host(name: str, channels: int) -> None:
    record = record_of(name)
    if record.problems((channels, 24, 20)):
        record = record_of("none")
    images, draws = pictures(13, channels), numbers(13, record)
    whole = record.apply(images, draws)
    assert (whole.shape, whole.dtype) == (images.shape, torch.uint8)
    for size in (1, 4):
        pieces = [record.apply(*pair) for pair in zip(images.split(size), draws.split(size), strict=True)]
        assert torch.equal(torch.cat(pieces), whole)
    with host_reads_are_errors():
        guarded = record.apply(images, draws)
    assert torch.equal(guarded, whole)
    assert record.apply(images[:0], draws[:0]).shape == (0, *images.shape[1:])


@pytest.mark.parametrize("name", EVERY)
def test_only_the_draws_decide_and_images_stay_as_they_are(name: str) -> None:
    record, images = record_of(name), pictures(8)
    before = images.clone()
    torch.default_generator.manual_seed(1)
    first = record.apply(images, numbers(8, record))
    torch.default_generator.manual_seed(2)
    assert torch.equal(record.apply(images, numbers(8, record)), first)
    assert torch.equal(images, before)
    if record.draws:
        twice = record.apply(images[:1].expand(50, -1, -1, -1), numbers(50, record))
        assert len(twice.flatten(1).unique(dim=0)) > 1


@pytest.mark.parametrize("name", EVERY)
def test_draws_at_the_ends_of_their_range_are_right_too(name: str) -> None:
    record, images = record_of(name), pictures(2)
    for value in (0.0, 1 - 2**-24):
        assert record.apply(images, torch.full((2, record.draws), value)).shape == images.shape


def test_a_flip_is_torchvisions() -> None:
    record, images = HorizontalFlip(probability=0.3), pictures(400)
    draws = numbers(400, record)
    flipped = record.apply(images, draws)
    for image, own, draw in zip(images, flipped, draws[:, 0].tolist(), strict=True):
        assert torch.equal(own, functional.horizontal_flip(image) if draw < 0.3 else image)
    assert 0.24 < (draws < 0.3).float().mean() < 0.36


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_jitter_is_torchvisions_one_by_one(channels: int) -> None:
    colours = {"saturation": 0.6, "hue": 0.2} if channels == 3 else {"saturation": 0.0, "hue": 0.0}
    record = ColorJitter(brightness=0.4, contrast=1.5, **colours)
    assert record.check((channels, 24, 20)) == []
    images, draws = pictures(60, channels), numbers(60, record)
    for image, own, (b, c, s, h) in zip(images, record.apply(images, draws), draws.tolist(), strict=True):
        expected = functional.adjust_brightness(image, 0.6 + 0.8 * b)
        expected = functional.adjust_contrast(expected, 2.5 * c)
        if channels == 3:
            expected = functional.adjust_saturation(expected, 0.4 + 1.2 * s)
            expected = functional.adjust_hue(expected, 0.4 * h - 0.2)
        assert_near(own, expected, levels=2, equal=0.85)


@pytest.mark.parametrize(
    ("field", "function", "column"),
    [
        ("brightness", functional.adjust_brightness, 0),
        ("contrast", functional.adjust_contrast, 1),
        ("saturation", functional.adjust_saturation, 2),
        ("hue", functional.adjust_hue, 3),
    ],
)
def test_a_part_of_colour_jitter_is_torchvisions_within_a_level(field: str, function: Any, column: int) -> None:
    width = 0.5
    record = ColorJitter(**{"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0, field: width})
    images, draws = pictures(60), numbers(60, record)
    for image, own, draw in zip(images, record.apply(images, draws), draws[:, column].tolist(), strict=True):
        assert_near(own, function(image, width * (2 * draw - 1) + (field != "hue")))
    still = ColorJitter(brightness=0.0, contrast=0.0, saturation=0.0, hue=1e-9)
    assert torch.equal(still.apply(images, draws), images)


PERMUTATIONS = [(0, 1, 2), (0, 2, 1), (1, 2, 0), (1, 0, 2), (2, 0, 1), (2, 1, 0)]


def distorted(image: Tensor, draws: list[float]) -> Tensor:
    """Photometric distortion with its defaults, one pixel at a time."""

    def half(draw: float, low: float, high: float, otherwise: float) -> float:
        return otherwise if draw < 0.5 else low + (high - low) * (2 * draw - 1)

    brightness, contrast, saturation, hue, order, swap = draws
    factor = half(contrast, 0.5, 1.5, 1.0)
    result = torch.empty(image.shape)
    for row, column in itertools.product(range(image.shape[1]), range(image.shape[2])):
        pixel = [float(v) + half(brightness, -32, 32, 0.0) for v in image[:, row, column]]
        if order < 0.5:
            pixel = [v * factor for v in pixel]
        h, s, v = colorsys.rgb_to_hsv(*(value / 255 for value in pixel))
        s, h = s * half(saturation, 0.5, 1.5, 1.0), h + half(hue, -18, 18, 0.0) / 360
        pixel = [255 * value for value in colorsys.hsv_to_rgb(h % 1, s, v)]
        if order >= 0.5:
            pixel = [v * factor for v in pixel]
        if swap >= 0.5:
            pixel = [pixel[place] for place in PERMUTATIONS[int((2 * swap - 1) * 6)]]
        result[:, row, column] = torch.tensor(pixel)
    return result.round().clamp(0, 255)


def test_photometric_distortion_is_the_loop() -> None:
    record = PhotometricDistortion()
    # Levels that stay positive: the standard library's HSV has no other.
    images = (40 + pictures(24, size=(6, 5)).int() * 200 // 255).to(torch.uint8)
    draws = numbers(24, record)
    for image, own, row in zip(images, record.apply(images, draws), draws.tolist(), strict=True):
        assert_near(own, distorted(image, row))
    assert torch.equal(record.apply(images, torch.zeros(24, 6)), images)
    swapped = record.apply(images, torch.tensor([0.0, 0, 0, 0, 0, 0.999]).repeat(24, 1))
    assert torch.equal(swapped, images[:, [2, 1, 0]])


def by_torchvision(image: Tensor, operation: Operation, sign: int, magnitude: int) -> Tensor:
    """One operation of torchvision's RandAugment."""
    strength = Strength(magnitude)
    height, width = image.shape[1:]
    moved = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    degrees = sign * math.degrees(math.atan(strength.shear))
    answers: dict[Operation, Any] = {
        Operation.IDENTITY: lambda: image,
        Operation.SHEAR_X: lambda: functional.affine(image, **{**moved, "shear": [degrees, 0.0]}, center=[0, 0]),
        Operation.SHEAR_Y: lambda: functional.affine(image, **{**moved, "shear": [0.0, degrees]}, center=[0, 0]),
        Operation.TRANSLATE_X: lambda: functional.affine(
            image, **{**moved, "translate": [sign * int(150 / 331 * width * magnitude / 30), 0]}
        ),
        Operation.TRANSLATE_Y: lambda: functional.affine(
            image, **{**moved, "translate": [0, sign * int(150 / 331 * height * magnitude / 30)]}
        ),
        Operation.ROTATE: lambda: functional.rotate(image, sign * magnitude),
        Operation.BRIGHTNESS: lambda: functional.adjust_brightness(image, 1 + sign * 0.03 * magnitude),
        Operation.COLOR: lambda: functional.adjust_saturation(image, 1 + sign * 0.03 * magnitude),
        Operation.CONTRAST: lambda: functional.adjust_contrast(image, 1 + sign * 0.03 * magnitude),
        Operation.SHARPNESS: lambda: functional.adjust_sharpness(image, 1 + sign * 0.03 * magnitude),
        Operation.POSTERIZE: lambda: functional.posterize(image, round(8 - magnitude * 4 / 30)),
        Operation.SOLARIZE: lambda: functional.solarize(image, 255 * (1 - magnitude / 30)),
        Operation.AUTO_CONTRAST: lambda: functional.autocontrast(image),
        Operation.EQUALIZE: lambda: functional.equalize(image),
    }
    result: Tensor = answers[operation]()
    return result


@pytest.mark.parametrize("operation", list(Operation), ids=lambda operation: operation.name.lower())
@pytest.mark.parametrize("channels", [1, 3])
def test_an_operation_of_rand_augment_is_torchvisions(operation: Operation, channels: int) -> None:
    images = pictures(10, channels, size=(37, 32))
    images[9] = 77
    for sign, magnitude in itertools.product((-1, 1), (0, 9, 23, 30)):
        own = operated(images, torch.full((10,), operation), torch.full((10,), float(sign)), Strength(magnitude))
        expected = torch.stack([by_torchvision(image, operation, sign, magnitude) for image in images])
        if operation in (Operation.SHEAR_X, Operation.SHEAR_Y, Operation.ROTATE):
            # A place halfway between two pixels may be rounded to either.
            assert (own == expected).float().mean() > 0.985
        else:
            # torchvision rounds a pixel of one grey with itself down, which is one level less at times.
            assert_near(own, expected, equal=0.97)


def test_rand_augment_draws_every_operation_alike_and_does_several() -> None:
    one, two = RandAugment(num_ops=1, magnitude=20), RandAugment(magnitude=20)
    draws = numbers(7000, one)
    counts = (draws[:, 0] * 14).long().bincount(minlength=14)
    assert counts.min() > 400
    assert counts.max() < 600
    images, draws = pictures(64), numbers(64, two)
    assert torch.equal(two.apply(images, draws), one.apply(one.apply(images, draws[:, :2]), draws[:, 2:]))


def erased_box(draws: list[float], height: int, width: int, record: RandomErasing) -> tuple[int, int, int, int] | None:
    """(top, left, height, width) by the loop, None where nothing is erased."""
    happens, left, top, *rest = draws
    if happens >= record.probability:
        return None
    low, high = (math.log(value) for value in record.ratio)
    for share, skew in zip(rest[::2], rest[1::2], strict=True):
        area = height * width * (record.scale[0] + (record.scale[1] - record.scale[0]) * share)
        ratio = math.exp(low + (high - low) * skew)
        tall, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if tall < height and wide < width:
            return int(top * (height - tall + 1)), int(left * (width - wide + 1)), tall, wide
    return None


@pytest.mark.parametrize("scale", [[0.02, 0.33], [0.7, 1.0]])
def test_random_erasing_is_the_loop(scale: list[float]) -> None:
    record = RandomErasing(scale=scale, value=9)
    images, draws = pictures(300), numbers(300, record)
    erased = 0
    for image, own, row in zip(images, record.apply(images, draws), draws.tolist(), strict=True):
        box, expected = erased_box(row, 24, 20, record), image
        if box is not None:
            top, left, height, width = box
            expected = functional.erase(image, top, left, height, width, torch.tensor(9, dtype=torch.uint8))
            erased += 1
        assert torch.equal(own, expected)
    assert 80 < erased < 200


def test_steps_of_a_sequence_have_columns_of_their_own() -> None:
    steps: list[Augmentation] = [PadCropFlip(), ColorJitter(), RandomErasing()]
    record, images = Sequence(steps=steps), pictures(20)
    draws = numbers(20, record)
    expected, start = images, 0
    for step in steps:
        expected = step.apply(expected, draws[:, start : start + step.draws])
        start += step.draws
    assert record.draws == start
    assert torch.equal(record.apply(images, draws), expected)
    assert record.crop is None
    assert record.after_crop is record


def test_what_is_split_off_a_sequence_and_the_rest_are_the_sequence() -> None:
    crop = get("augmentation", "random_resized_crop")()
    for rest in ([], [HorizontalFlip()], [HorizontalFlip(), ColorJitter()]):
        record, images = Sequence(steps=[crop, *rest]), pictures(20)
        draws = numbers(20, record)
        assert record.crop == crop
        assert record.after_crop.draws == record.draws - crop.draws
        cut = crop.apply(images, draws[:, : crop.draws])
        assert torch.equal(record.after_crop.apply(cut, draws[:, crop.draws :]), record.apply(images, draws))
    assert crop.crop is crop
    assert crop.after_crop.name == "none"


@pytest.mark.parametrize(
    ("record", "shape", "says"),
    [
        (PhotometricDistortion(), (1, 8, 8), "needs images of 3 channels, these have 1"),
        (RandAugment(), (4, 8, 8), "needs images of 1 or 3 channels, these have 4"),
        (ColorJitter(), (1, 8, 8), "set saturation and hue to 0"),
        (RandomErasing(), (7,), "needs images"),
        (Sequence(steps=[HorizontalFlip(), ColorJitter()]), (1, 8, 8), "set saturation and hue to 0"),
    ],
)
def test_what_does_not_fit_the_images_is_refused(record: Augmentation, shape: tuple[int, ...], says: str) -> None:
    ((field, text),) = record.problems(shape)
    assert field == ("steps.1.name" if record.name == "sequence" else "name")
    assert says in text
    assert record.check((3, 8, 8)) == []
