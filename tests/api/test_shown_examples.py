"""Test examples of a run as people see them, over HTTP."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from client import Client
from lplcore import examples
from lplcore.child_process import Refusal
from tests.api.service import Running

RED = np.zeros((3, 6, 5), dtype=np.uint8)
RED[0] = 200


def register(service: Running, *, images: bool = True) -> str:
    """Register `mine`: two classes, the second test example of an image is red; the id of a run on it."""
    shape = (8, 3, 6, 5) if images else (8, 20)
    x = np.arange(np.prod(shape)).reshape(shape) % 250
    x = x.astype(np.uint8 if images else np.float32)
    if images:
        x[1] = RED
    labels = np.repeat([0, 1], 4)
    np.savez(service.settings.datasets_dir / "mine.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    made = service.http.post("/v1/datasets", json={"name": "mine", "path": "mine.npz"})
    assert made.status_code == 201, made.text
    body = {"dataset": "mine", "method": "cross_entropy", "epochs": 1, "batch_size": 4}
    answer = service.http.post("/v1/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runs"][0]["id"])


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))))


def test_images_come_in_the_order_asked_for(service: Running) -> None:
    run = register(service)
    path = f"/v1/runs/{run}/test-examples"
    answer = service.http.get(path, params={"index": [1, 0, 1]})
    assert answer.status_code == 200, answer.text
    examples = answer.json()["examples"]
    assert [each["index"] for each in examples] == [1, 0, 1]
    assert examples[0] == examples[2]
    np.testing.assert_array_equal(pixels(examples[0]["image"]), RED.transpose(1, 2, 0))
    again = service.http.get(path, params={"index": [1, 0, 1]}, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    with Client(service.url) as client:
        (shown,) = client.test_examples(run, [1])
    assert (shown.index, shown.values) == (1, None)
    assert 'alt="test example 1"' in shown._repr_html_()


def test_other_examples_are_their_first_values(service: Running) -> None:
    run = register(service, images=False)
    (example,) = service.http.get(f"/v1/runs/{run}/test-examples?index=1").json()["examples"]
    assert example == {"index": 1, "image": None, "values": [float(each) for each in range(20, 32)]}


def test_a_built_in_data_set_has_examples_too(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    (example,) = service.http.get(f"/v1/runs/{run}/test-examples?index=3").json()["examples"]
    assert pixels(example["image"]).shape == (8, 8)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "required"),
        ("index=-1", "greater than or equal to 0"),
        ("index=x", "integer"),
        ("&".join(["index=1"] * 51), "50"),
        ("index=1&index=8", "below 8, the number of test examples, got 8"),
    ],
)
def test_places_that_are_none_are_refused(service: Running, query: str, says: str) -> None:
    refused = service.http.get(f"/v1/runs/{register(service)}/test-examples?{query}")
    assert (refused.status_code, says in refused.text) == (422, True), refused.text
    assert refused.json()["errors"][0]["path"].startswith("index")


def test_data_that_are_no_longer_there_are_named(service: Running) -> None:
    run = register(service)
    path = Path(service.settings.datasets_dir / "mine.npz")
    kept = path.read_bytes()
    path.write_bytes(kept[:-100])
    broken = service.http.get(f"/v1/runs/{run}/test-examples?index=1")
    assert (broken.status_code, "mine.npz" in broken.json()["detail"]) == (409, True), broken.text
    assert service.http.get("/v1/runs/r_none/test-examples?index=1").status_code == 404
    assert not list((service.settings.data_dir / "scratch").glob("examples-*"))


def test_places_are_those_of_the_run_where_damaged_images_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for split, number in (("train", 4), ("test", 3)):
        for level, name in ((100, "a"), (200, "b")):
            (folder / split / name).mkdir(parents=True)
            for place in range(number):
                Image.new("RGB", (9, 9), (level + place,) * 3).save(folder / split / name / f"{place}.png")
    (folder / "test" / "a" / "0.png").write_bytes(b"no image")
    request = {
        "spec": {
            "dataset": {"name": "photos", "image_size": 8, "on_damaged": "leave_out"},
            "method": "cross_entropy",
            "model": "mlp",
        },
        "data_dir": str(tmp_path),
        "cache_dir": str(tmp_path / "cache"),
        "datasets": [{"name": "photos", "path": str(folder), "format": "class_folders"}],
        "places": [0, 1, 2, 3, 4],
    }
    shown = examples.main(tmp_path, request)["examples"]
    assert [int(pixels(each["image"])[0, 0, 0]) for each in shown] == [101, 102, 200, 201, 202]
    with pytest.raises(Refusal, match="below 5, the number of test examples, got 5"):
        examples.main(tmp_path, {**request, "places": [5]})


def test_large_images_are_shown_small(service: Running) -> None:
    images = np.random.default_rng(0).integers(0, 255, (4, 3, 300, 200), dtype=np.uint8)
    np.savez(
        service.settings.datasets_dir / "large.npz",
        x_train=images,
        y_train=[0, 1, 0, 1],
        x_test=images,
        y_test=[0, 1, 0, 1],
    )
    assert service.http.post("/v1/datasets", json={"name": "large", "path": "large.npz"}).status_code == 201
    body = {"dataset": "large", "model": "mlp", "method": "cross_entropy", "epochs": 1, "batch_size": 4}
    run = service.http.post("/v1/jobs", json=body).json()["runs"][0]["id"]
    (example,) = service.http.get(f"/v1/runs/{run}/test-examples?index=0").json()["examples"]
    assert pixels(example["image"]).shape == (64, 43, 3)
