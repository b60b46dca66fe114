"""What is found of a data set when it is registered: splits, pairs of classes, missing values, warnings."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from store import datasets
from tests.api.service import SPEC, Running, running_alone
from tests.store.databases import claimed, reading, writing

RANDOM = np.random.default_rng(0)


def registered(service: Running, name: str, path: str, **fields: str) -> dict[str, Any]:
    """The answer to a registration, which is what is answered from then on."""
    made = service.http.post("/v1/datasets", json={"name": name, "path": path, **fields})
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    assert service.http.get(f"/v1/datasets/{name}").json() == answer
    return answer


def arrays(folder: Path, name: str, **parts: Any) -> None:
    """An `.npz`."""
    np.savez(folder / name, **parts)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service for the tests of this file; each has names of its own."""
    folder = tmp_path_factory.mktemp("described")
    with running_alone(folder) as service:
        yield service


def test_a_table_is_described(served: Running) -> None:
    lines = [f"{index % 9},{'' if index % 10 == 0 else 'CH'},{int(index % 25 == 0)}" for index in range(100)]
    (served.settings.datasets_dir / "t.csv").write_text("\n".join(["amount,country,fraud", *lines]))
    answer = registered(served, "table", "t.csv")
    assert (answer["format"], answer["task"], answer["classes"]) == ("table", "single_label", ["0", "1"])
    assert (answer["target"], answer["split"], answer["splits_drawn"]) == ("fraud", None, True)
    assert answer["missing_values"] == [{"column": "country", "rows": 10}]
    train, test = answer["splits"]
    assert (train["name"], train["examples"], train["class_counts"]) == ("train", 80, [77, 3])
    assert (test["name"], test["examples"], test["class_counts"]) == ("test", 20, [19, 1])
    assert answer["preview"][1]["row"] == {"amount": "7", "country": "CH"}
    warnings = " / ".join(answer["warnings"])
    assert "the test split's imbalance factor is 19: the error weighs frequent classes more; compare bal" in warnings
    assert "test examples are identical to a training example" in warnings
    planned = served.http.post("/v1/jobs/validate", json={"dataset": "table"})
    assert planned.status_code == 200, planned.text
    assert planned.json()["spec"]["model"]["name"] == "mlp"


def test_target_and_split_reach_the_trainer(served: Running) -> None:
    (served.settings.datasets_dir / "s.csv").write_text("a,b,part\n0,1,train\n1,2,train\n1,3,test\n0,4,val\n")
    answer = registered(served, "named", "s.csv", target="a", split="part")
    assert [split["name"] for split in answer["splits"]] == ["train", "validation", "test"]
    assert (answer["splits_drawn"], answer["split"]) == (False, "part")
    spec = {**SPEC, "dataset": "named", "method": "cross_entropy"}
    assert served.http.post("/v1/jobs", json=spec).status_code == 201
    held = claimed(served.db, worker_id="w_1", device="cpu", lease_seconds=60)
    assert held is not None
    entry = held.datasets[0]
    assert [entry[key] for key in ("format", "target", "split", "sha256")] == ["table", "a", "part", answer["sha256"]]


def test_another_target_is_other_data(served: Running) -> None:
    (served.settings.datasets_dir / "o.csv").write_text("a,b\n0,1\n1,2\n1,1\n0,2\n")
    assert registered(served, "a", "o.csv", target="a")["sha256"] != registered(served, "b", "o.csv")["sha256"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"path": "r.csv", "target": "none"}, "target"),
        ({"path": "r.csv", "split": "none"}, "split"),
        ({"path": "r.csv", "task": "multi_label"}, "task"),
        ({"path": "r.npz", "target": "a"}, "target"),
        ({"path": "wrong.csv"}, "path"),
        ({"path": "r.csv", "target": "a\x00"}, "target"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(served: Running, body: dict[str, str], path: str) -> None:
    folder = served.settings.datasets_dir
    (folder / "r.csv").write_text("a,b\n0,1\n1,2\n")
    (folder / "wrong.csv").write_text("a,b\n0,1\n1\n")
    arrays(folder, "r.npz", x_train=np.zeros((4, 2)), y_train=[0, 1, 0, 1])
    answer = served.http.post("/v1/datasets", json={"name": "refused", **body})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path), answer.text


