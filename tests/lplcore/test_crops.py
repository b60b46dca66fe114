"""Which part of an image a crop takes, beside loops over images; and the cut beside torchvision's."""

import itertools
import math
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor

from lplcore.augmentations.crop import Crop, cut
from lplcore.augmentations.multi_scale_crop import MultiScaleCrop
from lplcore.augmentations.random_crop import RandomCrop
from lplcore.augmentations.random_resized_crop import RandomResizedCrop
from lplcore.augmentations.resize_center_crop import ResizeCenterCrop
from lplcore.plugin import get, names
from tests.lplcore.test_augmentations import assert_near, functional, numbers, pictures

CROPS = [name for name in names("augmentation") if issubclass(get("augmentation", name), Crop)]
SIZES = [(500, 375), (375, 500), (64, 64), (1000, 40), (40, 1000), (3, 2), (1, 1), (1, 300), (2000, 3000)]


def many(size: tuple[int, int], record: Crop, number: int = 500) -> tuple[Tensor, Tensor]:
    """Sizes and draws of as many images of one size."""
    return torch.tensor([size]).repeat(number, 1), numbers(number, record)


def test_there_are_crops() -> None:
    assert set(CROPS) == {"multi_scale_crop", "random_crop", "random_resized_crop", "resize_center_crop"}


@pytest.mark.parametrize("name", CROPS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_box_lies_in_its_image_and_follows_its_own_draws(name: str, size: tuple[int, int]) -> None:
    record = get("augmentation", name)()
    sizes, draws = many(size, record)
    draws[0], draws[1] = 0.0, 1 - 2**-24
    boxes = record.boxes(sizes, draws)
    left, top, right, bottom = boxes.T
    assert boxes.dtype == torch.int64
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= size[0]).all()
    assert (bottom <= size[1]).all()
    assert (right > left).all()
    assert (bottom > top).all()
    for number in (1, 7, 64):
        pieces = [record.boxes(sizes[: len(part)], part) for part in draws.split(number)]
        assert torch.equal(torch.cat(pieces), boxes)
    other = torch.tensor([[640, 480]])
    assert torch.equal(record.boxes(torch.cat([other, sizes]), torch.cat([draws[:1], draws]))[1:], boxes)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_cut_is_torchvisions_resized_crop(channels: int) -> None:
    images = pictures(40, channels, size=(40, 56))
    sizes = torch.tensor([[56, 40]]).repeat(40, 1)
    record = RandomResizedCrop()
    boxes = record.boxes(sizes, numbers(40, record))
    own = cut(images, boxes)
    for image, done, (left, top, right, bottom) in zip(images, own, boxes.tolist(), strict=True):
        expected = functional.resized_crop(image.float(), top, left, bottom - top, right - left, [40, 56])
        assert_near(done, expected.round())
    assert torch.equal(cut(images, torch.tensor([[0, 0, 56, 40]]).repeat(40, 1)), images)
    assert torch.equal(record.apply(images, numbers(40, record)), own)


def resized_crop(width: int, height: int, draws: list[float]) -> tuple[int, int, int, int]:
    """torchvision's random resized crop with these numbers in the place of its own."""
    low, high = math.log(3 / 4), math.log(4 / 3)
    for share, skew in zip(draws[:20:2], draws[1:20:2], strict=True):
        area, ratio = width * height * (0.08 + 0.92 * share), math.exp(low + (high - low) * skew)
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = int(draws[20] * (width - w + 1)), int(draws[21] * (height - h + 1))
            return left, top, left + w, top + h
    w, h = width, height
    if width / height < 3 / 4:
        h = round(w / (3 / 4))
    elif width / height > 4 / 3:
        w = round(h * (4 / 3))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


@pytest.mark.parametrize("size", SIZES[:-2], ids=str)
def test_random_resized_crop_is_torchvisions(size: tuple[int, int]) -> None:
    record = RandomResizedCrop()
    sizes, draws = many(size, record)
    expected = torch.tensor([resized_crop(*size, row) for row in draws.tolist()])
    apart = (record.boxes(sizes, draws) - expected).abs()
    # Single and double precision round a few sides to neighbouring pixels.
    assert apart.max() <= 1
    assert (apart == 0).all(dim=1).float().mean() > 0.99


def test_random_resized_crops_have_the_areas_and_ratios_asked_for() -> None:
    record = RandomResizedCrop(scale=[0.2, 0.4], ratio=[0.5, 2.0])
    boxes = record.boxes(*many((500, 400), record, 20_000)).double()
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    areas, ratios = width * height / 200_000, (width / height).log()
    assert areas.mean() == pytest.approx(0.3, abs=0.002)
    assert areas.std() == pytest.approx(0.2 / 12**0.5, rel=0.02)
    assert ratios.mean() == pytest.approx(0.0, abs=0.01)
    assert ratios.std() == pytest.approx(2 * math.log(2) / 12**0.5, rel=0.02)
    for start, room in ((boxes[:, 0], 500 - width), (boxes[:, 1], 400 - height)):
        places = start / room.clamp(min=1)
        assert places.mean() == pytest.approx(0.5, abs=0.01)
        assert places.std() == pytest.approx(1 / 12**0.5, rel=0.03)


