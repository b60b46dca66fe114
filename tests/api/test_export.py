"""The export of a run's network over HTTP: what is in the zip, who is refused, what the process may take."""

import io
import json
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.problems import Problem
from api.services.child import Children, Limits
from client.cli import status
from lplcore.events import CheckpointReady, EpochEnd, RunStart
from lplcore.spec.experiment import parse_spec
from lplcore.training.trainer import train
from store import checkpoints, metrics
from store.database.engine import Database
from store.database.records import Claim, Series
from store.lifecycle import claims
from tests.api.service import Running, claim, running_alone
from tests.store.databases import claimed, writing

pytestmark = pytest.mark.slow
SPEC: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.2},
    "model": {"name": "mlp", "widths": [16]},
    "method": {"loss": {"name": "cross_entropy"}, "posthoc": {"name": "logit_adjustment"}},
    "epochs": 2,
    "checkpoints": {"every_epochs": 1, "keep_best": True},
    "name": "to | take <b>away</b>",
}
REQUEST: dict[str, Any] = {"format": "safetensors", "data_dir": ".", "weights_dir": None, "datasets": [], "card": ""}
MIB = 2**20


def train_here(db: Database, held: Claim, folder: Path) -> None:
    """Train a claimed run as a worker does, with its checkpoints."""
    for event in train(parse_spec(held.spec), checkpoint_dir=folder):
        if isinstance(event, RunStart):
            info = {key: value for key, value in event.to_json().items() if key != "type"}
            writing(db, metrics.record_start, held, info)
        elif isinstance(event, EpochEnd):
            arrays = {
                name: Series(values.shape, np.asarray(values, dtype="<f4").tobytes())
                for name, values in event.series.items()
            }
            measured: dict[str, Any] = {"metrics": event.metrics, "series": arrays}
            writing(db, metrics.record_epoch, held, epoch=event.epoch, epochs=2, **measured)
        elif isinstance(event, CheckpointReady):
            checkpoints.upload(
                db.write, held, Path(event.path), epoch=event.epoch, step=event.step, kind=event.kind, keep_last=2
            )
    writing(db, claims.finish, held, outcome="succeeded")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service, and its run that has been trained."""
    folder = tmp_path_factory.mktemp("taken")
    with running_alone(folder) as served:
        served.http.timeout = httpx.Timeout(120)
        served.submit(**SPEC)
        held = claimed(served.db, worker_id="w_test", device="cpu", lease_seconds=600)
        assert held is not None
        train_here(served.db, held, folder / "checkpoints")
        yield served, held.run_id


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    """The files of a zip by name."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert len(answer.content) == int(answer.headers["content-length"])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def best(taken: tuple[Running, str]) -> httpx.Response:
    """The export of the best checkpoint."""
    service, run = taken
    return service.http.get(f"/v1/runs/{run}/export?format=safetensors")


def test_the_zip_has_the_model_and_all_that_predicting_takes(
    taken: tuple[Running, str], best: httpx.Response, tmp_path: Path
) -> None:
    service, run = taken
    assert f'filename="{run}-epoch' in best.headers["content-disposition"]
    files = unpacked(best)
    beside = ["card.md", "classes.json", "load.py", "preprocessing.json"]
    assert sorted(files) == sorted([*beside, "model.safetensors", "network.py"])
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    row = ",".join(["0"] * 64)
    done = subprocess.run([sys.executable, "-I", str(tmp_path / "load.py"), row], capture_output=True, text=True)
    assert done.stdout.startswith("0,0,"), done.stderr
    assert not list((service.settings.data_dir / "scratch").glob("*"))


def test_the_card_says_what_a_reader_must_know(taken: tuple[Running, str], best: httpx.Response) -> None:
    service, run = taken
    card = unpacked(best)["card.md"].decode()
    kept = service.http.get(f"/v1/runs/{run}/checkpoints").json()["items"]
    chosen = next(each for each in kept if each["kind"] == "best")
    told = service.http.get(f"/v1/runs/{run}/metrics").json()["metrics"]["test/top1_error"]
    error = told["value"][told["epoch"].index(chosen["epoch"])]
    accuracy = service.http.get(f"/v1/runs/{run}/class-metrics?name=test/accuracy&epoch={chosen['epoch']}").json()
    assert f"best checkpoint {chosen['id']}, after epoch {chosen['epoch']}" in card
    assert f"| test/top1\\_error | {error:.4f} |" in card
    assert f"| 0 | {accuracy['class_counts'][0]} | {accuracy['test/accuracy'][0][0]:.4f} |" in card
    for text in ("seed: 0", "Menon et al.", '"imbalance_factor": 20.0', "Intended use", "torch", "sha256"):
        assert text in card
    assert "<b>" not in card.partition("```json")[0]


