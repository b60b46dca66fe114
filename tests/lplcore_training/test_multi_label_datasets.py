"""VOC-MLT, COCO-MLT and MS-COCO in their published layouts."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lplcore.data.images.voc import CLASSES
from lplcore.data.info import DatasetInfo
from lplcore.data.raw import RegisteredDataset
from lplcore.errors import DatasetError
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.coco_trees import coco_mlt, ms_coco, multi_hot, photograph, voc
from tests.lplcore_training.runs import Spec, end, run
from tests.shared_data import shared_file

MAKERS = {"voc_mlt": voc, "coco_mlt": coco_mlt, "ms_coco": ms_coco}
SMALL: Spec = {
    "model": {"name": "mlp", "widths": [8]},
    "method": {"alias": "r_bce_focal_lpl", "sampler": {"name": "class_aware", "epoch_length": "largest_class"}},
    "optimizer": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 1e-4, "clip_norm": 35.0},
    "schedule": {"name": "multistep", "milestones": [1], "warmup_steps": 2, "warmup_factor": 0.3},
    "epochs": 2,
    "batch_size": 4,
}


def spec_of(name: str, **fields: Any) -> Spec:
    """The recipe at a small size."""
    return {**SMALL, "dataset": {"name": name, "image_size": 16, **fields}}


def info(name: str, data_dir: Path) -> DatasetInfo:
    """What is known before anything is decoded."""
    return dataset_info(parse_spec(spec_of(name)).dataset, data_dir=data_dir)


@pytest.mark.parametrize("name", MAKERS)
def test_a_small_copy_trains_and_is_marked(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path / "datasets")
    found = info(name, tmp_path)
    left_out = 1 if name == "ms_coco" else 0
    assert (found.task, found.num_train, found.num_test) == ("multi_label", 12 - left_out, 6 - left_out)
    assert found.modified
    assert "the copy differs from the published data set" in found.notes[0]
    events = run(spec_of(name), data_dir=tmp_path)
    assert end(events).outcome == "succeeded", end(events)


def test_labels_are_those_of_the_files(tmp_path: Path) -> None:
    voc(tmp_path / "datasets")
    data = load(parse_spec(spec_of("voc_mlt")).dataset, seed=0, data_dir=tmp_path)
    assert data.info.classes == CLASSES
    assert data.train.y.tolist() == multi_hot(12, 20).tolist()
    assert data.test is not None
    # The dog is marked difficult.
    assert [row.nonzero().squeeze(1).tolist() for row in data.test.y] == [sorted({place, 14}) for place in range(6)]


def test_categories_are_in_the_order_of_their_ids(tmp_path: Path) -> None:
    coco_mlt(tmp_path / "datasets")
    data = load(parse_spec(spec_of("coco_mlt")).dataset, seed=0, data_dir=tmp_path)
    assert data.info.classes == tuple(f"thing {place}" for place in range(80))
    assert data.test is not None
    assert data.test.y[0].nonzero().squeeze(1).tolist() == list(range(0, 80, 5))
    assert not data.test.y[5].any()


def test_lists_may_lie_in_data_and_the_folder_may_be_a_link(tmp_path: Path) -> None:
    root = voc(tmp_path / "elsewhere")
    (root / "data").mkdir()
    (root / "voc_mlt_train.npz").rename(root / "data" / "voc_mlt_train.npz")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "VOCdevkit").symlink_to(root)
    assert end(run(spec_of("voc_mlt"), data_dir=tmp_path)).outcome == "succeeded"


@pytest.mark.parametrize("name", MAKERS)
def test_an_absent_set_says_what_goes_where(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"{name} is not there: put .*into {tmp_path}"):
        info(name, tmp_path)


def missing_image(root: Path) -> None:
    """A training image is gone."""
    next((root / "VOC2012" / "JPEGImages").glob("*.jpg")).unlink()


def link_out(root: Path) -> None:
    """A test image lies elsewhere."""
    path = root / "VOC2007" / "JPEGImages" / "000000.jpg"
    path.unlink()
    photograph(root.parent / "outside.jpg", 1)
    path.symlink_to(root.parent / "outside.jpg")


def unknown_class(root: Path) -> None:
    """An object of a class that VOC does not have."""
    path = root / "VOC2007" / "Annotations" / "000001.xml"
    path.write_text("<annotation><object><name>unicorn</name></object></annotation>")


def broken_xml(root: Path) -> None:
    """Half an annotation."""
    (root / "VOC2007" / "Annotations" / "000001.xml").write_text("<annotation><object>")


def entities(root: Path) -> None:
    """An annotation that declares entities."""
    text = '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    (root / "VOC2007" / "Annotations" / "000001.xml").write_text(text)


def entities_in_utf16(root: Path) -> None:
    """The same in another encoding."""
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    (root / "VOC2007" / "Annotations" / "000001.xml").write_text(text, encoding="utf-16")


def annotation_elsewhere(root: Path) -> None:
    """An annotation is a link to elsewhere."""
    path = root / "VOC2007" / "Annotations" / "000001.xml"
    path.rename(root.parent / "outside.xml")
    path.symlink_to(root.parent / "outside.xml")


def no_annotation(root: Path) -> None:
    """An annotation is gone."""
    (root / "VOC2007" / "Annotations" / "000001.xml").unlink()


def narrow_labels(root: Path) -> None:
    """A list of other classes."""
    np.savez(root / "voc_mlt_train.npz", img_id=np.array(["a"]), y=multi_hot(1, 3))


def other_values(root: Path) -> None:
    """Labels that are no zeros and ones."""
    np.savez(root / "voc_mlt_train.npz", img_id=np.array(["a"]), y=np.full((1, 20), 2))


def odd_id(root: Path) -> None:
    """An id that leads elsewhere."""
    np.savez(root / "voc_mlt_train.npz", img_id=np.array(["../a"]), y=multi_hot(1, 20))


def pickled(root: Path) -> None:
    """A list of Python objects."""
    np.savez(root / "voc_mlt_train.npz", img_id=np.array([{"a": 1}], dtype=object), y=multi_hot(1, 20))


def twice(root: Path) -> None:
    """An image that is listed twice."""
    np.savez(root / "voc_mlt_train.npz", img_id=np.array(["2008_000000"] * 2), y=multi_hot(2, 20))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing_image, "1 of the 12 images that voc_mlt_train.npz lists are not in VOCdevkit"),
        (link_out, "1 of the 6 images that test.txt lists are not in VOCdevkit"),
        (unknown_class, r"Annotations/000001.xml: 'unicorn' is no class"),
        (broken_xml, r"Annotations/000001.xml is broken"),
        (entities, "declares a document type"),
        (entities_in_utf16, "declares a document type"),
        (annotation_elsewhere, r"Annotations/000001.xml leads out of VOC2007"),
        (no_annotation, r"Annotations/000001.xml cannot be read"),
        (narrow_labels, r"y \[N, 20\], got img_id \[1\], y \[1, 3\]"),
        (other_values, "y holds other than 0 and 1"),
        (odd_id, "'../a' is no id"),
        (pickled, "voc_mlt_train.npz cannot be read"),
        (twice, "is listed twice"),
    ],
)
def test_what_is_wrong_with_voc_is_named(spoil: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    root = voc(tmp_path / "datasets")
    spoil(root)
    with pytest.raises(DatasetError, match=message):
        load(parse_spec(spec_of("voc_mlt")).dataset, seed=0, data_dir=tmp_path)


def test_missing_images_are_left_out_and_counted_where_the_spec_says_so(tmp_path: Path) -> None:
    root = voc(tmp_path / "datasets")
    missing_image(root)
    (root / "VOC2007" / "JPEGImages" / "000002.jpg").write_bytes(b"no image")
    data = load(parse_spec(spec_of("voc_mlt", on_damaged="leave_out")).dataset, seed=0, data_dir=tmp_path)
    assert (data.info.num_train, data.info.num_test) == (11, 5)
    assert any("they are left out" in note for note in data.info.notes)
    assert any("1 damaged images are left out" in note for note in data.info.notes)


def spoilt_json(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """A change of val2014's annotations."""

    def spoil(root: Path) -> None:
        path = root / "annotations" / "instances_val2014.json"
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return spoil


