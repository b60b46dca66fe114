"""Folders of images as people save them: spellings, order of classes, transparency, missing labels."""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lplcore
from lplcore.data.class_names import in_natural_order
from lplcore.data.images.folder import check_images, labels_of
from lplcore.data.raw import RegisteredDataset
from lplcore.data.rules import FIRST_RULES, RULES
from lplcore.data.splits import LoadedDataset
from lplcore.datasets.registered import Registered
from lplcore.errors import DatasetError
from lplcore.events import RunStart
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import checkpoints, end, run

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
SINGLE = ("train,a.png,dog", "train,b.png,cat", "train,c.png,dog", "test,d.png,cat")


def write(folder: Path, lines: Sequence[str]) -> Path:
    """A folder with these lines and an image of one colour for each of a to d."""
    folder.mkdir(exist_ok=True)
    for index, name in enumerate("abcd"):
        Image.new("RGB", (6, 6), (10 * index, 100, 200)).save(folder / f"{name}.png")
    (folder / "labels.csv").write_text("\n".join(["split,file,labels", *lines, ""]), encoding="utf-8")
    return folder


def entry(folder: Path, *, task: str | None = None, rules: int = RULES) -> dict[str, RegisteredDataset]:
    return {"mine": RegisteredDataset("mine", str(folder), "labelled_images", task, rules=rules)}


def loaded(folder: Path, *, task: str | None = None, rules: int = RULES) -> LoadedDataset:
    return load(Registered(name="mine", image_size=8), seed=0, datasets=entry(folder, task=task, rules=rules))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["10", "1", "2"], ("1", "2", "10")),
        (["c10", "c9", "b"], ("b", "c9", "c10")),
        (["01", "1", "0"], ("0", "01", "1")),
        (["img2b", "img2a", "img10"], ("img2a", "img2b", "img10")),
        (["9" * 150, "8" * 150], ("8" * 150, "9" * 150)),
        (["b", "a"], ("a", "b")),
        (["a", "1", "²"], ("1", "a", "²")),
    ],
)
def test_names_of_classes_are_in_natural_order(names: list[str], expected: tuple[str, ...], tmp_path: Path) -> None:
    assert in_natural_order(names) == expected
    lines = [f"train,{file}.png,{name}" for file, name in zip("abcd", names, strict=False)]
    assert loaded(write(tmp_path / "x", lines)).info.classes == expected
    assert loaded(write(tmp_path / "x", lines), rules=1).info.classes == tuple(sorted(names))


