"""Published data sets whose files list their images, in small trees of their official layouts."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch

import lplcore
from lplcore.data.images import listing
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream
from lplcore.datasets.image_files import ImageDataset
from lplcore.errors import DatasetError
from lplcore.plugin import plugins
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training import image_trees as trees
from tests.lplcore_training.runs import end, run

Maker = Callable[[Path], Path]
MAKERS: dict[str, Maker] = {
    "inaturalist2018": trees.inaturalist2018,
    "inaturalist2018 lists": trees.inaturalist2018_lists,
    "inaturalist2017": trees.inaturalist2017,
    "imagenet_lt": trees.imagenet_lt,
    "places_lt": trees.places_lt,
    "tiny_imagenet": trees.tiny_imagenet,
}
NAMES = sorted({name.split()[0] for name in MAKERS})


def record(name: str, **fields: Any) -> ImageDataset:
    return cast(ImageDataset, plugins("dataset")[name.split()[0]](**{"image_size": 16, **fields}))


def refusal(name: str, data_dir: Path, **fields: Any) -> str:
    """What is said of a data set when it is read for a run."""
    with pytest.raises(DatasetError) as caught:
        load(record(name, **fields), seed=0, data_dir=data_dir)
    assert caught.value.field == "name"
    return str(caught.value)


def facts_refusal(name: str, data_dir: Path) -> str:
    """What is said of its lists, by its facts as by its images."""
    with pytest.raises(DatasetError) as caught:
        dataset_info(record(name), data_dir=data_dir)
    assert refusal(name, data_dir) == str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", MAKERS)
def test_two_epochs_with_the_data_sets_own_augmentation(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    spec = {
        "dataset": {"name": name.split()[0], "image_size": 32},
        "model": {"name": "mlp", "widths": [8]},
        "method": "lpl",
        "epochs": 2,
        "batch_size": 8,
    }
    finished = end(run(spec, data_dir=tmp_path))
    assert finished.outcome == "succeeded", finished.message


@pytest.mark.parametrize("name", MAKERS)
def test_facts_are_those_of_what_is_loaded_and_differing_counts_are_named(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    found = dataset_info(record(name), data_dir=tmp_path)
    data = load(record(name), seed=0, data_dir=tmp_path)
    assert data.info == found
    held_out = 6 if name.endswith("_lt") else 0
    assert (found.class_counts, found.num_validation, found.num_test) == ((5, 5, 5), held_out, 6)
    assert data.train.y.tolist() == sorted([0, 1, 2] * 5) if name == "tiny_imagenet" else [0, 1, 2] * 5
    assert data.test is not None
    assert data.test.y.tolist() == [0, 1, 2] * 2
    assert found.modified
    assert "3 classes instead of" in found.notes[0]
    assert "15 training images instead of" in found.notes[0]


def test_classes_have_the_names_that_are_published(tmp_path: Path) -> None:
    for maker in MAKERS.values():
        if maker is not trees.inaturalist2018_lists:
            maker(tmp_path)
    classes = {name: dataset_info(record(name), data_dir=tmp_path).classes for name in NAMES}
    assert classes["inaturalist2018"] == ("Species a", "Species b", "Species c")
    assert classes["imagenet_lt"] == ("0", "1", "2")
    assert classes["tiny_imagenet"] == ("goldfish (n01443537)", "n01629819", "goldfish (n02124075)")


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_where_is_said_of_an_absent_data_set(name: str, tmp_path: Path) -> None:
    said = facts_refusal(name, tmp_path)
    assert said.startswith(f"{name} is not there: put ")
    assert str(tmp_path / "datasets") in said


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_with_nothing_but_the_name_is_complete(name: str) -> None:
    spec = lplcore.parse_spec({"dataset": name, "method": "lpl"}).model_dump(mode="json")
    steps = [step["name"] for step in spec["augmentation"].get("steps", [])]
    if name == "tiny_imagenet":
        assert (spec["augmentation"]["name"], spec["dataset"]["image_size"]) == ("pad_crop_flip", 64)
    else:
        assert steps == ["random_resized_crop", "horizontal_flip", "color_jitter"]
        assert (spec["model"]["name"], spec["dataset"]["resize"]) == ("resnet50", None)


@pytest.mark.parametrize("name", MAKERS)
def test_streamed_as_held(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    held = load(record(name), seed=0, data_dir=tmp_path)
    streamed = load(record(name), seed=0, data_dir=tmp_path, pipeline=InputPipeline(memory_bytes=0))
    assert isinstance(streamed.train.x, ImageStream)
    assert torch.equal(streamed.train.x[torch.arange(15)], held.train.held)


@pytest.mark.parametrize("name", MAKERS)
def test_a_linked_folder_is_read_where_it_lies(name: str, tmp_path: Path) -> None:
    root = MAKERS[name](tmp_path / "elsewhere")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / root.name).symlink_to(root)
    assert load(record(name), seed=0, data_dir=tmp_path).info.num_train == 15


@pytest.mark.parametrize("name", MAKERS)
def test_absent_outside_and_damaged_images_are_refused_or_left_out_and_counted(name: str, tmp_path: Path) -> None:
    root = MAKERS[name](tmp_path).resolve()
    images = sorted(path for path in root.glob("**/*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if name == "imagenet_lt":
        images = sorted((tmp_path / "imagenet" / "train").glob("**/*.JPEG"))
    outside = tmp_path / "outside.jpg"
    images[0].rename(outside)
    images[0].symlink_to(outside)
    said = refusal(name, tmp_path)
    assert "1 of the " in said
    assert images[0].name in said
    assert "links may not lead out of it" in said
    images[1].write_bytes(b"no image")
    info = load(record(name, on_damaged="leave_out"), seed=0, data_dir=tmp_path).info
    assert info.num_train + info.num_validation + info.num_test == (25 if name.endswith("_lt") else 19)
    assert any(images[0].name in note and "left out" in note for note in info.notes)
    assert any(images[1].name in note and "1 damaged images" in note for note in info.notes)
    images[0].unlink()
    outside.rename(images[0])
    assert f"{images[1].name}' cannot be used" in refusal(name, tmp_path)


def test_lists_without_any_image_are_refused_all_the_same(tmp_path: Path) -> None:
    root = trees.imagenet_lt(tmp_path)
    (root / "train").unlink()
    assert refusal("imagenet_lt", tmp_path, on_damaged="leave_out").startswith("15 of the 15 images that ImageNet_LT")


def edited(path: Path, change: Callable[[Any], object]) -> None:
    """A JSON file changed in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