def half(root: Path) -> None:
    """Half a file."""
    path = root / "annotations" / "instances_val2014.json"
    path.write_text(path.read_text()[:500])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (half, "instances_val2014.json.* is broken JSON"),
        (spoilt_json(lambda content: content.pop("categories")), "has no list of categories"),
        (spoilt_json(lambda content: content["images"].append({"id": 1})), "images, id 1: file_name"),
        (spoilt_json(lambda content: content["annotations"][0].update(image_id=9)), "unknown image 9"),
        (spoilt_json(lambda content: content["annotations"][0].update(category_id=999)), "unknown category 999"),
        (spoilt_json(lambda content: content["categories"][0].update(name="other")), "other categories"),
        (spoilt_json(lambda content: content["images"].append(dict(content["images"][0]))), "two images have one id"),
        (spoilt_json(lambda content: content["images"][0].update(file_name="../a.jpg")), "is no path below"),
        (spoilt_json(lambda content: content["images"][0].update(file_name="x_000000000101.jpg")), "is in .* too"),
    ],
)
def test_what_is_wrong_with_coco_is_named(spoil: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    spoil(ms_coco(tmp_path / "datasets"))
    with pytest.raises(DatasetError, match=message):
        info("ms_coco", tmp_path)


@pytest.mark.parametrize(
    ("name", "counts", "groups"), [("voc", (1142, 775, 4), (6, 6, 8)), ("coco", (1909, 1128, 6), (22, 33, 25))]
)
def test_the_published_lists_have_the_published_numbers(
    name: str, counts: tuple[int, int, int], groups: tuple[int, int, int], tmp_path: Path
) -> None:
    archive = np.load(shared_file(f"{name}_mlt_train.npz"))
    counted = archive["y"].sum(axis=0)
    assert (len(archive["y"]), int(counted.max()), int(counted.min())) == counts
    maker = voc if name == "voc" else coco_mlt
    maker(tmp_path / "datasets")
    found = info(f"{name}_mlt", tmp_path)
    sizes = [found.shot_group(int(count)) for count in counted]
    assert tuple(sizes.count(group) for group in ("many", "medium", "few")) == groups


def test_coco_mini_trains_with_the_multi_label_recipe(tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_file("coco_mini.zip")) as archive:
        archive.extractall(tmp_path / "mini")
    (labels,) = (tmp_path / "mini").rglob("labels.csv")
    data = {"mini": RegisteredDataset("mini", str(labels.parent), "labelled_images", "multi_label")}
    spec = {
        **SMALL,
        "dataset": {"name": "mini", "image_size": 64, "normalization": "imagenet", "cache": {"size": 96}},
        "model": {"name": "torchvision", "architecture": "resnet18", "frozen_stages": 1, "neck": {"features": 32}},
        "augmentation": ["random_crop", "photometric_distortion", "horizontal_flip"],
        "method": "r_bce_focal_lpl",
        "batch_size": 32,
    }
    events = run(spec, datasets=data)
    assert end(events).outcome == "succeeded", end(events)