@pytest.mark.campaign
def test_the_command_writes_the_zip(
    taken: tuple[Running, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, run = taken
    out = tmp_path / "model.zip"
    export = ["--url", service.url, "export", run, "--format", "safetensors", "--out", str(out)]
    assert status([*export, "--checkpoint", "last"]) == 0, capsys.readouterr().err
    assert "load.py" in capsys.readouterr().out
    with zipfile.ZipFile(out) as archive:
        told = json.loads(archive.read("preprocessing.json"))
        card = archive.read("card.md").decode()
    temperature = service.http.get(f"/v1/runs/{run}/metrics").json()["metrics"]["validation/temperature"]
    assert temperature == {"epoch": [2], "value": [told["temperature"]]}
    assert f"the temperature {told['temperature']:.4g}" in card


def test_the_command_refuses_what_it_cannot_write(
    taken: tuple[Running, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, run = taken
    out = tmp_path / "model.zip"
    out.touch()
    export = ["--url", service.url, "export", run, "--format", "safetensors", "--out", str(out)]
    for arguments, words in (
        (export, "exists; --force"),
        ([*export[:-1], str(tmp_path / "other.zip"), "--checkpoint", "c_none"], "no checkpoint"),
        ([*export, "--latex"], "one at a time"),
        ([*export[:4], "--checkpoint", "last"], "give its --format too"),
    ):
        assert status(arguments) == 1
        assert words in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.zip"]


@pytest.mark.campaign
@pytest.mark.parametrize(("format", "model"), [("torch_export", "model.pt2"), ("onnx", "model.onnx")])
def test_other_formats_come_the_same_way(taken: tuple[Running, str], format: str, model: str) -> None:
    service, run = taken
    assert model in unpacked(service.http.get(f"/v1/runs/{run}/export?format={format}&checkpoint=last"))


def test_what_is_not_there_is_refused_in_words(taken: tuple[Running, str]) -> None:
    service, run = taken
    path = f"/v1/runs/{run}/export"
    for query, expected, words in (
        ("", 422, "format"),
        ("?format=pickle", 422, "format"),
        ("?format=onnx&checkpoint=c_none", 404, "it has"),
        ("?format=onnx&checkpoint=periodic", 422, "checkpoint"),
        ("?format=onnx&checkpoint=..%2F", 422, "checkpoint"),
    ):
        answer = service.http.get(path + query)
        assert (answer.status_code, words in answer.text) == (expected, True), answer.text
    assert service.http.get("/v1/runs/r_none/export?format=onnx").status_code == 404
    service.submit()
    waiting = claim(service.db)
    answer = service.http.get(f"/v1/runs/{waiting.run_id}/export?format=onnx")
    assert (answer.status_code, "no checkpoint yet" in answer.text) == (409, True)


def test_a_damaged_checkpoint_is_refused_with_the_reason(taken: tuple[Running, str]) -> None:
    service, _ = taken
    service.submit()
    waiting = claim(service.db)
    folder = service.settings.data_dir / "odd"
    folder.write_bytes(b"no checkpoint")
    checkpoints.upload(service.db.write, waiting, folder, epoch=1, step=0, kind="last", keep_last=2)
    answer = service.http.get(f"/v1/runs/{waiting.run_id}/export?format=safetensors")
    assert (answer.status_code, "damaged" in answer.text) == (422, True), answer.text


def test_a_child_that_takes_too_long_is_ended_and_said_so(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"more than 0\.1 s \(LPL_EXPORT_SECONDS\)") as slow:
        Children().run("lplcore.export", REQUEST, folder=tmp_path, limits=Limits(0.1, 4096 * MIB, "LPL_EXPORT"))
    assert slow.value.status == 422


@pytest.mark.campaign
def test_a_child_that_takes_too_much_memory_is_ended_and_said_so(taken: tuple[Running, str], tmp_path: Path) -> None:
    shutil.copy(last_checkpoint(taken[0]), tmp_path / "checkpoint")
    with pytest.raises(Problem, match=r"more than 40 MiB of memory \(LPL_EXPORT_MEMORY_BYTES\)"):
        Children().run("lplcore.export", REQUEST, folder=tmp_path, limits=Limits(60, 40 * MIB, "LPL_EXPORT"))


def last_checkpoint(service: Running) -> Path:
    """A file that training wrote."""
    return sorted((service.settings.data_dir / "checkpoints").glob("*-last.safetensors"))[-1]


def test_one_is_made_one_waits_and_others_come_again(tmp_path: Path) -> None:
    children, limits = Children(), Limits(1.5, 4096 * MIB, "LPL_EXPORT")
    statuses, retries = list[int](), list[bool]()

    def ask(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            children.run("http.server", {}, folder=folder, limits=limits)  # goes on until it is ended
        except Problem as problem:
            statuses.append(problem.status)
            retries.append("Retry-After" in problem.headers)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert retries == [status == 503 for status in statuses]
    assert sorted(statuses) in ([422, 422, 503, 503, 503, 503], [422, 503, 503, 503, 503, 503])


SERVICE = """
import json, pathlib, sys, time
from api.services import child
folder = pathlib.Path(sys.argv[1])
with (folder / "errors").open("wb") as errors:
    with child.started("lplcore.export", folder, errors) as process:
        request = {**json.loads(sys.argv[2]), "folder": str(folder), "memory_bytes": 2**32}
        process.stdin.write(json.dumps(request).encode() + b"\\n")
        process.stdin.flush()
        print(process.pid, flush=True)
        time.sleep(60)
"""


@pytest.mark.campaign
def test_a_child_ends_with_the_service_and_leaves_nothing(taken: tuple[Running, str], tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(last_checkpoint(taken[0]), folder / "checkpoint")
    arguments = [sys.executable, "-c", SERVICE, str(folder), json.dumps(REQUEST)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        service.kill()
    deadline = time.monotonic() + 60
    while is_alive(pid):
        assert time.monotonic() < deadline, "the child goes on"
        time.sleep(0.02)
    assert not folder.exists()


def is_alive(pid: int) -> bool:
    """Whether a process goes on; one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
