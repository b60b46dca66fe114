"""CIFAR files: both layouts, hashes, damage, and what a hostile pickle may not do."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lplcore import plugin
from lplcore.datasets import Dataset
from lplcore.errors import DatasetError
from lplcore.training.loading import dataset_info, load
from tests.lplcore_training.runs import checkpoints, end, epochs, run

PIXELS = 3072


def cifar(name: str, **fields: Any) -> Dataset:
    record: Dataset = plugin.get("dataset", name)(**fields)
    return record


def write_binary10(folder: Path, per_file: int = 20) -> None:
    """CIFAR-10's binary layout with random images, labels in turn."""
    rng = np.random.default_rng(0)
    target = folder / "datasets" / "cifar-10-batches-bin"
    target.mkdir(parents=True)
    for name in [f"data_batch_{n}.bin" for n in range(1, 6)] + ["test_batch.bin"]:
        rows = rng.integers(0, 256, size=(per_file, 1 + PIXELS)).astype(np.uint8)
        rows[:, 0] = np.arange(per_file) % 10
        (target / name).write_bytes(rows.tobytes())


def write_binary100(folder: Path) -> None:
    """CIFAR-100's binary layout with random images: two per fine class, coarse labels all 3."""
    target = folder / "datasets" / "cifar-100-binary"
    target.mkdir(parents=True)
    for name in ("train.bin", "test.bin"):
        rows = np.random.default_rng(0).integers(0, 256, size=(200, 2 + PIXELS)).astype(np.uint8)
        rows[:, 0], rows[:, 1] = 3, np.arange(200) % 100
        (target / name).write_bytes(rows.tobytes())


