"""Folders of images with `labels.csv`."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import lplcore
from lplcore.data.images import folder as labelled_images
from lplcore.data.images.folder import VALIDATION_IS_TEST, check_images, fingerprint, labels_of
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream
from lplcore.data.raw import RegisteredDataset
from lplcore.data.splits import LoadedDataset
from lplcore.datasets.registered import Registered, digest
from lplcore.errors import DatasetError
from lplcore.training.loading import dataset_info, load

GOOD = ("train,a.png,cat|dog", "train,b.png,dog", "train,c.png,", "val,d.png,cat", "test,e.png,")
SINGLE = ("train,a.png,dog", "train,b.png,cat", "train,c.png,dog", "val,d.png,cat", "test,e.png,dog")


def shared_file(name: str) -> Path:
    """A file of the shared data; the test is skipped where it is absent."""
    root = Path(os.environ.get("LPL_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    if not (root / name).is_file():
        pytest.skip(f"no shared data: set LPL_SHARED_DATA to a folder that has {name}")
    return root / name


def write_labels(folder: Path, lines: Sequence[str]) -> None:
    (folder / "labels.csv").write_text("\n".join(["split,file,labels", *lines, ""]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images of one colour each, a to e, with `GOOD` labels."""
    made = tmp_path / "pictures"
    made.mkdir()
    for index, name in enumerate("abcde"):
        Image.new("RGB", (20, 10), (10 * index, 100, 200)).save(made / f"{name}.png")
    write_labels(made, GOOD)
    return made


def entry(folder: Path, *, task: str | None = None, sha256: str | None = None) -> dict[str, RegisteredDataset]:
    return {"mine": RegisteredDataset("mine", str(folder), "labelled_images", task, sha256)}


def loaded(folder: Path, *, image_size: int = 8, task: str | None = None) -> LoadedDataset:
    return load(Registered(name="mine", image_size=image_size), seed=0, datasets=entry(folder, task=task))


def refusal(folder: Path) -> str:
    """What is said of a folder, by its facts as by its images."""
    messages = []
    for asked in (dataset_info, lambda record, datasets: load(record, seed=0, datasets=datasets)):
        with pytest.raises(DatasetError) as caught:
            asked(Registered(name="mine"), datasets=entry(folder))
        assert caught.value.field == "name"
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def test_a_folder_is_read_as_its_labels_say(folder: Path) -> None:
    data = loaded(folder)
    assert (data.info.task, data.info.classes, data.info.class_counts) == ("multi_label", ("cat", "dog"), (1, 2))
    assert (data.info.num_train, data.info.num_validation, data.info.num_test) == (3, 1, 1)
    assert (data.info.input_shape, data.info.notes) == ((3, 8, 8), ())
    assert data.train.y.tolist() == [[1, 1], [0, 1], [0, 0]]
    assert data.train.y.dtype == torch.int64
    assert data.train.held.dtype == torch.uint8
    assert data.train.held[:, :, 4, 4].tolist() == [[0, 100, 200], [10, 100, 200], [20, 100, 200]]
    assert data.validation is not None
    assert data.test is not None
    assert data.validation.held[0, :, 0, 0].tolist() == [30, 100, 200]
    assert data.test.held[0, :, 0, 0].tolist() == [40, 100, 200]
    assert (data.validation.y.tolist(), data.test.y.tolist()) == ([[1, 0]], [[0, 0]])


@pytest.mark.parametrize("lines", [GOOD, SINGLE, GOOD[:4], GOOD[:3]])
def test_facts_agree_with_what_is_loaded(folder: Path, lines: Sequence[str]) -> None:
    write_labels(folder, lines)
    assert dataset_info(Registered(name="mine", image_size=8), datasets=entry(folder)) == loaded(folder).info


def test_facts_need_no_decoding(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"not an image")
    assert dataset_info(Registered(name="mine"), datasets=entry(folder)).num_train == 3


def test_val_rows_are_the_test_split_where_there_is_none(folder: Path) -> None:
    write_labels(folder, [*GOOD[:3], "validation,d.png,cat"])
    data = loaded(folder)
    assert (data.info.num_validation, data.info.num_test, data.validation) == (0, 1, None)
    assert data.info.notes == (VALIDATION_IS_TEST,)
    assert data.test is not None
    assert data.test.y.tolist() == [[1, 0]]


def test_one_label_each_is_single_label_unless_asked_otherwise(folder: Path) -> None:
    write_labels(folder, SINGLE)
    assert loaded(folder).info.task == "single_label"
    assert loaded(folder).train.y.tolist() == [1, 0, 1]
    assert loaded(folder, task="multi_label").train.y.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_single_label_refuses_the_first_line_with_other_labels(folder: Path) -> None:
    write_labels(folder, [*SINGLE[:2], "train,c.png,", "val,d.png,cat|dog"])
    with pytest.raises(DatasetError, match="line 4: single_label data have one label per image, got 0"):
        loaded(folder, task="single_label")


