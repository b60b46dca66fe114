"""How much a cache will take, from the sizes of a few images."""

from collections.abc import Sequence

from PIL import Image

from lplcore.data.images.decoding import FORMATS
from lplcore.data.images.files import Cache, ImageFiles

SAMPLED = 32
JPEG_BYTES_PER_PIXEL = 0.3
"""Of photographs at the cache's quality."""
Size = tuple[int, int]


def sampled_sizes(files: ImageFiles) -> tuple[Size, ...]:
    """Width and height of a few images, evenly spread; what cannot be read is passed over."""
    places = range(0, len(files), max(1, len(files) // SAMPLED))
    found = (size_of(files, place) for place in places)
    return tuple(size for size in found if size is not None)


def size_of(files: ImageFiles, place: int) -> Size | None:
    """Width and height by an image's header."""
    try:
        with Image.open(files.path(place), formats=FORMATS) as image:
            return image.size
    except Exception:  # a damaged image can raise anything, and is named when it is read
        return None


def kept_bytes(cache: Cache, sizes: Sequence[Size], number: int) -> int | None:
    """About how many bytes so many images take in a cache; None where no size is known."""
    if not sizes:
        return None
    pixels = [width * height * min(1.0, cache.size / min(width, height)) ** 2 for width, height in sizes]
    each = sum(pixels) / len(pixels) * (3 if cache.encoding == "raw" else JPEG_BYTES_PER_PIXEL)
    return round(each * number)