def write_python10(folder: Path, content: dict[bytes, Any] | None = None, *, first: bytes | None = None) -> None:
    """CIFAR-10's python layout; `first` replaces the first batch's bytes."""
    target = folder / "datasets" / "cifar-10-batches-py"
    target.mkdir(parents=True)
    for number, name in enumerate([f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"]):
        batch = content or {
            b"data": np.full((20, PIXELS), number, dtype=np.uint8),
            b"labels": [label % 10 for label in range(20)],
        }
        (target / name).write_bytes(pickle.dumps(batch, protocol=2))
    if first is not None:
        (target / "data_batch_1").write_bytes(first)


def test_binary_cifar10_is_read(tmp_path: Path) -> None:
    write_binary10(tmp_path)
    loaded = load(cifar("cifar10"), seed=0, data_dir=tmp_path)
    assert loaded.train.held.shape == (100, 3, 32, 32)
    assert loaded.info.class_counts == (10,) * 10
    raw = (tmp_path / "datasets" / "cifar-10-batches-bin" / "data_batch_1.bin").read_bytes()
    np.testing.assert_array_equal(loaded.train.held[0].numpy().reshape(-1), np.frombuffer(raw[1:3073], dtype=np.uint8))


def test_binary_cifar100_needs_the_published_hash_or_leave(tmp_path: Path) -> None:
    write_binary100(tmp_path)
    with pytest.raises(DatasetError, match=r"train\.bin differs from the published file.*allow_modified"):
        load(cifar("cifar100"), seed=0, data_dir=tmp_path)
    loaded = load(cifar("cifar100", allow_modified=True), seed=0, data_dir=tmp_path)
    assert loaded.info.class_counts == (2,) * 100
    assert loaded.info.modified
    assert any("differs from the published file" in note for note in loaded.info.notes)


def test_python_cifar10_is_read_with_leave(tmp_path: Path) -> None:
    write_python10(tmp_path)
    with pytest.raises(DatasetError, match="md5"):
        load(cifar("cifar10"), seed=0, data_dir=tmp_path)
    loaded = load(cifar("cifar10", allow_modified=True), seed=0, data_dir=tmp_path)
    assert loaded.train.held.shape == (100, 3, 32, 32)
    assert loaded.info.modified
    assert dataset_info(cifar("cifar10", allow_modified=True), data_dir=tmp_path).modified


class Hostile:
    """Runs a command when an ordinary unpickler opens it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("leave", [False, True])
def test_a_hostile_pickle_is_never_run(leave: bool, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    write_python10(tmp_path, first=pickle.dumps({b"data": Hostile(f"touch {touched}")}, protocol=2))
    with pytest.raises(DatasetError):
        load(cifar("cifar10", allow_modified=leave), seed=0, data_dir=tmp_path)
    assert not touched.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        pickle.dumps({b"data": np.zeros((20, PIXELS), dtype=np.uint8), b"labels": [0] * 19}, protocol=2),
        pickle.dumps({b"data": np.zeros((20, 10), dtype=np.uint8), b"labels": [0] * 20}, protocol=2),
        pickle.dumps({b"data": np.zeros((20, PIXELS), dtype=np.uint8), b"labels": [10] * 20}, protocol=2),
        pickle.dumps({b"data": np.zeros((20, PIXELS), dtype=np.uint8), b"labels": ["a"] * 20}, protocol=2),
        pickle.dumps([1, 2, 3], protocol=2),
        pickle.dumps({b"data": np.zeros((20, PIXELS), dtype=np.uint8), b"labels": [0] * 20}, protocol=2)[:-40],
    ],
)
def test_damaged_batches_are_refused(content: bytes, tmp_path: Path) -> None:
    write_python10(tmp_path, first=content)
    with pytest.raises(DatasetError, match="data_batch_1"):
        load(cifar("cifar10", allow_modified=True), seed=0, data_dir=tmp_path)


def test_truncated_and_mislabelled_binary_files_are_refused(tmp_path: Path) -> None:
    write_binary10(tmp_path)
    path = tmp_path / "datasets" / "cifar-10-batches-bin" / "data_batch_2.bin"
    whole = path.read_bytes()
    for content in (whole[:-1], b"", bytes([10]) + whole[1:]):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=r"data_batch_2\.bin is corrupt"):
            load(cifar("cifar10"), seed=0, data_dir=tmp_path)


def test_absent_files_are_named_with_their_place(tmp_path: Path) -> None:
    for name, named in (("cifar10", "cifar-10-batches-py"), ("cifar100", "cifar-100-binary")):
        with pytest.raises(DatasetError, match=named) as caught:
            dataset_info(cifar(name), data_dir=tmp_path)
        assert str(tmp_path / "datasets") in str(caught.value)
        assert "download" in str(caught.value)


def test_a_spec_that_downloads_is_checked_without_downloading(tmp_path: Path) -> None:
    info = dataset_info(cifar("cifar100", download=True, imbalance_factor=100), data_dir=tmp_path)
    assert sum(info.class_counts) == 10_847
    assert (info.num_test, info.input_shape) == (10_000, (3, 32, 32))
    assert not list(tmp_path.iterdir())


def test_modified_files_mark_the_run_and_its_checkpoint(tmp_path: Path) -> None:
    write_python10(tmp_path)
    spec = {
        "dataset": {"name": "cifar10", "allow_modified": True},
        "model": "mlp",
        "augmentation": "none",
        "method": "cross_entropy",
        "epochs": 1,
        "batch_size": 50,
    }
    events = run(spec, tmp_path / "out", data_dir=tmp_path)
    assert end(events).outcome == "succeeded"
    assert any("differs" in note for note in events[0].to_json()["notes"])
    assert b'\\"modified\\": true' in Path(checkpoints(events)[0].path).read_bytes()


def shared_data() -> Path | None:
    """Where a complete CIFAR-100 lies on this machine."""
    root = Path(os.environ.get("LPL_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    return root if (root / "cifar100_train.webp").is_file() else None


@pytest.mark.campaign
@pytest.mark.slow
def test_real_cifar100_has_its_published_hash_and_trains(tmp_path: Path) -> None:
    source = shared_data()
    if source is None:
        pytest.skip("no CIFAR-100: set LPL_SHARED_DATA to a folder that has cifar100_train.webp")
    image = pytest.importorskip("PIL.Image", reason="Pillow unpacks the images")
    labels = np.load(source / "cifar100_labels.npz")
    folder = tmp_path / "datasets" / "cifar-100-binary"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        pixels = np.asarray(image.open(source / f"cifar100_{split}.webp").convert("RGB"))
        rows, columns = pixels.shape[0] // 32, pixels.shape[1] // 32
        tiles = pixels.reshape(rows, 32, columns, 32, 3).transpose(0, 2, 4, 1, 3).reshape(-1, PIXELS)
        content = np.concatenate([labels[split], tiles[: len(labels[split])]], axis=1)
        (folder / f"{split}.bin").write_bytes(content.tobytes())
    loaded = load(cifar("cifar100", imbalance_factor=100), seed=0, data_dir=tmp_path)
    assert loaded.info.num_train == 10_847
    assert not loaded.info.modified
    assert loaded.info.classes == tuple(labels["fine"].tolist())
    spec = {"dataset": {"name": "cifar100", "imbalance_factor": 100}, "method": "lpl", "epochs": 1, "model": "mlp"}
    events = run(spec, data_dir=tmp_path)
    assert end(events).outcome == "succeeded"
    assert (epochs(events)[0].metrics["test/top1_error"] or 1) < 0.99
