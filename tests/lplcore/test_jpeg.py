"""JPEGs decoded without Pillow's copies are the bits that Pillow gives."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from lplcore.data.images.decoding import Undecodable, decode
from lplcore.data.images.jpeg import DCT_FRAMES, decoded_jpeg, frame_of

pytest.importorskip("simplejpeg")


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Colours that change smoothly and suddenly."""
    random = np.random.default_rng(width * 1000 + height)
    across, down = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 7, height))
    waves = np.stack([np.sin(across + each) + np.cos(down * each) for each in range(3)], axis=2)
    levels = 127 + 40 * waves + random.normal(0, 20, waves.shape)
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The file of an image."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def by_us(content: bytes) -> npt.NDArray[np.uint8] | None:
    """What is decoded without Pillow."""
    return decoded_jpeg(Image.open(io.BytesIO(content)))


def by_pillow(content: bytes) -> npt.NDArray[np.uint8]:
    """What Pillow decodes."""
    return np.asarray(Image.open(io.BytesIO(content)))


@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(1, 100),
    st.fixed_dictionaries(
        {
            "subsampling": st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
            "progressive": st.booleans(),
            "optimize": st.booleans(),
            "keep_rgb": st.booleans(),
            "restart_marker_blocks": st.sampled_from([0, 1, 3]),
        }
    ),
)
def test_pixels_are_pillows(width: int, height: int, quality: int, options: dict[str, Any]) -> None:
    if options["keep_rgb"]:
        options["subsampling"] = "4:4:4"
    content = saved(photograph(width, height), quality=quality, **options)
    ours = by_us(content)
    assert ours is not None
    assert np.array_equal(ours, by_pillow(content))


@given(st.data())
def test_a_damaged_file_is_taken_with_pillows_pixels_or_left_to_it(data: st.DataObject) -> None:
    content = bytearray(saved(photograph(60, 40), subsampling=data.draw(st.sampled_from([0, 1, 2]))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(2, len(content)))])
    try:
        opened = Image.open(io.BytesIO(damaged))
    except Exception:  # nothing is asked of us then
        return
    ours = decoded_jpeg(opened)
    if ours is not None:
        assert np.array_equal(ours, by_pillow(damaged))


def turned() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return saved(photograph(30, 20), exif=exif)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(saved(photograph(30, 20, "L")), id="grey"),
        pytest.param(saved(photograph(30, 20, "CMYK")), id="CMYK"),
        pytest.param(saved(photograph(30, 20), "PNG"), id="PNG"),
        pytest.param(turned(), id="turned"),
    ],
)
def test_others_are_left_to_pillow(content: bytes) -> None:
    assert by_us(content) is None
    assert decode(io.BytesIO(content), rules=2).pixels.shape[2] == 3


def test_pixels_are_the_same_without_simplejpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(photograph(300, 200))
    with_it = decode(io.BytesIO(content), rules=2, draft=60)
    monkeypatch.setattr("lplcore.data.images.jpeg.simplejpeg", None)
    without = decode(io.BytesIO(content), rules=2, draft=60)
    assert by_us(content) is None
    assert np.array_equal(with_it.pixels, without.pixels)
    assert with_it[1:] == without[1:]


def test_a_file_that_ends_early_is_damaged() -> None:
    content = saved(photograph(300, 200))
    assert by_us(content[:-500]) is None
    with pytest.raises(Undecodable, match="damaged"):
        decode(io.BytesIO(content[:-500]), rules=2)


@given(st.integers(8, 200), st.integers(8, 200), st.integers(1, 100), st.booleans())
def test_a_large_jpeg_is_drafted_by_pillow(width: int, height: int, draft: int, progressive: bool) -> None:
    content = saved(photograph(width, height), progressive=progressive)
    theirs = Image.open(io.BytesIO(content))
    theirs.draft("RGB", (draft, draft))
    assert np.array_equal(decode(io.BytesIO(content), rules=2, draft=draft).pixels, np.asarray(theirs))


def lossless(side: int) -> bytes:
    """A grey image as a lossless JPEG (ITU T.81, Annex H): every difference from its neighbour is zero."""

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content

    size = side.to_bytes(2, "big")
    colours = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    codes = bytes([0, 1, *[0] * 15, 0])
    scan = bytes([3, 1, 0, 2, 0, 3, 0, 1, 0, 0])
    parts = [
        segment(0xEE, b"Adobe" + bytes([0, 100, 0, 0, 0, 0, 0])),
        segment(0xC4, codes),
        segment(0xC3, bytes([8]) + size + size + b"\x03" + colours),
        segment(0xDA, scan),
    ]
    return b"\xff\xd8" + b"".join(parts) + bytes(3 * side * side // 8) + b"\xff\xd9"


def test_a_lossless_jpeg_is_left_to_pillow() -> None:
    """Scaling one overruns the buffer of simplejpeg 1.9.0."""
    content = lossless(128)
    assert by_us(content) is None
    assert frame_of(content) == 0xC3
    assert decode(io.BytesIO(content), rules=2).pixels.shape == (128, 128, 3)
    with pytest.raises(Undecodable):
        decode(io.BytesIO(content), rules=2, draft=16)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00",
        b"\xff\xd8\x00\x00\x00\x00",
        b"\xff\xd8\xff\xe0\x00\x02",
    ],
)
def test_a_file_without_a_frame_has_none(content: bytes) -> None:
    assert frame_of(content) is None


def test_what_may_hide_a_frame_ends_the_search() -> None:
    plain = saved(photograph(20, 20))
    assert frame_of(plain) in (0xC0, 0xC1)
    for marker in (0xD0, 0x01, 0xFF, 0xCC):
        assert frame_of(plain[:2] + bytes([0xFF, marker]) + plain[2:]) not in DCT_FRAMES