JSON_CHANGES: list[tuple[Callable[[Any], object], str]] = [
    (lambda c: c.pop("images"), "train2018.json has no list of images"),
    (lambda c: c.update(annotations={}), "train2018.json has no list of annotations"),
    (lambda c: c.update(categories=[]), "train2018.json has no list of categories"),
    (lambda c: c["images"][2].pop("file_name"), "images, id 2: file_name must be a text, got None"),
    (lambda c: c["images"][2].update(id="2"), "images, number 2: id must be a whole number, got '2'"),
    (lambda c: c["images"].append(7), "images, number 15: expected an object, got 7"),
    (lambda c: c["images"][1].update(id=0), "images, id 0 is there twice"),
    (lambda c: c["images"][1].update(file_name="../x.jpg"), "'../x.jpg' is no path below"),
    (lambda c: c["images"][1].update(file_name="\ud800.jpg"), "is no path below"),
    (lambda c: c["images"][1].update(file_name="./" + c["images"][0]["file_name"]), "is listed twice"),
    (lambda c: c["annotations"].pop(), r"image 14 \('train_val2018/.*'\) has no annotation"),
    (lambda c: c["annotations"][3].update(image_id=99), "an annotation is of image 99, which is not listed"),
    (lambda c: c["annotations"][3].update(image_id=2), "image 2 has two annotations"),
    (lambda c: c["annotations"][3].update(category_id=-1), "image 3 is of category -1, which training does not list"),
    (lambda c: c["annotations"][3].update(category_id=True), "annotations, .*category_id must be a whole number"),
    (lambda c: c["categories"][1].update(id=10), "categories, id 10 is there twice"),
    (lambda c: c["categories"][1].update(name=" "), "categories, id 20: '' is no name"),
]


@pytest.mark.parametrize(("change", "message"), JSON_CHANGES)
def test_wrong_json_is_named(change: Callable[[Any], object], message: str, tmp_path: Path) -> None:
    edited(trees.inaturalist2018(tmp_path) / "train2018.json", change)
    with pytest.raises(DatasetError, match=message):
        raise DatasetError("name", facts_refusal("inaturalist2018", tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "train2018.json line 1 column 1 is broken JSON"),
        (b'{"images": [\n{"id": 1,]}', "train2018.json line 2 column 10 is broken JSON"),
        (b"[" * 100_000, "train2018.json is broken JSON"),
        (b'{"images": [1' + b"0" * 5000 + b"]}", "train2018.json is broken JSON"),
        (b"[]", "train2018.json has no list of categories"),
        (b'{"a": "\xff"}', "train2018.json is not UTF-8"),
    ],
)
def test_broken_json_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (trees.inaturalist2018(tmp_path) / "train2018.json").write_bytes(content)
    assert facts_refusal("inaturalist2018", tmp_path).startswith(message)


def test_an_image_in_two_splits_is_refused_by_name(tmp_path: Path) -> None:
    root = trees.inaturalist2018(tmp_path)
    edited(root / "val2018.json", lambda c: c["images"][0].update(file_name="train_val2018/Aves/0/0.jpg"))
    assert "val2018.json: 'train_val2018/Aves/0/0.jpg' is in train2018.json too" in facts_refusal(
        "inaturalist2018", tmp_path
    )


