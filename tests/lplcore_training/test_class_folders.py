"""Trees of class folders as data sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lplcore.data.info import DatasetInfo
from lplcore.data.raw import RegisteredDataset
from lplcore.datasets.registered import Registered
from lplcore.errors import DatasetError
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import end, run


def picture(path: Path, *, seed: int = 0) -> None:
    """A small image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size=(10 + seed % 5, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def tree(root: Path, **numbers: int) -> Path:
    """Images by `folder__folder=number`."""
    for place, (folder, number) in enumerate(numbers.items()):
        for index in range(number):
            picture(root.joinpath(*folder.split("__"), f"{index}.jpg"), seed=10 * place + index)
    return root


def entry(root: Path, **fields: Any) -> dict[str, RegisteredDataset]:
    """The tree registered as `mine`."""
    return {"mine": RegisteredDataset("mine", str(root), "class_folders", **fields)}


def info(root: Path) -> DatasetInfo:
    """What is known before anything is decoded."""
    return dataset_info(Registered(name="mine", image_size=8), datasets=entry(root))


def test_splits_and_classes_are_the_folders(tmp_path: Path) -> None:
    root = tree(tmp_path, train__10=3, train__2=5, val__2=2, test__10=1, test__2=2)
    found = info(root)
    assert found.classes == ("2", "10")
    assert (found.class_counts, found.num_train, found.num_validation, found.num_test) == ((5, 3), 8, 2, 3)
    data = load(Registered(name="mine", image_size=8), seed=0, datasets=entry(root))
    assert data.info == found
    assert data.test is not None
    assert sorted(data.test.y.tolist()) == [0, 0, 1]


def test_val_alone_is_the_test_split(tmp_path: Path) -> None:
    found = info(tree(tmp_path, train__cat=3, train__dog=3, validation__cat=2))
    assert (found.num_validation, found.num_test) == (0, 2)
    assert any("images of val are the test split" in note for note in found.notes)


def test_class_folders_alone_are_split_and_an_image_more_moves_at_most_one(tmp_path: Path) -> None:
    root = tree(tmp_path, cat=20, dog=2, owl=1)
    registered = entry(root)
    before = load(Registered(name="mine", image_size=8), seed=0, datasets=registered)
    assert before.info.class_counts == (16, 1, 1)
    assert before.info.num_test == 5
    assert any("a fifth of each class" in note for note in before.info.notes)
    picture(root / "cat" / "more.jpg", seed=77)
    after = load(Registered(name="mine", image_size=8), seed=0, datasets=entry(root))
    kept = {tuple(image.flatten().tolist()) for image in before.train.held}
    assert len(kept - {tuple(image.flatten().tolist()) for image in after.train.held}) <= 1


def test_other_files_are_left_out_and_counted_and_deeper_folders_are_read(tmp_path: Path) -> None:
    root = tree(tmp_path, cat=3, dog=3, cat__young=2)
    (root / "cat" / ".DS_Store").write_bytes(b"x")
    (root / "dog" / "README.md").write_text("x")
    found = info(root)
    assert found.num_train + found.num_test == 8
    assert any("2 files that are no images by their endings are left out: cat/.DS_Store" in n for n in found.notes)


def test_a_class_called_train_is_a_class(tmp_path: Path) -> None:
    assert info(tree(tmp_path, train=3, bus=3)).classes == ("bus", "train")


def test_an_empty_class_is_noted(tmp_path: Path) -> None:
    root = tree(tmp_path, train__cat=2, train__dog=2, test__cat=1)
    (root / "train" / "owl").mkdir()
    found = info(root)
    assert found.class_counts == (2, 2, 0)
    assert any("1 classes have no training image: owl" in note for note in found.notes)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({"train__cat": 2, "train__dog": 2, "test__cow": 1}, "'test/cow' is no class of train"),
        ({"cat": 3}, "has 1 class folders"),
    ],
)
def test_wrong_trees_are_refused_by_name(folders: dict[str, int], message: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=message):
        info(tree(tmp_path, **folders))


def test_no_training_images_links_out_and_damage_are_refused_by_name(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "cat").mkdir(parents=True)
    (root / "dog").mkdir()
    with pytest.raises(DatasetError, match="no training images"):
        info(root)
    tree(root, cat=3, dog=3)
    picture(tmp_path / "outside.jpg")
    (root / "dog" / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    with pytest.raises(DatasetError, match=r"'dog/link.jpg' leads out of tree"):
        info(root)
    (root / "dog" / "link.jpg").unlink()
    (root / "dog" / "1.jpg").write_bytes(b"no image")
    spec = {"dataset": {"name": "mine", "image_size": 8}, "method": "lpl", "epochs": 2, "batch_size": 2}
    assert "'dog/1.jpg' cannot be used" in str(end(run(spec, datasets=entry(root))).message)
    leave_out = {**spec, "dataset": {**spec["dataset"], "on_damaged": "leave_out"}}  # type: ignore[dict-item]
    assert end(run(leave_out, datasets=entry(root))).outcome == "succeeded"


def test_multi_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="one label"):
        dataset_info(Registered(name="mine"), datasets=entry(tree(tmp_path, cat=2, dog=2), task="multi_label"))


def test_a_tree_that_has_changed_is_refused(tmp_path: Path) -> None:
    root = tree(tmp_path, cat=3, dog=3)
    with pytest.raises(DatasetError, match="has changed since it was registered"):
        dataset_info(Registered(name="mine"), datasets=entry(root, sha256="0" * 64))
