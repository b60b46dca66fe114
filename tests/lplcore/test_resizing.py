"""Resizing of images from files: beside Pillow's, and the same bits on every CPU."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lplcore.data.images.decoding import Array, cut, resized, shrunk

ROOT = Path(__file__).parents[2]
SIZES = [(375, 500, 256, 341), (220, 260, 224, 224), (1, 1, 24, 24), (100, 37, 224, 224), (400, 300, 13, 17)]


def noise(height: int, width: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("sizes", SIZES)
def test_resizing_is_pillows_within_a_level(sizes: tuple[int, int, int, int]) -> None:
    old_height, old_width, height, width = sizes
    image = noise(old_height, old_width)
    expected = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    own = resized(image, height, width)
    assert own.shape == expected.shape
    assert own.flags.c_contiguous
    assert np.abs(own.astype(int) - expected).max() <= 1


def test_a_cut_sees_nothing_outside_its_box() -> None:
    image = noise(40, 60)
    image.flags.writeable = False
    own = cut(image, (10, 5, 50, 35), 20)
    assert np.array_equal(own, resized(image[5:35, 10:50], 20, 20))
    other = np.zeros_like(image)
    other[5:35, 10:50] = image[5:35, 10:50]
    assert np.array_equal(cut(other, (10, 5, 50, 35), 20), own)


@pytest.mark.parametrize(("height", "width", "shape"), [(375, 500, (256, 341)), (500, 375, (341, 256))])
def test_an_image_keeps_its_ratio_and_small_ones_pass(height: int, width: int, shape: tuple[int, int]) -> None:
    image = noise(height, width)
    assert shrunk(image, 256).shape == (*shape, 3)
    assert shrunk(image, 375) is image


def bits() -> str:
    """A checksum of all sizes."""
    images = (resized(noise(*sizes[:2]), *sizes[2:]) for sizes in SIZES)
    return hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()


@pytest.mark.slow
def test_a_cpu_without_vector_instructions_gives_the_same_bits() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import bits; print(bits())"],
        env={**os.environ, "ATEN_CPU_CAPABILITY": "default", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == bits()
