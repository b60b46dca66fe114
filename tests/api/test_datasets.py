"""Data sets by path."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from store import datasets
from store.database.tables import DatasetRow
from tests.api.service import SPEC, Running, claim
from tests.store.databases import reading


def arrays(path: Path, *, images: bool = False) -> None:
    """A small data set of three classes with 120, 60 and 10 examples."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [120, 60, 10])
    shape = (3, 4, 4) if images else (5,)
    x = random.integers(0, 255, (len(labels), *shape), dtype=np.uint8)
    np.savez(path, x_train=x, y_train=labels, x_test=x[:30], y_test=labels[:30])


@pytest.fixture
def folder(service: Running) -> Path:
    """Where data sets lie, with one in a folder of its own."""
    (service.settings.datasets_dir / "mine").mkdir()
    arrays(service.settings.datasets_dir / "mine" / "small.npz")
    return service.settings.datasets_dir


def test_a_data_set_is_registered_described_used_and_deleted(service: Running, folder: Path) -> None:
    http = service.http
    made = http.post("/v1/datasets", json={"name": "small", "path": "mine/small.npz"})
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/datasets/small"
    found = http.get("/v1/datasets/small").json()
    assert found == made.json()
    assert (found["task"], found["classes"], found["class_counts"]) == ("single_label", ["0", "1", "2"], [120, 60, 10])
    assert found["shot_groups"] == {"many": [0], "medium": [1], "few": [2]}
    assert found["imbalance_factor"] == 12
    assert (found["num_train"], found["num_test"], found["input_shape"]) == (190, 30, [5])
    assert len(found["preview"]) == 3
    listed = {each["name"]: each for each in http.get("/v1/datasets").json()["items"]}
    assert [listed["small"][key] for key in ("available", "num_classes", "imbalance_factor")] == [True, 3, 12]
    assert [listed["digits"][key] for key in ("available", "num_classes")] == [True, 10]
    assert listed["digits"]["imbalance_factor"] == pytest.approx(1.1, abs=0.1)
    missing = listed["imagenet_lt"]
    assert [missing[key] for key in ("available", "num_classes", "imbalance_factor")] == [False, None, None]
    job = http.post("/v1/jobs", json={**SPEC, "dataset": "small", "batch_size": 16})
    assert job.status_code == 201, job.text
    assert http.delete("/v1/datasets/small").status_code == 409
    http.post(f"/v1/jobs/{job.json()['id']}/cancel")
    assert http.delete("/v1/datasets/small").status_code == 204
    assert http.get("/v1/datasets/small").status_code == 404
    assert (folder / "mine" / "small.npz").exists()


def test_images_have_a_preview_as_pictures(service: Running) -> None:
    arrays(service.settings.datasets_dir / "images.npz", images=True)
    made = service.http.post("/v1/datasets", json={"name": "images", "path": "images.npz"}).json()
    assert all(each["image"].startswith("data:image/png;base64,") for each in made["preview"])


def test_a_name_is_given_once(service: Running, folder: Path) -> None:
    body = {"name": "small", "path": "mine/small.npz"}
    assert service.http.post("/v1/datasets", json=body).status_code == 201
    assert service.http.post("/v1/datasets", json=body).status_code == 409
    builtin = service.http.post("/v1/datasets", json={**body, "name": "cifar10"})
    assert builtin.status_code == 409
    assert builtin.json()["errors"][0]["path"] == "name"
    assert service.http.delete("/v1/datasets/digits").status_code == 409


def test_paths_lead_nowhere_else(service: Running, folder: Path) -> None:
    odd = ("../lpl.sqlite3", "/etc/passwd", "mine/../../lpl.sqlite3", "nothing.npz", "mine", "x" * 900, "\\x", ".")
    for path in odd:
        answer = service.http.post("/v1/datasets", json={"name": "other", "path": path})
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["path"] == "path"


def test_links_lead_nowhere_else(service: Running, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.npz"
    arrays(outside)
    (folder / "link.npz").symlink_to(outside)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "loop.npz").symlink_to("loop.npz")
    (folder / "inner.npz").symlink_to(folder / "mine" / "small.npz")
    for path in ("link.npz", "folder/outside.npz", "loop.npz"):
        assert service.http.post("/v1/datasets", json={"name": "other", "path": path}).status_code == 422
    assert service.http.post("/v1/datasets", json={"name": "inner", "path": "inner.npz"}).status_code == 201


CONTENTS: dict[str, Any] = {
    "pickle": np.array([{"a": 1}], dtype=object),
    "blank": np.array(["a", " "]),
    "floats": np.array([0.5, 1.5]),
    "negative": np.array([-1, 0]),
}