def test_one_class_in_two_forms_of_unicode_is_one_class(tmp_path: Path) -> None:
    lines = [f"train,a.png,{COMPOSED}", f"train,b.png,{DECOMPOSED}", "train,c.png,dog", f"test,d.png,{DECOMPOSED}"]
    folder = write(tmp_path / "x", lines)
    info = loaded(folder).info
    assert (info.classes, info.class_counts) == ((COMPOSED, "dog"), (2, 1))
    (folder / "classes.txt").write_text(f"dog\n {DECOMPOSED} \n", encoding="utf-8")
    assert loaded(folder).info.classes == ("dog", COMPOSED)
    (folder / "classes.txt").write_text(f"dog\n{DECOMPOSED}\n{COMPOSED}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"classes\.txt line 3: 'café' is already in line 2"):
        loaded(folder)


@pytest.mark.parametrize("written", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("on_disk", [COMPOSED, DECOMPOSED])
def test_a_file_is_found_in_either_form_of_unicode(written: str, on_disk: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "x", [*SINGLE, f"train,{written}/{written}.png,cat"])
    (folder / on_disk).mkdir()
    Image.new("RGB", (6, 6), (9, 9, 9)).save(folder / on_disk / f"{on_disk}.png")
    assert loaded(folder).train.held[3, :, 0, 0].tolist() == [9, 9, 9]
    (folder / "labels.csv").write_text("\n".join(["split,file,labels", *SINGLE, f"train,{COMPOSED}.png,cat",
                                                  f"test,{DECOMPOSED}.png,cat"]), encoding="utf-8")  # fmt: skip
    with pytest.raises(DatasetError, match=r"line 7: 'café\.png' is already in line 6"):
        labels_of(folder, task=None)


def test_spaces_around_every_field_are_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", ["train , a.png , dog ", " train, b.png,cat", "train,c.png ,dog"])
    text = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(text.replace("split,file,labels", "split, file ,labels"))
    found = labels_of(folder, task=None)
    assert [(image.file, image.labels) for image in found.images] == [
        ("a.png", ("dog",)), ("b.png", ("cat",)), ("c.png", ("dog",)),
    ]  # fmt: skip


def transparent(mode: str, path: Path) -> None:
    """An image that is black, with a square in it that only its transparency shows."""
    alpha = np.full((8, 8), 255, dtype=np.uint8)
    alpha[:4] = 0
    black = np.zeros((8, 8), dtype=np.uint8)
    if mode == "P":
        image = Image.fromarray((alpha == 0).astype(np.uint8), mode="P")
        image.putpalette([0, 0, 0, 0, 0, 0])
        image.save(path, transparency=1)
    elif mode == "LA":
        Image.merge("LA", [Image.fromarray(black), Image.fromarray(alpha)]).save(path)
    elif mode == "RGBA":
        Image.merge("RGBA", [*[Image.fromarray(black)] * 3, Image.fromarray(alpha)]).save(path)
    else:
        shade = np.where(alpha == 0, 7, 0).astype(np.uint8)
        image = Image.fromarray(shade) if mode == "L" else Image.merge("RGB", [Image.fromarray(shade)] * 3)
        image.save(path, transparency=7 if mode == "L" else (7, 7, 7))


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
@pytest.mark.parametrize(
    ("mode", "suffix"),
    [*((mode, "png") for mode in ("RGBA", "LA", "P", "L", "RGB")), ("RGBA", "webp"), ("RGBA", "tiff"), ("P", "gif")],
)
def test_what_is_transparent_is_laid_on_white_and_said(mode: str, suffix: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "x", [*SINGLE, f"train,shape.{suffix},cat"])
    transparent(mode, folder / f"shape.{suffix}")
    data = loaded(folder)
    assert data.train.held[3, :, 1, 1].tolist() == [255, 255, 255]
    assert data.train.held[3, :, 6, 6].tolist() == [0, 0, 0]
    note = "1 of 5 images are transparent in places, laid on white"
    assert data.info.notes == (note,)
    assert check_images(labels_of(folder, task=None)) == (note,)
    spec = {"dataset": {"name": "mine", "image_size": 8}, "method": "lpl", "epochs": 1, "batch_size": 4}
    start = run(spec, datasets=entry(folder))[0]
    assert isinstance(start, RunStart)
    assert start.notes == [note]
    assert loaded(folder, rules=1).train.held[3, :, 1, 1].tolist() in ([0, 0, 0], [7, 7, 7])


def test_an_opaque_alpha_channel_is_nothing_to_note(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", SINGLE)
    Image.new("RGBA", (6, 6), (4, 5, 6, 255)).save(folder / "a.png")
    data = loaded(folder)
    assert data.train.held[0, :, 0, 0].tolist() == [4, 5, 6]
    assert data.info.notes == ()


FACTS: list[Callable[[Path], object]] = [
    lambda folder: dataset_info(Registered(name="mine"), datasets=entry(folder)),
    loaded,
]


@pytest.mark.parametrize("asked", FACTS, ids=["facts", "loaded"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_image_without_label_does_not_make_a_set_multi_label(
    split: str, asked: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = write(tmp_path / "x", ["train,a.png,dog", "train,b.png,cat", "test,c.png,dog", f"{split},d.png,"])
    with pytest.raises(DatasetError, match=r"labels.csv line 5: no label, .* with the task multi_label"):
        asked(folder)
    assert loaded(folder, task="multi_label").info.task == "multi_label"


def test_few_images_that_make_a_set_multi_label_are_noted(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", [*SINGLE, *(f"train,{n}.png,cat" for n in range(40)), "test,odd.png,cat|dog"])
    for name in [*range(40), "odd"]:
        (folder / f"{name}.png").write_bytes((folder / "a.png").read_bytes())
    info = dataset_info(Registered(name="mine"), datasets=entry(folder))
    assert info.task == "multi_label"
    assert "multi label, since 1 of 45 images, the first in line 46, have not one label" in info.notes[0]
    assert dataset_info(Registered(name="mine"), datasets=entry(folder, task="multi_label")).notes == ()


def test_a_folder_registered_by_version_0_1_0_is_read_as_it_was(tmp_path: Path) -> None:
    lines = ["train,a.png,10", f"train,b.png,{DECOMPOSED}", f"train,c.png,{COMPOSED}", "test,d.png,2", "train, e.png,2"]
    folder = write(tmp_path / "x", lines)
    Image.new("RGB", (6, 6), (9, 9, 9)).save(folder / " e.png")
    info = loaded(folder, rules=1).info
    assert info.classes == tuple(sorted(["10", DECOMPOSED, COMPOSED, "2"]))
    assert info.notes == (FIRST_RULES,)
    spec = {"dataset": {"name": "mine", "image_size": 8}, "method": "lpl", "epochs": 1, "batch_size": 4}
    end = list(lplcore.train(spec, datasets=entry(folder, rules=1)))[-1]
    assert isinstance(end, lplcore.RunEnd)
    assert end.outcome == "succeeded"


def test_a_checkpoint_whose_classes_had_another_order_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", ["train,a.png,10", "train,b.png,9", "train,c.png,10", "train,d.png,9"])
    spec = {"dataset": {"name": "mine", "image_size": 8}, "method": "lpl", "epochs": 1, "batch_size": 4}
    path = checkpoints(run(spec, tmp_path / "first", datasets=entry(folder, rules=1)))[-1].path
    found = end(run(spec, datasets=entry(folder), resume_from=path))
    assert found.reason == "bad_checkpoint"
    assert "has '10' where the data set now has '9': its classes are in another order" in (found.message or "")