def test_a_single_label_folder_can_be_thinned_out_and_trained_on(folder: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, size=(24, 3)).tolist()
    for index, colour in enumerate(colours):
        Image.new("RGB", (9, 9), tuple(colour)).save(folder / f"{index}.png")
    write_labels(folder, [f"{'train' if i < 18 else 'val'},{i}.png,{'dog' if i % 3 else 'cat'}" for i in range(24)])
    record = {"name": "mine", "image_size": 8, "validation_fraction": 0.2, "imbalance_factor": 2}
    spec = {"dataset": record, "method": "lpl", "epochs": 1, "batch_size": 4, "device": "cpu"}
    end = list(lplcore.train(spec, datasets=entry(folder)))[-1]
    assert isinstance(end, lplcore.RunEnd)
    assert end.outcome == "succeeded", end.message


def test_multi_label_data_are_used_as_they_are(folder: Path) -> None:
    with pytest.raises(DatasetError, match="used as they are") as caught:
        dataset_info(Registered(name="mine", validation_fraction=0.5), datasets=entry(folder))
    assert caught.value.field == "validation_fraction"


def test_classes_txt_fixes_the_classes_and_their_order(folder: Path) -> None:
    (folder / "classes.txt").write_bytes("\ufeffdog\r\nzebra fish\r\n\r\ncat\r\n".encode())
    data = loaded(folder)
    assert (data.info.classes, data.info.class_counts) == (("dog", "zebra fish", "cat"), (2, 0, 1))
    assert data.train.y.tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dog\nbird\n", "line 2: label 'cat' is not a class.*classes.txt"),
        ("dog\ncat\ndog\n", "classes.txt line 3: 'dog' is already in line 1"),
        ("dog\ncat\nb|c\n", "classes.txt line 3: a label has"),
        ("dog\ncat\n" + "x" * 201, "classes.txt line 3: a label has"),
        ("dog\x00\ncat", "classes.txt line 1: a label has"),
        ("", "0 classes"),
    ],
)
def test_wrong_classes_are_named(folder: Path, content: str, message: str) -> None:
    (folder / "classes.txt").write_text(content)
    with pytest.raises(DatasetError, match=message):
        labels_of(folder, task=None)


def test_a_byte_order_mark_windows_lines_quotes_and_blanks_are_read(folder: Path) -> None:
    text = 'split,file,labels\r\ntrain,"./a.png","cat, small| dog "\r\n\r\n train ,b.png,dog\r\ntrain,c.png, \r\n'
    (folder / "labels.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = labels_of(folder, task=None)
    assert found.classes == ("cat, small", "dog")
    assert [(image.line, image.file) for image in found.images] == [(2, "a.png"), (4, "b.png"), (5, "c.png")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the header split,file,labels"),
        ("file,split,labels\n", "line 1: expected the header"),
        ("split,file,labels\n", "no line whose split is train"),
        ("split,file,labels\nval,a.png,cat|dog\n", "no line whose split is train"),
        ("split,file,labels\nTrain,a.png,cat\n", "line 2: unknown split 'Train'; give one of train, val, validation"),
        ("split,file,labels\ntrain,a.png\n", "line 2: expected split,file,labels, got 2 fields"),
        ("split,file,labels\ntrain,a.png,cat,dog\n", "line 2: expected split,file,labels, got 4 fields"),
        ("split,file,labels\ntrain,a.png,cat||dog\n", "line 2: a label has"),
        ("split,file,labels\ntrain,a.png,cat|cat\n", "line 2: a label occurs twice"),
        ("split,file,labels\ntrain,a.png,c\x00t|dog\n", "line 2: a label has"),
        ("split,file,labels\ntrain,a.png,cat|dog\ntrain,./a.png,cat\n", "line 3: 'a.png' is already in line 2"),
        ("split,file,labels\ntrain,a.png,cat|dog\ntest,a.png,cat\n", "line 3: 'a.png' is already in line 2"),
        ('split,file,labels\ntrain,"a.png,cat\n', "line 2: .*; mend the quotes"),
        ("split,file,labels\ntrain,a.png," + "x" * 140_000, "line 2: field larger"),
        ("split,file,labels\ntrain,a.png,\nval,b.png,cat|dog\n", "no training image has a label"),
        ("split,file,labels\ntrain,a.png,cat\n", "1 classes were found"),
        ("split,file,labels\ntrain,a.png,cat|dog\nval,b.png,bird\n", "line 3: label 'bird' .* in classes.txt"),
        ("split,file,labels\ntrain,a.png,cat|dog\ntrain,z.png,cat\n", "line 3: there is no file 'z.png' in pictures"),
        ("split,file,labels\ntrain,a.png/b.png,cat|dog\n", "line 2: there is no file"),
        (f"split,file,labels\ntrain,{'x' * 5000},cat|dog\n", "line 2: there is no file"),
    ],
)
def test_wrong_labels_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "labels.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        raise DatasetError("name", refusal(folder))


