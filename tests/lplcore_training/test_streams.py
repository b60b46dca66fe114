"""Images that are read as they are needed: the same weights however they come to the network."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lplcore.augmentations.random_resized_crop import RandomResizedCrop
from lplcore.data.images import cache as shards
from lplcore.data.images.files import Cache
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.reading import Wanted
from lplcore.data.raw import RegisteredDataset
from lplcore.events import Event, Progress
from lplcore.randomness import rows
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info, load
from lplcore.training.trainer import train
from tests.grids import campaign
from tests.lplcore_training.photographs import written
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after

STREAMED = InputPipeline(memory_bytes=0)
CROPPED: Spec = {
    "dataset": {"name": "photographs", "image_size": 12, "view": "center_crop", "cache": {"size": 20}},
    "model": {"name": "mlp", "widths": [16]},
    "method": "lpl",
    "augmentation": ["random_resized_crop", "horizontal_flip"],
    "epochs": 2,
    "batch_size": 16,
}
"""Cut out of files at their own sizes; smaller ones than the cache's are among them."""
WHOLE: Spec = {
    **CROPPED,
    "dataset": {"name": "photographs", "image_size": 12},
    "augmentation": {"name": "pad_crop_flip", "padding": 2},
}
"""Whole images, which may be held in memory."""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RegisteredDataset]:
    """46 training and 17 test images of two classes, of several sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    return written(folder, train=46, test=17)


def with_encoding(spec: Spec, encoding: str) -> Spec:
    """The spec with another cache."""
    return {**spec, "dataset": {**spec["dataset"], "cache": {"size": 20, "encoding": encoding}}}


def content(events: list[Event]) -> bytes:
    """The last checkpoint's."""
    assert end(events).outcome == "succeeded", end(events)
    return Path(checkpoints(events)[-1].path).read_bytes()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_held_or_streamed_by_any_number_of_processes(
    workers: int, photographs: dict[str, RegisteredDataset], tmp_path: Path
) -> None:
    held = run(WHOLE, tmp_path / "held", datasets=photographs)
    streamed = run(WHOLE, tmp_path / "streamed", datasets=photographs, pipeline=replace(STREAMED, workers=workers))
    assert content(streamed) == content(held)
    assert_same_epochs(epochs(streamed), epochs(held))


@pytest.mark.parametrize("encoding", ["jpeg", campaign("raw")])
def test_no_cache_an_empty_and_a_full_one(
    encoding: str, photographs: dict[str, RegisteredDataset], tmp_path: Path
) -> None:
    spec = with_encoding(CROPPED, encoding)
    plain = content(run(spec, tmp_path / "none", datasets=photographs))
    cached = replace(STREAMED, cache_dir=tmp_path / "cache", workers=2)
    assert content(run(spec, tmp_path / "empty", datasets=photographs, pipeline=cached)) == plain
    assert list((tmp_path / "cache").glob(f"20-{encoding}-*/*.shard"))
    # What is kept is read: the files themselves are no longer images.
    folder, away = Path(photographs["photographs"].path), tmp_path / "away"
    shutil.copytree(folder, away)
    moved = {"photographs": RegisteredDataset("photographs", str(away), "labelled_images")}
    run(spec, datasets=moved, pipeline=cached)
    for path in away.glob("*.jpg"):
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        path.write_bytes(bytes(path.stat().st_size))
        os.utime(path, ns=times)
    assert content(run(spec, tmp_path / "full", datasets=moved, pipeline=cached)) == plain
    assert "cannot be used" in str(end(run(spec, datasets=moved)).message)


def interrupted(spec: Spec, happening: Callable[[], None], folder: Path, **options: Any) -> list[Event]:
    """A run beside which something happens in the middle of its first epoch."""
    asked = iter(range(1000))

    def stop() -> bool:
        if next(asked) == 2:
            happening()
        return False

    return run(spec, folder, should_stop=stop, **options)


def cut_short(folder: Path) -> None:
    """Half of every shard is gone."""
    for path in shard_files(folder):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoilt(folder: Path) -> None:
    """One byte of every shard differs."""
    for path in shard_files(folder):
        whole = bytearray(path.read_bytes())
        whole[3] ^= 255
        path.write_bytes(whole)


def emptied(folder: Path) -> None:
    """The cache is gone."""
    shutil.rmtree(folder, ignore_errors=True)


def shard_files(folder: Path) -> Iterator[Path]:
    """All shards of all caches."""
    return folder.glob("*/*.shard")


@pytest.mark.parametrize("what", [cut_short, spoilt, emptied])
@pytest.mark.parametrize("encoding", ["jpeg", campaign("raw")])
def test_a_cache_that_breaks_in_the_middle_of_an_epoch_changes_nothing(
    what: Callable[[Path], None], encoding: str, photographs: dict[str, RegisteredDataset], tmp_path: Path
) -> None:
    spec, cache = with_encoding(CROPPED, encoding), tmp_path / "cache"
    plain = content(run(spec, tmp_path / "none", datasets=photographs))
    cached = replace(STREAMED, cache_dir=cache)
    run(spec, datasets=photographs, pipeline=cached)
    events = interrupted(spec, lambda: what(cache), tmp_path / "broken", datasets=photographs, pipeline=cached)
    assert content(events) == plain


def test_a_full_disk_ends_nothing(photographs: dict[str, RegisteredDataset], tmp_path: Path) -> None:
    plain = content(run(CROPPED, tmp_path / "none", datasets=photographs))
    (tmp_path / "cache").write_text("a file where the folder would be")
    cached = replace(STREAMED, cache_dir=tmp_path / "cache")
    assert content(run(CROPPED, tmp_path / "no_folder", datasets=photographs, pipeline=cached)) == plain
    limited = replace(STREAMED, cache_dir=tmp_path / "small", cache_bytes=100)
    assert content(run(CROPPED, tmp_path / "limited", datasets=photographs, pipeline=limited)) == plain
    assert not list(shard_files(tmp_path / "small"))