def test_a_class_of_the_test_alone_is_refused(tmp_path: Path) -> None:
    root = trees.inaturalist2018(tmp_path)
    edited(root / "val2018.json", lambda c: c["annotations"][0].update(category_id=40))
    assert "val2018.json: image 15 is of category 40" in facts_refusal("inaturalist2018", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Places_LT_train.txt lists no image"),
        ("\n \n", "Places_LT_train.txt lists no image"),
        ("a.jpg 0\nb.jpg\n", "Places_LT_train.txt line 2: expected a path and a label, got 'b.jpg'"),
        ("a.jpg -1\n", "line 1: label '-1' is no number from 0 to 364"),
        ("a.jpg 365\n", "line 1: label '365' is no number from 0 to 364"),
        ("a.jpg 1" + "0" * 5000, "is no number from 0 to 364"),
        ("a.jpg x\n", "label 'x' is no number"),
        ("a.jpg \u0663\n", "is no number from 0 to 364"),
        ("a.jpg 0\n\n./a.jpg 2\n", "Places_LT_train.txt: 'a.jpg' is listed twice"),
        ("/etc/passwd 2\n", "'/etc/passwd' is no path below"),
        ("a.jpg 0\n", "Places_LT_val.txt line 2: label 1 is a class without training images"),
    ],
)
def test_wrong_lists_are_named(text: str, message: str, tmp_path: Path) -> None:
    (trees.places_lt(tmp_path) / "Places_LT_train.txt").write_text(text)
    assert message in facts_refusal("places_lt", tmp_path)


def test_lists_are_utf_8_and_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = trees.places_lt(tmp_path) / "Places_LT_train.txt"
    path.write_bytes(b"a.jpg 0\ncaf\xe9.jpg 1\n")
    assert "Places_LT_train.txt is not UTF-8" in facts_refusal("places_lt", tmp_path)
    os.truncate(path, 2**31 + 1)
    os.truncate(trees.inaturalist2017(tmp_path) / "train2017.json", 2**31 + 1)
    assert "train2017.json is larger than 2 GiB" in facts_refusal("inaturalist2017", tmp_path)
    assert "Places_LT_train.txt is larger than 2 GiB" in facts_refusal("places_lt", tmp_path)
    path.write_text("a.jpg 0\nb.jpg 1\nc.jpg 1\n")
    monkeypatch.setattr(listing, "MAX_IMAGES", 2)
    assert "Places_LT_train.txt has more than 2 lines" in facts_refusal("places_lt", tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("wnids.txt", "", "wnids.txt lists no class"),
        ("wnids.txt", "n01443537\nn01629819\n", "train/n02124075 is a class that wnids.txt does not list"),
        ("wnids.txt", "n01443537\nn01443537\n", "wnids.txt line 2: expected a class that is in no other line"),
        ("wnids.txt", "../x\n", "wnids.txt line 1: expected a class"),
        ("wnids.txt", "\n".join([*trees.WNIDS, "n1"]), "train/n1/images, a class of wnids.txt, cannot be read"),
        ("val/val_annotations.txt", "", "val_annotations.txt lists no image"),
        ("val/val_annotations.txt", "val_0.JPEG\n", "val_annotations.txt line 1: expected a file and its class"),
        ("val/val_annotations.txt", "val_0.JPEG\tn9\t0\n", "line 1: 'n9' is no class of wnids.txt"),
        ("val/val_annotations.txt", "../x\tn01443537\n", "'val/images/../x' is no path below"),
    ],
)
def test_wrong_files_of_tiny_imagenet_are_named(file: str, text: str, message: str, tmp_path: Path) -> None:
    (trees.tiny_imagenet(tmp_path) / file).write_text(text)
    assert message in facts_refusal("tiny_imagenet", tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_lists_and_folders_and_facts_follow_them(name: str, tmp_path: Path) -> None:
    root = MAKERS[name](tmp_path)
    files = record(name).files(tmp_path, {})
    assert all(path.is_dir() or path.suffix in (".json", ".txt") for path in files)
    before = dataset_info(record(name), data_dir=tmp_path)
    if name == "tiny_imagenet":
        trees.picture(root / "train" / trees.WNIDS[0] / "images" / "one more.JPEG", 99, side=64)
    elif name in ("imagenet_lt", "places_lt"):
        path = next(root.glob("*_train.txt"))
        path.write_text(path.read_text() + "train/one more.jpg 0\n")
    else:
        path = next(root.glob("train*.json"))
        edited(path, one_more)
    assert dataset_info(record(name), data_dir=tmp_path).num_train == before.num_train + 1


def one_more(content: Any) -> None:
    content["images"].append({"id": 99, "file_name": "x.jpg"})
    content["annotations"].append({"image_id": 99, "category_id": 10})
