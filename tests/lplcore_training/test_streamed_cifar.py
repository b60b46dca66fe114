"""CIFAR-100 as 20,000 JPEG files: the same weights by every way that images can take."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.raw import RegisteredDataset
from lplcore.events import Event
from tests.lplcore_training.runs import Spec, checkpoints, end, run, stop_after
from tests.shared_data import shared_file

pytestmark = pytest.mark.campaign
TRAIN, TEST, SIDE = 18_000, 2_000, 32
SPEC: Spec = {
    "dataset": {"name": "cifar_files", "image_size": SIDE, "cache": {"size": 32}},
    "model": {"name": "mlp", "widths": [32]},
    "method": {"alias": "lpl", "sampler": {"name": "class_aware"}},
    "epochs": 2,
    "batch_size": 128,
}
WHOLE = SPEC | {"augmentation": {"name": "pad_crop_flip", "padding": 4}}
CROPPED = SPEC | {"augmentation": ["random_resized_crop", "horizontal_flip", "color_jitter"]}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RegisteredDataset]:
    """The first 18,000 training and 2,000 test images with labels.csv."""
    folder, lines = tmp_path_factory.mktemp("cifar"), ["split,file,labels"]
    labels = np.load(shared_file("cifar100_labels.npz"))
    for split, number in (("train", TRAIN), ("test", TEST)):
        sheet = np.asarray(Image.open(shared_file(f"cifar100_{split}.webp")).convert("RGB"))
        columns = sheet.shape[1] // SIDE
        for index in range(number):
            row, column = divmod(index, columns)
            tile = sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
            name = f"{split}{index}.jpg"
            Image.fromarray(tile).save(folder / name, quality=95)
            lines.append(f"{split},{name},{labels[split][index][1]}")
    (folder / "labels.csv").write_text("\n".join([*lines, ""]))
    return {"cifar_files": RegisteredDataset("cifar_files", str(folder), "labelled_images")}


def content(events: list[Event]) -> bytes:
    """The last checkpoint's."""
    assert end(events).outcome == "succeeded", end(events)
    return Path(checkpoints(events)[-1].path).read_bytes()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("spec", [WHOLE, CROPPED], ids=["whole", "cropped"])
def test_the_same_weights_by_every_way(spec: Spec, files: dict[str, RegisteredDataset], tmp_path: Path) -> None:
    expected = content(run(spec, tmp_path / "held", datasets=files))
    cache = tmp_path / "cache"
    for workers in (0, 1, 3):
        pipeline = InputPipeline(workers, memory_bytes=0, cache_dir=cache)
        assert content(run(spec, tmp_path / f"by {workers}", datasets=files, pipeline=pipeline)) == expected
    asked = iter(range(10_000))

    def lose_the_cache() -> bool:
        if next(asked) == 50:
            shutil.rmtree(cache, ignore_errors=True)  # others write there
        return False

    options: dict[str, Any] = {"datasets": files, "pipeline": InputPipeline(3, memory_bytes=0, cache_dir=cache)}
    assert content(run(spec, tmp_path / "lost", should_stop=lose_the_cache, **options)) == expected
    first = run(spec, tmp_path / "first", should_stop=stop_after(70), **options)
    second = run(spec, tmp_path / "second", resume_from=Path(checkpoints(first)[-1].path), **options)
    assert content(second) == expected