@pytest.mark.parametrize(
    "file", ["", ".", "/etc/passwd", "../a.png", "x/../a.png", "x\\a.png", "a\x00.png", "..", "sub"]
)
def test_files_lead_nowhere_else(folder: Path, file: str) -> None:
    (folder / "sub").mkdir()
    (folder.parent / "a.png").write_bytes((folder / "a.png").read_bytes())
    write_labels(folder, [*GOOD, f"train,{file},cat"])
    assert refusal(folder).startswith("labels.csv line 7: ")


def test_links_lead_nowhere_else(folder: Path, tmp_path: Path) -> None:
    (folder / "inner.png").symlink_to("a.png")
    write_labels(folder, [*GOOD, "train,inner.png,cat"])
    assert loaded(folder).info.num_train == 4
    (tmp_path / "outside.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "outer.png").symlink_to(tmp_path / "outside.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.png").symlink_to("loop.png")
    for file, said in (("outer.png", "leads out"), ("up/outside.png", "leads out"), ("loop.png", "there is no file")):
        write_labels(folder, [*GOOD, f"train,{file},cat"])
        assert said in refusal(folder)


@pytest.mark.parametrize("name", ["labels.csv", "classes.txt"])
def test_texts_may_not_be_links_that_lead_out(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert f"'{name}' leads out of pictures" in refusal(folder)
    (tmp_path / "elsewhere").unlink()
    assert f"there is no file '{name}'" in refusal(folder)


def test_special_files_are_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    write_labels(folder, [*GOOD, "train,pipe.png,cat"])
    assert "line 7: there is no file" in refusal(folder)


@pytest.mark.parametrize("name", ["labels.csv", "classes.txt"])
def test_texts_are_utf_8_and_of_bounded_size(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (folder / name).write_bytes(b"split,file,labels\ntrain,a.png,caf\xe9\n")
    assert f"{name} is not UTF-8 (byte 33); save it as UTF-8" in refusal(folder)
    (folder / name).write_bytes(b"\n" * 201)
    monkeypatch.setattr(labelled_images, "MAX_TEXT_BYTES", 200)
    assert f"{name} is larger than" in refusal(folder)


def test_the_number_of_images_and_labels_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_images, "MAX_ARRAY_BYTES", 5 * 2 * 8 - 1)
    assert "too many for multi-hot labels" in refusal(folder)
    monkeypatch.setattr(labelled_images, "MAX_IMAGES", 4)
    assert "more than 4 images" in refusal(folder)


def test_a_folder_too_large_for_memory_is_read_as_it_is_needed(folder: Path) -> None:
    held = loaded(folder, image_size=16)
    streamed = load(
        Registered(name="mine", image_size=16),
        seed=0,
        datasets=entry(folder),
        pipeline=InputPipeline(memory_bytes=3 * 16 * 16),
    )
    assert isinstance(held.train.x, torch.Tensor)
    assert isinstance(streamed.train.x, ImageStream)
    assert torch.equal(streamed.train.x[torch.tensor([2, 0])], held.train.held[[2, 0]])
    assert torch.equal(streamed.normalization.mean, held.normalization.mean)


def broken_image(kind: str, good: Path) -> bytes:
    """What is no image, or only part of one."""
    whole = good.read_bytes()
    return {"empty": b"", "text": b"hello", "half": whole[: len(whole) // 2], "script": b"%!PS-Adobe-3.0 EPSF-3.0\n"}[
        kind
    ]


@pytest.mark.parametrize("kind", ["empty", "text", "half", "script"])
def test_damaged_images_are_named(folder: Path, kind: str) -> None:
    Image.effect_noise((40, 40), 50).convert("RGB").save(folder / "noise.jpg")
    (folder / "b.png").write_bytes(broken_image(kind, folder / "noise.jpg"))
    for decode in (lambda: loaded(folder), lambda: check_images(labels_of(folder, task=None))):
        with pytest.raises(
            DatasetError, match=r"line 3: 'b.png' cannot be used: it is damaged or none of BMP.*replace"
        ):
            decode()


def test_huge_images_are_refused_before_they_are_decoded(folder: Path) -> None:
    Image.new("1", (2**14, 2**12 + 1)).save(folder / "b.png")
    with pytest.raises(DatasetError, match=r"'b.png' cannot be used: it has 16384 x 4097 pixels, more than 67108864"):
        loaded(folder)
    Image.new("1", (2**14, 2**14)).save(folder / "b.png")
    with pytest.raises(DatasetError, match=r"'b.png' cannot be used"):
        loaded(folder)


def test_sixteen_bit_images_are_refused(folder: Path) -> None:
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(folder / "b.png")
    with pytest.raises(DatasetError, match="more than 8 bits"):
        loaded(folder)


def test_grey_palette_and_transparent_images_become_rgb(folder: Path) -> None:
    Image.new("L", (5, 5), 77).save(folder / "a.png")
    palette = Image.new("P", (5, 5), 1)
    palette.putpalette([0, 0, 0, 1, 2, 3])
    palette.save(folder / "b.png", transparency=b"\xff\x80")
    Image.new("RGBA", (5, 5), (4, 5, 6, 0)).save(folder / "c.png")
    assert loaded(folder).train.held[:, :, 0, 0].tolist() == [[77, 77, 77], [128, 128, 129], [255, 255, 255]]


def test_images_are_turned_upright_and_resized_bilinearly(folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, size=(12, 30, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(folder / "a.png", exif=exif)
    upright = Image.fromarray(np.ascontiguousarray(np.rot90(pixels, -1)))
    expected = np.asarray(upright.resize((8, 8), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert loaded(folder).train.held[0].tolist() == expected.tolist()


def test_what_changed_since_registration_is_refused(folder: Path) -> None:
    (folder / "classes.txt").write_text("cat\ndog\n")
    registered = entry(folder, sha256=fingerprint(labels_of(folder, task=None)))
    record = Registered(name="mine")
    before = dataset_info(record, datasets=registered)
    assert before.sha256 == registered["mine"].sha256
    kept = {name: (folder / name).read_bytes() for name in ("labels.csv", "classes.txt", "a.png")}
    changes = {
        "labels.csv": kept["labels.csv"].replace(b"a.png,cat|dog", b"a.png,cat"),
        "classes.txt": b"dog\ncat\n",
        "a.png": kept["a.png"] + b"\0",
    }
    for name, content in changes.items():
        (folder / name).write_bytes(content)
        with pytest.raises(DatasetError, match="pictures has changed since it was registered"):
            dataset_info(record, datasets=registered)
        with pytest.raises(DatasetError, match="pictures has changed since it was registered"):
            load(record, seed=0, datasets=registered)
        (folder / name).write_bytes(kept[name])
        assert dataset_info(record, datasets=registered) == before
    (folder / "a.png").unlink()
    with pytest.raises(DatasetError, match=r"line 2: there is no file 'a\.png'"):
        dataset_info(record, datasets=registered)


def test_a_folder_that_is_gone_and_an_unknown_format_are_told(folder: Path) -> None:
    assert "there is no file 'labels.csv' in absent" in refusal(folder.parent / "absent")
    odd = {"mine": RegisteredDataset("mine", str(folder), "parquet")}
    with pytest.raises(DatasetError, match="unknown format 'parquet'; register it again"):
        dataset_info(Registered(name="mine"), datasets=odd)


def test_coco_mini(tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_file("coco_mini.zip")) as archive:
        archive.extractall(tmp_path)
    data = loaded(tmp_path, image_size=16)
    assert (data.info.task, len(data.info.classes), data.info.classes[0]) == ("multi_label", 80, "person")
    assert (data.info.num_train, data.info.num_validation, data.info.num_test) == (128, 0, 128)
    assert sum(count > 0 for count in data.info.class_counts) == 71
    assert (data.train.y.sum(dim=1) == 0).sum() == 2
    assert data.train.held.shape == (128, 3, 16, 16)


@pytest.mark.parametrize(("name", "sizes"), [("voc_mlt_train", [6, 6, 8]), ("coco_mlt_train", [22, 33, 25])])
def test_shot_groups_of_multi_label_data(name: str, sizes: list[int], tmp_path: Path) -> None:
    with np.load(shared_file(f"{name}.npz")) as archive:
        y = archive["y"]
    np.savez(tmp_path / "mine.npz", x_train=np.zeros((len(y), 1)), y_train=y.astype(np.int64))
    registered = {"mine": RegisteredDataset("mine", str(tmp_path / "mine.npz"), sha256=digest(tmp_path / "mine.npz"))}
    info = dataset_info(Registered(name="mine"), datasets=registered)
    groups = [info.shot_group(count) for count in info.class_counts]
    assert [groups.count(group) for group in ("many", "medium", "few")] == sizes


def test_shot_groups_of_single_label_data_begin_above_a_hundred(tmp_path: Path) -> None:
    y = np.repeat([0, 1], [101, 100])
    np.savez(tmp_path / "mine.npz", x_train=np.zeros((len(y), 1)), y_train=y)
    registered = {"mine": RegisteredDataset("mine", str(tmp_path / "mine.npz"))}
    info = dataset_info(Registered(name="mine"), datasets=registered)
    assert [info.shot_group(count) for count in info.class_counts] == ["many", "medium"]