@pytest.mark.parametrize("size", [(500, 375), (37, 64), (1, 5)], ids=str)
def test_random_crop_is_the_loop(size: tuple[int, int]) -> None:
    record = RandomCrop()
    sizes, draws = many(size, record)
    share = Fraction(4, 5)
    apart = []
    for box, row in zip(record.boxes(sizes, draws).tolist(), draws.tolist(), strict=True):
        for axis in (0, 1):
            whole, side, place = size[axis], Fraction(row[axis]), Fraction(row[axis + 2])
            wanted = whole * (share + (1 - share) * side)
            start = (whole - wanted) * place
            first = math.floor(start)
            last = max(math.floor(start + wanted), first + 1)
            apart += [abs(box[axis] - first), abs(box[axis + 2] - last)]
    assert max(apart) <= 1
    assert sum(apart) / len(apart) < 0.005
    sides = record.boxes(*many((1000, 1000), record, 20_000))
    widths = (sides[:, 2] - sides[:, 0]).double()
    assert widths.min() >= 799
    assert widths.mean() == pytest.approx(899.5, abs=2)


def multi_scale_boxes(size: int) -> set[tuple[int, int, int, int]]:
    """Every box that ML-GCN's rule has for a square image, by its loops."""
    boxes = set()
    sides = [int(size * scale) for scale in (1.0, 0.875, 0.75, 0.66, 0.5)]
    for (i, height), (j, width) in itertools.product(enumerate(sides), enumerate(sides)):
        if abs(i - j) > 2:
            continue
        across, down = (size - width) // 4, (size - height) // 4
        for x, y in itertools.product(range(5), range(5)):
            if {x, y} <= {0, 2, 4} or {x, y} <= {1, 3}:
                boxes.add((x * across, y * down, x * across + width, y * down + height))
    return boxes


@pytest.mark.parametrize("size", [512, 448, 61])
def test_multi_scale_crops_are_those_of_the_source(size: int) -> None:
    record = MultiScaleCrop()
    pairs = sum(abs(i - j) <= 2 for i, j in itertools.product(range(5), range(5)))
    grid = torch.tensor(list(itertools.product(range(pairs), range(13))))
    draws = (grid + 0.5) / torch.tensor([pairs, 13])
    boxes = record.boxes(torch.tensor([[size, size]]).repeat(len(draws), 1), draws)
    assert {tuple(box) for box in boxes.tolist()} == multi_scale_boxes(size)
    wide = record.boxes(torch.tensor([[2 * size, size]]).repeat(len(draws), 1), draws)
    assert torch.equal(wide[:, 1::2], boxes[:, 1::2])
    assert ((wide[:, 2] - wide[:, 0]) - 2 * (boxes[:, 2] - boxes[:, 0])).abs().max() <= 1


@pytest.mark.parametrize(("size", "resized"), [((512, 512), 256), ((512, 768), 256), ((1024, 640), 320)])
def test_the_centre_is_that_of_the_resized_image(size: tuple[int, int], resized: int) -> None:
    record = ResizeCenterCrop()
    (box,) = record.boxes(torch.tensor([size]), torch.empty(1, 0)).tolist()
    crop, factor = round(0.875 * resized), min(size) / resized
    width, height = (side / factor for side in size)
    left, top = round((width - crop) / 2), round((height - crop) / 2)
    assert box == pytest.approx([left * factor, top * factor, (left + crop) * factor, (top + crop) * factor], abs=1)


@pytest.mark.parametrize("record", [RandomResizedCrop(), RandomCrop(share=0.5), MultiScaleCrop()], ids=lambda r: r.name)
def test_the_cut_on_the_device_is_of_the_box(record: Any) -> None:
    """An image whose levels are its places says where each pixel came from."""
    size = 32
    across = torch.arange(size).expand(size, size)
    images = torch.stack([across, across.T]).repeat(20, 1, 1, 1).mul(7).to(torch.uint8)
    draws = numbers(20, record)
    boxes = record.boxes(torch.full((20, 2), size), draws)
    done = record.apply(images, draws).float() / 7
    for axis, (low, high) in enumerate(((0, 2), (1, 3))):
        assert (done[:, axis].amin(dim=(1, 2)) - boxes[:, low]).abs().max() < 0.6
        assert (done[:, axis].amax(dim=(1, 2)) - (boxes[:, high] - 1)).abs().max() < 0.6
