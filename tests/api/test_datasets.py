"""Data sets by path."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.api.service import SPEC, Running


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
    assert (found["num_train"], found["num_test"], found["input_shape"]) == (190, 30, [5])
    assert len(found["preview"]) == 3
    assert "small" in [each["name"] for each in http.get("/v1/datasets").json()["items"]]
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
    "strings": np.array(["a", "b"]),
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


def test_built_in_data_sets_say_what_is_missing(refusing: httpx.Client) -> None:
    digits = refusing.get("/v1/datasets/digits").json()
    assert (digits["builtin"], digits["available"], len(digits["classes"])) == (True, True, 10)
    cifar = refusing.get("/v1/datasets/cifar10").json()
    assert cifar["available"] is False
    assert "cifar-10" in cifar["message"]
    assert refusing.get("/v1/datasets/nothing").status_code == 404
