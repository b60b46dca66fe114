"""The runner trains what is missing, in order of worth, and goes on where it was cut off."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lplcore
from benchmarks.evidence import records
from benchmarks.evidence.cells import Cell, cells_of, in_order_of_worth
from benchmarks.evidence.packs import registered, unpacked, write_pack
from benchmarks.evidence.training import RUNS, Attempt, Runner

EPOCHS = 6
TRAINING: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 100},
    "model": {"name": "mlp"},
    "checkpoints": {"every_epochs": 1, "keep_last": 1},
    "epochs": EPOCHS,
    "batch_size": 64,
}
KILLED = """
from pathlib import Path
import torch
torch.set_num_threads(1)
from benchmarks.evidence.training import Runner
from tests.evidence.test_runner import digits
Runner(Path({folder!r}), "cpu").train(digits(["lpl"], epochs=1000), {{"digits": None}})
"""


def digits(methods: list[str], *, epochs: int = EPOCHS, seeds: range = range(1)) -> list[Cell]:
    """Cells of long-tailed digits."""
    return cells_of("digits", dict(zip(methods, methods, strict=True)), seeds, {**TRAINING, "epochs": epochs})


def train(runner: Runner, cells: list[Cell]) -> list[str]:
    """Train cells whose data set is built in."""
    return runner.train(cells, {"digits": lplcore.RegisteredDataset("unused", "")})


def errors(folder: Path) -> dict[tuple[str, int], Any]:
    """Every metric and class's figures of the results but for times, by method and seed."""
    return {
        (record.method, record.seed): (
            {name: value for name, value in record.metrics.items() if name != "train/examples_per_second"},
            record.class_accuracy,
            record.loss_variation,
        )
        for record in records.read(folder / RUNS).values()
    }


def after(asked: int) -> Callable[[], bool]:
    """Says stop from so many questions on."""
    questions: Iterator[int] = iter(range(10**9))
    return lambda: next(questions) >= asked


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks train fastest so on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two methods and two seeds, trained at one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert train(Runner(folder, "cpu"), digits(["cross_entropy", "lpl"], seeds=range(2))) == []
    return folder


def test_it_goes_on_where_it_was_stopped_with_the_same_figures(undisturbed: Path, tmp_path: Path) -> None:
    cells = digits(["cross_entropy", "lpl"], seeds=range(2))
    calls = 0
    while Runner(tmp_path).missing(cells):
        calls += 1
        assert calls < 20
        train(Runner(tmp_path, "cpu", together=2, should_stop=after(40)), cells)
    assert calls > 2
    assert errors(tmp_path) == errors(undisturbed)
    assert not any((tmp_path / "checkpoints").iterdir())


def test_a_killed_run_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED.format(folder=str(tmp_path))])
    try:
        (cell,) = digits(["lpl"], epochs=1000)
        folder = tmp_path / "checkpoints" / cell.folder
        deadline = time.monotonic() + 120
        while not list(folder.glob("*.safetensors")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    runner = Runner(tmp_path, "cpu", should_stop=after(3))
    attempt = Attempt(cell, folder, 1)
    start = next(iter(lplcore.train_together([runner.request(attempt, {})])))[1]
    assert isinstance(start, lplcore.RunStart)
    assert start.start_epoch > 0
    assert runner.missing([cell]) == [cell]


def test_what_is_there_is_not_trained_again(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (undisturbed / RUNS).read_bytes()
    train(Runner(undisturbed, "cpu"), digits(["cross_entropy", "lpl"], seeds=range(2)))
    assert capsys.readouterr().out == ""
    assert (undisturbed / RUNS).read_bytes() == before


def test_a_result_of_another_spec_does_not_count(undisturbed: Path) -> None:
    (cell,) = digits(["lpl"])
    other = Cell(cell.data, cell.method, {**cell.spec, "batch_size": 32})
    assert Runner(undisturbed).missing([cell, other]) == [other]


def test_a_run_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    broken = digits(["lpl"], seeds=range(1))[0]
    broken.spec["optimizer"] = {"name": "sgd", "lr": 1e6}
    failed = train(Runner(tmp_path, "cpu"), [broken, *digits(["cross_entropy"], epochs=1)])
    assert [message.partition(":")[0] for message in failed] == [broken.folder]
    assert [method for method, _ in errors(tmp_path)] == ["cross_entropy"]


def test_what_is_worth_most_comes_first() -> None:
    keys = [cell.key for cell in in_order_of_worth()]
    methods = ["cross_entropy", "logit_adjustment", "lpl", "la_lpl", "ldam_drw"]
    assert keys[:15] == [("cifar100_lt_100", 200, method, seed) for seed in range(3) for method in methods]
    assert {key.seed for key in keys[15:25]} == {3, 4}
    assert list(dict.fromkeys(key.data for key in keys)) == ["cifar100_lt_100", "cifar10_lt_100", "cifar100_lt_10"]
    assert len(set(keys)) == len(keys)


def test_its_settings_are_those_of_the_fields_presets() -> None:
    presets = {preset["name"]: preset["spec"] for preset in lplcore.catalog()["presets"]}
    names = {
        "cross_entropy": "table3_cross_entropy",
        "logit_adjustment": "table3_la_200",
        "lpl": "table3_lpl_varied_200",
        "la_lpl": "table9_cifar100_la_lpl_200",
        "ldam_drw": "table3_ldam_drw",
    }
    for cell in in_order_of_worth()[:5]:
        theirs = presets[names[cell.method]] | {"dataset": cell.spec["dataset"], "seeds": [0]}
        assert {field: value for field, value in theirs.items() if field != "name"} | {
            "checkpoints": cell.spec["checkpoints"]
        } == cell.spec


def test_a_pack_gives_the_images_back_bit_for_bit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (150, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(150) % 3
    entry = lplcore.in_memory("cifar10_lt_100", (images, labels), test=(images[:7], labels[:7]))
    path = write_pack(entry, tmp_path)
    raw = registered("cifar10_lt_100", tmp_path).raw
    assert raw is not None
    np.testing.assert_array_equal(raw.x_train, images)
    np.testing.assert_array_equal(raw.y_test, labels[:7])
    assert unpacked(path).name == "cifar10_lt_100"


def test_a_folder_without_the_data_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cifar100_lt_10\.zip"):
        registered("cifar100_lt_10", tmp_path)
