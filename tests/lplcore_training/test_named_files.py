"""Files that a spec names are looked at before anything runs, where the data directory is known."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import lplcore
from lplcore import plugin
from lplcore.data.raw import RegisteredDataset
from tests.lplcore_training.multi_label_runs import long_tailed
from tests.lplcore_training.runs import end, run

IMAGES: dict[str, Any] = {"dataset": "digits", "method": "cross_entropy", "augmentation": "none"}
WEIGHTS = "model.weights_path"
VECTORS = "method.procedure.word_vectors"


def problems(
    spec: dict[str, Any], folder: Path, datasets: dict[str, RegisteredDataset], weights: Path | None = None
) -> dict[str, str]:
    """What checking a plan says, by path."""
    plan = lplcore.parse_spec(spec, datasets=datasets).plan()
    info_of = partial(lplcore.dataset_info, data_dir=folder, datasets=datasets)
    try:
        lplcore.check_plan(plan, info_of=info_of, data_dir=folder, weights_dir=weights)
    except lplcore.SpecError as error:
        return {item["path"]: item["message"] for item in error.errors}
    return {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory with files of weights, right and wrong."""
    weights = tmp_path / "weights"
    weights.mkdir()
    model = plugin.get("model", "resnet50")().build(input_shape=(1, 8, 8), num_classes=2)
    torch.save(model.body.state_dict(), weights / "right.pth")
    torch.save({"conv1.weight": torch.zeros(3, 3)}, weights / "foreign.pth")
    (weights / "junk.safetensors").write_bytes(b"junk" * 100)
    (weights / "folder.pth").mkdir()
    torch.save(model.body.state_dict(), tmp_path / "outside.pth")
    (weights / "link.pth").symlink_to(tmp_path / "outside.pth")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("absent.pth", "there is no file absent.pth"),
        ("../outside.pth", "must lie in the folder `weights`"),
        ("/etc/passwd", "must lie in the folder `weights`"),
        ("link.pth", "must lie in the folder `weights`"),
        ("junk.safetensors", "cannot be read"),
        ("folder.pth", "cannot be read"),
        ("foreign.pth", "another network"),
        ("right.pth", None),
    ],
)
def test_wrong_weights_are_refused_before_a_run(path: str, says: str | None, folder: Path) -> None:
    found = problems({**IMAGES, "model": {"name": "resnet50", "weights_path": path}}, folder, {})
    assert set(found) == (set() if says is None else {WEIGHTS})
    assert says is None or says in found[WEIGHTS]


def test_a_swept_file_is_named_with_its_field(folder: Path) -> None:
    spec = {**IMAGES, "model": {"name": "resnet50", "weights_path": "right.pth"}}
    found = problems({**spec, "sweep": {"model.weights_path": ["right.pth", "absent.pth"]}}, folder, {})
    assert list(found) == ["sweep.model.weights_path"]


def test_a_file_that_comes_later_is_seen(folder: Path) -> None:
    spec = {**IMAGES, "model": {"name": "resnet50", "weights_path": "late.pth"}}
    assert set(problems(spec, folder, {})) == {WEIGHTS}
    (folder / "weights" / "right.pth").rename(folder / "weights" / "late.pth")
    assert not problems(spec, folder, {})
    (folder / "weights" / "late.pth").write_bytes(b"junk")
    assert set(problems(spec, folder, {})) == {WEIGHTS}


def test_another_folder_may_be_named_and_holds_alone(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    share = tmp_path_factory.mktemp("share")
    (folder / "weights" / "right.pth").rename(share / "right.pth")
    model = {"name": "resnet50", "weights_path": "right.pth", "linear_probe": True}
    spec = {**IMAGES, "dataset": {"name": "digits", "imbalance_factor": 70}, "model": model, "epochs": 1}
    assert "there is no file" in problems(spec, folder, {})[WEIGHTS]
    assert not problems(spec, folder, {}, share)
    for path, says in (("foreign.pth", "there is no file"), (str(folder / "weights" / "foreign.pth"), "must lie in")):
        assert says in problems({**spec, "model": {**model, "weights_path": path}}, folder, {}, share)[WEIGHTS]
    assert end(run(spec, data_dir=folder, weights_dir=share)).outcome == "succeeded"
    assert end(run(spec, data_dir=folder)).reason == "bad_spec"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("absent.txt", "cannot be read"),
        ("../tail.npz", "must lie in the folder `weights`"),
        ("short.txt", "no vector for '7'"),
        ("right.txt", None),
    ],
)
def test_wrong_word_vectors_are_refused_before_a_run(path: str, says: str | None, tmp_path: Path) -> None:
    data = long_tailed(tmp_path, number=200)
    (tmp_path / "weights").mkdir()
    for name, classes in (("right.txt", 8), ("short.txt", 7)):
        (tmp_path / "weights" / name).write_text("".join(f"{c} {c} 1\n" for c in range(classes)))
    found = problems({"dataset": "tail", "method": {"alias": "ml_gcn", "word_vectors": path}}, tmp_path, data)
    assert set(found) == (set() if says is None else {VECTORS})
    assert says is None or says in found[VECTORS]


def test_every_field_that_names_a_file_is_looked_at() -> None:
    named = {
        (kind, name, field)
        for kind in plugin.FOLDERS
        for name, record in plugin.plugins(kind).items()
        if not isinstance(record, plugin.PluginValue)
        for field, described in record.model_fields.items()
        if "a path within the folder `weights`" in (described.description or "")
        or field.endswith(("_path", "_file", "path"))
    }
    assert {(kind, field) for kind, _, field in named} == {("model", "weights_path"), ("procedure", "word_vectors")}
    for kind, name, _ in named:
        record = plugin.get(kind, name)
        assert any("check_files" in vars(part) for part in record.__mro__[:2])