def test_two_writers_and_an_unfinished_one(photographs: dict[str, RegisteredDataset], tmp_path: Path) -> None:
    cached = replace(STREAMED, cache_dir=tmp_path / "cache", workers=1)
    both = [iter(train({**CROPPED, "seeds": [seed]}, datasets=photographs, pipeline=cached)) for seed in (0, 1)]
    ends: list[Event] = []
    while both:
        for each in tuple(both):
            event = next(each, None)
            if event is None:
                both.remove(each)
            elif not isinstance(event, Progress):
                ends.append(event)
    assert [event.outcome for event in ends if hasattr(event, "outcome")] == ["succeeded", "succeeded"]
    assert content(run(CROPPED, tmp_path / "after", datasets=photographs, pipeline=cached)) == content(
        run(CROPPED, tmp_path / "none", datasets=photographs)
    )


def test_old_shards_make_room_for_new_ones(photographs: dict[str, RegisteredDataset], tmp_path: Path) -> None:
    cached = replace(STREAMED, cache_dir=tmp_path / "cache")
    run(CROPPED, datasets=photographs, pipeline=cached)
    old = set(shard_files(tmp_path / "cache"))
    taken = sum(path.stat().st_size for path in old)
    limited = replace(cached, cache_bytes=taken + 1000)
    run(with_encoding(CROPPED, "raw"), datasets=photographs, pipeline=limited)
    left = list(shard_files(tmp_path / "cache"))
    assert sum(path.stat().st_size for path in left) <= limited.cache_bytes
    assert any("-raw-" in str(path) for path in left)
    assert len(old - set(left)) > 0


@pytest.mark.parametrize("steps", [campaign(1), 2, campaign(4)])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_stopped_stream_goes_on_exactly(
    steps: int, workers: int, photographs: dict[str, RegisteredDataset], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"datasets": photographs, "pipeline": replace(STREAMED, workers=workers)}
    spec = {**CROPPED, "method": {"alias": "lpl", "sampler": {"name": "class_aware"}}}
    whole = run(spec, tmp_path / "whole", **options)
    first = run(spec, tmp_path / "first", should_stop=stop_after(steps), **options)
    second = run(spec, tmp_path / "second", resume_from=Path(checkpoints(first)[-1].path), **options)
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    assert content(second) == content(whole)


def test_an_example_that_comes_twice_has_two_crops(photographs: dict[str, RegisteredDataset]) -> None:
    data = load(
        parse_spec(CROPPED, datasets=photographs).dataset, seed=0, datasets=photographs, cropped=True, pipeline=STREAMED
    )
    crop = RandomResizedCrop()
    draws = rows(0, "augmentation", 0, number=2, width=crop.draws)
    stream: Any = data.train.x
    (images,) = stream.batches([Wanted(np.array([4, 4]), draws)], boxes=crop.boxes)
    assert not np.array_equal(images[0], images[1])


def test_damaged_images_are_refused_by_name_or_left_out_and_counted(tmp_path: Path) -> None:
    broken = written(tmp_path, train=20, test=6)
    (tmp_path / "3.jpg").write_bytes((tmp_path / "3.jpg").read_bytes()[:200])
    (tmp_path / "21.jpg").write_bytes(b"not an image")
    message = str(end(run(CROPPED, datasets=broken, pipeline=STREAMED)).message)
    assert "labels.csv line" in message
    assert ".jpg' cannot be used: it is damaged" in message
    spec = {**CROPPED, "dataset": {**CROPPED["dataset"], "on_damaged": "leave_out"}}
    cached = replace(STREAMED, cache_dir=tmp_path / "cache")
    for _ in range(2):
        events = run(spec, datasets=broken, pipeline=cached)
        assert end(events).outcome == "succeeded"
        start: Any = events[0]
        assert sum(start.class_counts) == 19
        assert any("2 damaged images are left out: 3.jpg" in note for note in start.notes)


def test_a_key_of_the_cache_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"1")
    first = shards.key_of("a.jpg", path.stat())
    assert len(first) == 16
    assert shards.key_of("b.jpg", path.stat()) != first
    path.write_bytes(b"22")
    assert shards.key_of("a.jpg", path.stat()) != first


def test_the_bytes_that_a_cache_takes_are_told_before(
    photographs: dict[str, RegisteredDataset], tmp_path: Path
) -> None:
    spec = with_encoding(CROPPED, "raw")
    info = dataset_info(parse_spec(spec, datasets=photographs).dataset, datasets=photographs)
    run(spec, datasets=photographs, pipeline=replace(STREAMED, cache_dir=tmp_path))
    assert info.cache_bytes == pytest.approx(sum(path.stat().st_size for path in shard_files(tmp_path)), rel=0.2)
    assert dataset_info(parse_spec(WHOLE, datasets=photographs).dataset, datasets=photographs).cache_bytes is None


def test_what_replaces_a_lost_shard_is_found(tmp_path: Path) -> None:
    kept = shards.Kept(shards.key_of("a.jpg", tmp_path.stat()), b"content")
    cache = shards.PixelCache(tmp_path, Cache(size=20), decoder="", limit=2**20)
    cache.put([kept])
    cache.refresh()
    assert cache.get(kept.key) == kept
    emptied(cache.folder)
    assert cache.get(kept.key) is None
    cache.put([kept])
    cache.refresh()
    assert cache.get(kept.key) == kept