@pytest.mark.parametrize("labels", CONTENTS.values(), ids=CONTENTS)
def test_unfit_labels_are_refused(shared: Running, labels: Any) -> None:
    np.savez(shared.settings.datasets_dir / "bad.npz", x_train=np.zeros((len(labels), 3)), y_train=labels)
    answer = shared.http.post("/v1/datasets", json={"name": "bad", "path": "bad.npz"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "path"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04garbage", b"\x93NUMPY", b"x" * 1000])
def test_a_corrupt_file_is_refused(shared: Running, content: bytes) -> None:
    (shared.settings.datasets_dir / "bad.npz").write_bytes(content)
    answer = shared.http.post("/v1/datasets", json={"name": "bad", "path": "bad.npz"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "-x", "a/b", "nul\x00"])
def test_names_are_plain(refusing: httpx.Client, name: str) -> None:
    answer = refusing.post("/v1/datasets", json={"name": name, "path": "small.npz"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "name"


def test_a_task_that_the_labels_deny_is_refused(service: Running, folder: Path) -> None:
    body = {"name": "small", "path": "mine/small.npz", "task": "multi_label"}
    assert service.http.post("/v1/datasets", json=body).json()["errors"][0]["path"] == "task"


def test_a_file_that_is_gone_or_changed_is_told(service: Running, folder: Path) -> None:
    service.http.post("/v1/datasets", json={"name": "small", "path": "mine/small.npz"})
    arrays(folder / "mine" / "small.npz", images=True)
    changed = service.http.post("/v1/jobs", json={**SPEC, "dataset": "small", "batch_size": 16})
    assert (changed.status_code, changed.json()["errors"][0]["path"]) == (422, "dataset.name")
    (folder / "mine" / "small.npz").unlink()
    assert service.http.get("/v1/datasets/small").json()["available"] is False
    assert service.http.post("/v1/jobs", json={**SPEC, "dataset": "small"}).status_code == 422


def pictures(folder: Path, *lines: str) -> Path:
    """A folder of six images, a to f, with these lines of labels."""
    folder.mkdir(exist_ok=True)
    for index, name in enumerate("abcdef"):
        Image.new("RGB", (12, 9), (40 * index, 100, 200)).save(folder / f"{name}.png")
    (folder / "labels.csv").write_text("\n".join(["split,file,labels", *lines]))
    return folder


MULTI = ("train,a.png,cat|dog", "train,b.png,dog", "train,c.png,", "val,d.png,cat", "test,e.png,dog")
SINGLE = ("train,a.png,cat", "train,b.png,dog", "train,c.png,dog", "train,d.png,cat", "val,e.png,cat", "val,f.png,dog")


def test_a_folder_of_images_is_registered_and_described(service: Running) -> None:
    pictures(service.settings.datasets_dir / "pets", *MULTI)
    made = service.http.post("/v1/datasets", json={"name": "pets", "path": "pets"})
    assert made.status_code == 201, made.text
    found = service.http.get("/v1/datasets/pets").json()
    assert found == made.json()
    assert (found["format"], found["task"], found["path"]) == ("labelled_images", "multi_label", "pets")
    assert (found["classes"], found["class_counts"], found["input_shape"]) == (["cat", "dog"], [1, 2], [3, 64, 64])
    assert (found["num_train"], found["num_validation"], found["num_test"]) == (3, 1, 1)
    assert (found["many_above"], found["few_below"], found["available"]) == (99, 20, True)
    assert [each["class"] for each in found["preview"]] == ["cat", "dog"]
    assert all(each["image"].startswith("data:image/png;base64,") for each in found["preview"])
    (service.settings.datasets_dir / "pets" / "labels.csv").unlink()
    assert service.http.get("/v1/datasets/pets").json()["available"] is False


def test_a_single_label_folder_is_used_until_it_changes(service: Running) -> None:
    folder = pictures(service.settings.datasets_dir / "pets", *SINGLE)
    assert service.http.post("/v1/datasets", json={"name": "pets", "path": "pets"}).json()["task"] == "single_label"
    spec = {**SPEC, "dataset": {"name": "pets", "image_size": 16}, "batch_size": 2}
    answer = service.http.post("/v1/jobs", json=spec)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert job["spec"]["dataset"]["image_size"] == 16
    refused = service.http.post("/v1/jobs", json={**spec, "dataset": {"name": "pets", "image_size": 4}})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "dataset.image_size")
    Image.new("RGB", (50, 50)).save(folder / "b.png")
    changed = service.http.post("/v1/jobs", json=spec)
    assert (changed.status_code, changed.json()["errors"][0]["path"]) == (422, "dataset.name")
    assert "has changed since it was registered" in changed.json()["errors"][0]["message"]
    (folder / "b.png").unlink()
    assert "there is no file 'b.png'" in service.http.post("/v1/jobs", json=spec).json()["errors"][0]["message"]


def test_the_task_of_a_folder_can_be_chosen_where_the_labels_allow_it(service: Running) -> None:
    pictures(service.settings.datasets_dir / "one", *SINGLE)
    pictures(service.settings.datasets_dir / "more", *MULTI)
    one = service.http.post("/v1/datasets", json={"name": "one", "path": "one", "task": "multi_label"})
    assert (one.status_code, one.json()["task"]) == (201, "multi_label")
    more = service.http.post("/v1/datasets", json={"name": "more", "path": "more", "task": "single_label"})
    assert (more.status_code, more.json()["errors"][0]["path"]) == (422, "task")
    assert "labels.csv line 2" in more.json()["errors"][0]["message"]


def test_a_damaged_image_is_refused_at_registration(shared: Running) -> None:
    folder = pictures(shared.settings.datasets_dir / "damaged", *MULTI)
    (folder / "d.png").write_bytes((folder / "d.png").read_bytes()[:50])
    answer = shared.http.post("/v1/datasets", json={"name": "damaged", "path": "damaged"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "path")
    assert "labels.csv line 5: 'd.png' cannot be used" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("train,a.png",),
        ("train,../bad.npz,cat|dog",),
        ("train,/etc/passwd,cat|dog",),
        ("train,a\x00.png,cat|dog",),
        ("train,a.png,c\x00t|dog",),
        ("train,a.png,cat|dog", "holdout,b.png,cat"),
        ("train,a.png,cat|dog", "val,b.png,bird"),
        ("train,a.png,cat|dog", "train,z.png,cat"),
    ],
)
def test_unfit_labels_of_a_folder_are_refused(shared: Running, lines: tuple[str, ...]) -> None:
    pictures(shared.settings.datasets_dir / "unfit", *lines)
    answer = shared.http.post("/v1/datasets", json={"name": "unfit", "path": "unfit"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "path")
    assert "labels.csv" in answer.json()["errors"][0]["message"]


def test_what_was_recognised_in_arrays_is_among_the_notes(service: Running) -> None:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (40, 6, 6, 3), dtype=np.uint8), np.arange(40)[:, None] % 2 + 1
    parts: dict[str, Any] = {
        f"{split}_{name}": part for split in ("train", "val") for name, part in (("images", images), ("labels", labels))
    }
    np.savez(service.settings.datasets_dir / "med.npz", **parts)
    made = service.http.post("/v1/datasets", json={"name": "med", "path": "med.npz"})
    assert made.status_code == 201, made.text
    answer = service.http.get("/v1/datasets/med").json()
    assert (answer["classes"], answer["class_counts"], answer["input_shape"]) == (["1", "2"], [20, 20], [3, 6, 6])
    assert (answer["num_validation"], answer["imbalance_factor"]) == (40, 1)
    notes = " / ".join(answer["notes"])
    for said in ("val_images as x_validation", "[N, 1] are read as [N]", "from 1 to 2", "[N, channels, H, W]"):
        assert said in notes
    assert all(each["image"].startswith("data:image/png;base64,") for each in answer["preview"])


def test_names_of_classes_may_be_the_labels(service: Running) -> None:
    labels = np.array(["c10", "c9"] * 20)
    np.savez(service.settings.datasets_dir / "text.npz", x_train=np.zeros((40, 2)), y_train=labels)
    answer = service.http.post("/v1/datasets", json={"name": "text", "path": "text.npz"})
    assert (answer.status_code, answer.json()["classes"]) == (201, ["c9", "c10"])


@pytest.mark.parametrize("task", [None, "multi_label"])
def test_rows_of_one_label_are_of_the_task_that_was_asked_for(service: Running, task: str | None) -> None:
    rows = np.eye(3, dtype=np.int64)[np.arange(30) % 3]
    np.savez(service.settings.datasets_dir / "hot.npz", x_train=np.zeros((30, 2)), y_train=rows)
    answer = service.http.post("/v1/datasets", json={"name": "hot", "path": "hot.npz", "task": task})
    assert (answer.status_code, answer.json()["task"]) == (201, task or "single_label")
    spec = {**SPEC, "dataset": "hot", "method": "lpl", "batch_size": 8}
    job = service.http.post("/v1/jobs", json=spec)
    assert job.status_code == 201, job.text
    assert ("binary" in job.json()["spec"]["method"]["loss"]["name"]) == (task is not None)


def test_an_image_without_label_needs_the_task_to_be_said(service: Running) -> None:
    pictures(service.settings.datasets_dir / "gap", *SINGLE[:3], "train,d.png,")
    refused = service.http.post("/v1/datasets", json={"name": "gap", "path": "gap"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "path")
    assert "labels.csv line 5: no label" in refused.json()["errors"][0]["message"]
    asked = service.http.post("/v1/datasets", json={"name": "gap", "path": "gap", "task": "multi_label"})
    assert (asked.status_code, asked.json()["task"]) == (201, "multi_label")


def test_transparent_images_are_among_the_notes(service: Running) -> None:
    folder = pictures(service.settings.datasets_dir / "pets", *SINGLE)
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(folder / "a.png")
    answer = service.http.post("/v1/datasets", json={"name": "pets", "path": "pets"}).json()
    assert answer["notes"][-1] == "1 of 6 images are transparent in places, laid on white"


def test_a_data_set_that_version_0_1_0_registered_keeps_its_classes(service: Running) -> None:
    pictures(service.settings.datasets_dir / "old", "train,a.png,10", "train,b.png,9", "train,c.png,9")
    service.http.post("/v1/datasets", json={"name": "old", "path": "old"})
    record = reading(service.db, datasets.get, "old")
    earlier = {name: value for name, value in record.info.items() if name != "rules"} | {"classes": ["10", "9"]}
    change = update(DatasetRow).where(DatasetRow.name == "old").values(info=earlier)
    service.db.write(lambda session: session.execute(change))
    answer = service.http.get("/v1/datasets/old").json()
    assert answer["classes"] == ["10", "9"]
    assert "read as version 0.1.0 read it" in answer["notes"][-1]
    spec = {**SPEC, "dataset": {"name": "old", "image_size": 8}, "batch_size": 2}
    checked = service.http.post("/v1/jobs/validate", json=spec).json()
    assert (checked["classes"], checked["class_counts"]) == (["10", "9"], [1, 2])
    assert service.http.post("/v1/jobs", json=spec).status_code == 201
    assert claim(service.db).datasets[0]["rules"] == 1


def test_folders_are_named_by_themselves_and_lie_inside(service: Running, tmp_path: Path) -> None:
    root = service.settings.datasets_dir
    pictures(root / "pets", *MULTI)
    (tmp_path / "outside").mkdir()
    pictures(tmp_path / "outside", *MULTI)
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "empty").mkdir()
    (root / "labels.csv").write_text("split,file,labels\ntrain,pets/a.png,cat|dog\n")
    said = {
        "pets/labels.csv": "give the folder",
        "empty": "has neither labels.csv",
        "link": "not below",
        ".": "not below",
    }
    for path, message in said.items():
        answer = service.http.post("/v1/datasets", json={"name": "other", "path": path})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "path")
        assert message in answer.json()["errors"][0]["message"]


def test_built_in_data_sets_say_what_is_missing(refusing: httpx.Client) -> None:
    digits = refusing.get("/v1/datasets/digits").json()
    assert (digits["builtin"], digits["available"], len(digits["classes"])) == (True, True, 10)
    cifar = refusing.get("/v1/datasets/cifar10").json()
    assert cifar["available"] is False
    assert "cifar-10" in cifar["message"]
    assert refusing.get("/v1/datasets/nothing").status_code == 404


def test_a_tree_of_class_folders_is_a_data_set(service: Running) -> None:
    root = service.settings.datasets_dir / "tree"
    for split, name, number in (("train", "cat", 3), ("train", "dog", 2), ("test", "cat", 1)):
        for index in range(number):
            path = root / split / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (9, 9), (index, 0, 0)).save(path)
    answer = service.http.post("/v1/datasets", json={"name": "tree", "path": "tree"})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert (found["format"], found["task"], found["available"]) == ("class_folders", "single_label", True)
    assert (found["classes"], found["class_counts"], found["num_test"]) == (["cat", "dog"], [3, 2], 1)
    assert [shown["class"] for shown in service.http.get("/v1/datasets/tree").json()["preview"]] == ["cat", "dog"]
    spec = {**SPEC, "dataset": {"name": "tree", "image_size": 8, "cache": {"size": 16}}, "batch_size": 2}
    checked = service.http.post("/v1/jobs/validate", json=spec).json()
    assert (checked["class_counts"], checked["cache_bytes"] > 0) == ([3, 2], True)
    multi = service.http.post("/v1/datasets", json={"name": "other", "path": "tree", "task": "multi_label"})
    assert (multi.status_code, multi.json()["errors"][0]["path"]) == (422, "task")