def test_arrays_are_warned_of(served: Running) -> None:
    x = RANDOM.integers(0, 256, (60, 3, 6, 6), dtype=np.uint8)
    x[3], x[40] = 7, x[5]
    y = np.r_[np.zeros(39), 1, np.zeros(10), np.ones(10)].astype(int)
    arrays(served.settings.datasets_dir, "w.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=2 * y[40:])
    answer = registered(served, "warned", "w.npz")
    assert answer["warnings"] == [
        "1 of the 20 test examples are identical to a training example: results on them look better than they are",
        "2 classes have fewer than two training examples: 1, 2",
        "1 class has no test example and no part in results: 1",
        "1 image is nearly one colour throughout: train 3",
    ]
    assert [split["class_counts"] for split in answer["splits"]] == [[39, 1, 0], [10, 0, 10]]
    assert (answer["co_occurrence"], answer["missing_values"], answer["splits_drawn"]) == (None, [], False)


def test_a_sound_data_set_has_no_warning(served: Running) -> None:
    x, y = RANDOM.normal(size=(80, 5)).astype("f4"), np.arange(80) % 4
    arrays(served.settings.datasets_dir, "sound.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    assert registered(served, "sound", "sound.npz")["warnings"] == []


def test_classes_that_come_together_are_counted(served: Running) -> None:
    rows = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]])
    x = RANDOM.normal(size=(10, 2))
    arrays(served.settings.datasets_dir, "m.npz", x_train=x[:5], y_train=rows, x_test=x[5:], y_test=rows)
    answer = registered(served, "multi", "m.npz")
    assert answer["co_occurrence"]["counts"] == [[3, 2, 0], [2, 3, 1], [0, 1, 1]]
    pairs = [(pair["classes"], pair["examples"]) for pair in answer["co_occurrence"]["pairs"]]
    assert pairs == [([0, 1], 2), ([1, 2], 1)]
    assert "the test split's imbalance factor is 3: micro F1 weighs" in " / ".join(answer["warnings"])


def test_of_many_classes_the_most_frequent_pairs_are_told(served: Running) -> None:
    rows = np.zeros((150, 120), dtype=int)
    rows[np.arange(150), np.arange(150) % 120] = 1
    rows[:30, 119] = rows[:30, 7] = 1
    x = RANDOM.normal(size=(150, 2))
    arrays(served.settings.datasets_dir, "many.npz", x_train=x, y_train=rows, x_test=x[:9] + 1, y_test=rows[:9])
    found = registered(served, "many", "many.npz")["co_occurrence"]
    assert (found["counts"], found["pairs"][0], len(found["pairs"])) == (
        None,
        {"classes": [7, 119], "examples": 30},
        20,
    )


def test_a_tree_of_images_is_looked_through(served: Running) -> None:
    root = served.settings.datasets_dir / "tree"
    for split, number in (("train", 6), ("test", 3)):
        for name in ("cat", "dog"):
            (root / split / name).mkdir(parents=True)
            for index in range(number):
                pixels = RANDOM.integers(0, 256, (20, 24, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{index}.png")
    shutil.copy(root / "train" / "cat" / "1.png", root / "test" / "dog" / "2.png")
    Image.new("RGB", (30, 30), (200, 10, 10)).save(root / "train" / "dog" / "5.png")
    answer = registered(served, "tree", "tree")
    assert answer["warnings"] == [
        "1 of the 6 test examples are identical to a training example: results on them look better than they are",
        "1 image is nearly one colour throughout: train/dog/5.png",
    ]
    assert answer["splits_drawn"] is False
    shutil.copytree(root / "train", served.settings.datasets_dir / "classes")
    assert registered(served, "classes", "classes")["splits_drawn"] is True


def test_one_that_was_registered_before_is_answered_without(served: Running) -> None:
    arrays(served.settings.datasets_dir, "old.npz", x_train=np.eye(4), y_train=[0, 1, 0, 1])
    registered(served, "new", "old.npz")
    record = reading(served.db, datasets.get, "new")
    info = {key: value for key, value in record.info.items() if key not in ("description", "table")}
    fields: dict[str, Any] = {"format": "arrays", "path": record.path, "task": record.task, "sha256": None}
    writing(served.db, datasets.add, name="old", info=info, **fields)
    answer = served.http.get("/v1/datasets/old").json()
    empty = ("splits", "splits_drawn", "co_occurrence", "missing_values", "warnings", "target", "split")
    assert [answer[name] for name in empty] == [[], None, None, [], [], None, None]
    assert answer["classes"] == ["0", "1"]
