"""Predictions over HTTP: as the run's evaluation, within their limits, in a process that leaves nothing."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch

import lplcore
from api.middleware.bodies import PREDICTIONS
from api.problems import Problem
from api.services.child import folder_in
from api.services.prediction import Inputs, answer, model_of, problem_of
from client import Client
from client.cli import status
from lplcore import predict
from lplcore.child_process import Refusal
from lplcore.datasets.digits import Digits
from store import checkpoints
from store.lifecycle import runs
from tests.api.service import Running, running_alone
from tests.api.trained import registered, several_labels, train_next
from tests.lplcore_training.photographs import written

pytestmark = pytest.mark.slow
DIGITS: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 20, "validation_fraction": 0.2},
    "model": {"name": "mlp", "widths": [16]},
    "method": {"alias": "lpl", "posthoc": "logit_adjustment"},
    "epochs": 3,
    "checkpoints": {"every_epochs": 1, "keep_best": True, "keep_last": 2},
}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


class Served:
    """A service with a run on digits, one on files of photographs and one with several labels."""

    def __init__(self, service: Running, folder: Path) -> None:
        self.service, self.http = service, service.http
        self.http.timeout = httpx.Timeout(170)
        service.submit(**DIGITS)
        self.digits = train_next(service.db, folder)
        photographs = service.settings.datasets_dir / "photographs"
        photographs.mkdir()
        written(photographs, train=30, test=12)
        data = registered(service, "photographs")
        service.submit(dataset={"name": "photographs", "image_size": 16}, model="mlp", epochs=1)
        self.photographs = train_next(service.db, folder, data)
        data = registered(service, "several", path=several_labels(service.settings.datasets_dir))
        service.submit(dataset="several", model="mlp", decision_threshold="validation", epochs=3)
        self.several = train_next(service.db, folder, data)

    def metric(self, run: str, name: str) -> float:
        """A run's last value."""
        value: float = self.http.get(f"/v1/runs/{run}/metrics").json()["metrics"][name]["value"][-1]
        return value

    def predict(self, run: str, *, expected: int = 200, query: str = "", **body: Any) -> Any:
        """The decoded answer."""
        answered = self.http.post(f"/v1/runs/{run}/predict{query}", **body)
        assert answered.status_code == expected, answered.text
        return answered.json()

    def leftovers(self) -> list[str]:
        """What predictions have left in the folder of temporary files."""
        return [path.name for path in (self.service.settings.data_dir / "scratch").glob("predict-*")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("predict")
    with running_alone(folder, predict_seconds=150) as service:
        yield Served(service, folder / "training")


def digits() -> list[Any]:
    """The test images of digits."""
    inputs: list[Any] = np.asarray(Digits(name="digits").read(Path("data"), {}).x_test).tolist()
    return inputs


def test_several_labels_by_the_thresholds_of_validation(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    file = served.service.settings.datasets_dir / "several.npz"
    assert status(["--url", served.service.url, "predict", served.several, str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    with np.load(file) as arrays:
        truth = arrays["y_test"] == 1
    predicted = np.array([[name in each["labels"] for name in found["classes"]] for each in found["predictions"]])
    f1 = 2 * (predicted & truth).sum() / (predicted.sum() + truth.sum())
    assert f1 == pytest.approx(served.metric(served.several, "test/micro_f1"), abs=1e-6)
    name = "validation/decision_threshold"
    stored = served.http.get(f"/v1/runs/{served.several}/class-metrics", params={"name": name}).json()[name]
    model = model_of(served.service.db, served.several, checkpoint="last")
    assert model.thresholds == pytest.approx(stored[-1])
    assert len(set(stored[-1])) > 1


@pytest.mark.campaign
def test_image_files_are_decoded_as_the_test_images(served: Served) -> None:
    folder = served.service.settings.datasets_dir / "photographs"
    with Client(served.service.url) as client:
        found = client.predict(served.photographs, files=[folder / f"{n}.jpg" for n in range(30, 42)])
    wrong = [each.label != ("cat" if n % 3 else "dog") for n, each in enumerate(found.predictions, start=30)]
    assert np.mean(wrong) == pytest.approx(served.metric(served.photographs, "test/top1_error"), abs=1e-6)
    assert served.leftovers() == []


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "multipart/form-data"),
        ({"data": {"text": "x"}, "files": [("other", b"x")]}, 422, "no part of this request"),
        ({"content": b"--b--\r\n", "headers": MULTIPART}, 422, "give at least one"),
        ({"files": [("files", b"x")] * 257}, 413, "at most 256 files"),
    ],
)
def test_bodies_of_other_kinds_and_sizes_are_refused(
    body: dict[str, Any], code: int, words: str, served: Served
) -> None:
    answered = served.http.post(f"/v1/runs/{served.photographs}/predict", **body)
    assert (answered.status_code, words in answered.text) == (code, True), answered.text


def test_more_than_64_mib_are_refused_before_they_come(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(served.service.url).port, timeout=30)
    connection.putrequest("POST", f"/v1/runs/{served.photographs}/predict")
    connection.putheader("Content-Length", str(2**26 + 1))
    connection.endheaders()
    refused = connection.getresponse()
    assert (refused.status, b"67108864 bytes" in refused.read()) == (413, True)
    connection.close()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(
            {"predict_memory_bytes": 2**20},
            "more than 1 MiB of memory (LPL_PREDICT_MEMORY_BYTES)",
            marks=pytest.mark.campaign,
            id="memory",
        ),
        ({"predict_seconds": 0.05}, "more than 0.05 s (LPL_PREDICT_SECONDS)"),
    ],
)
def test_memory_and_time_are_bounded(limits: dict[str, Any], words: str, served: Served, tmp_path: Path) -> None:
    db, settings = served.service.db, served.service.settings.model_copy(update=limits)
    (tmp_path / "body.json").write_text(json.dumps({"inputs": digits()[:1]}))
    model = model_of(db, served.digits, checkpoint=None)
    with pytest.raises(Problem) as refused:
        answer(db, settings, model, Inputs(body="body.json"), tmp_path, posthoc=None)
    assert (refused.value.status, words in refused.value.detail) == (422, True), refused.value.detail
    assert not children()


GOOD = [[[0] * 8] * 8]


@pytest.mark.parametrize(
    ("body", "options", "code", "paths"),
    [
        ({"inputs": [GOOD, [[1.0]], "a", {"a": 1}, [[[0.5] * 8] * 8]]}, {}, 422, [f"inputs.{n}" for n in range(1, 5)]),
        ({"inputs": [1] * 257}, {}, 413, None),
        ({"inputs": [GOOD], "input": 1, "epochs": 2}, {}, 422, ["input", "epochs"]),
        ({}, {}, 422, ["inputs"]),
        ({"inputs": []}, {}, 422, ["inputs"]),
        ([GOOD], {}, 422, [""]),
        ("[" * 100_000, {}, 422, [""]),
        ("no JSON", {}, 422, [""]),
        ('{"inputs": [], "inputs": []}', {}, 422, ["inputs"]),
        ({"inputs": [GOOD]}, {"posthoc": "logit_adjustmen"}, 422, ["posthoc.name"]),
        ({"inputs": [GOOD]}, {"posthoc": {"name": "logit_adjustment", "strength": -1}}, 422, ["posthoc.strength"]),
        (None, {"files": ["a.image"], "names": ["../bad\x00.jpg"]}, 422, ["files.0"]),
    ],
)
def test_what_is_wrong_is_named(
    body: Any, options: dict[str, Any], code: int, paths: list[str] | None, served: Served, tmp_path: Path
) -> None:
    model = model_of(served.service.db, served.digits, checkpoint=None)
    checkpoints.download(served.service.db, model.checkpoint_id, tmp_path / "checkpoint")
    (tmp_path / "body.json").write_text(body if isinstance(body, str) else json.dumps(body))
    (tmp_path / "a.image").write_text("no image")
    inputs: dict[str, Any] = {"body": None if body is None else "body.json", "files": [], "names": [], "posthoc": None}
    needed = {"checkpoint": "checkpoint", "data_dir": "", "weights_dir": None, **asdict(model)}
    del needed["checkpoint_id"]
    limits = {"most_inputs": 256, "threads": torch.get_num_threads()}
    with pytest.raises(Refusal) as refused:
        predict.main(tmp_path, {**needed, **inputs, **options, **limits})
    found = problem_of(refused.value)
    named = None if found.errors is None else [each["path"] for each in found.errors]
    assert (found.status, named) == (code, paths), found.detail


def test_twenty_at_once_are_answered_or_told_to_come_again(served: Served, tmp_path: Path) -> None:
    inputs = digits()
    body = {"inputs": inputs[:256]}

    def ask(_: int) -> httpx.Response:
        return httpx.post(f"{served.service.url}/v1/runs/{served.digits}/predict", json=body, timeout=170, verify=False)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    statuses = [each.status_code for each in answers]
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 1
    assert all("retry-after" in each.headers for each in answers if each.status_code == 503)
    (text,) = {each.text for each in answers if each.status_code == 200}
    found = json.loads(text)
    assert (found["classes"], set(found["predictions"][0])) == ([str(c) for c in range(10)], {"label", "probabilities"})
    model = model_of(served.service.db, served.digits, checkpoint="last")
    checkpoints.download(served.service.db, model.checkpoint_id, tmp_path / "checkpoint")
    wanted = lplcore.Predictor.load(tmp_path / "checkpoint", preprocessing=model.preprocessing).predict(inputs[:256])
    probabilities = [each["probabilities"] for each in found["predictions"]]
    np.testing.assert_allclose(probabilities, [each.probabilities for each in wanted], rtol=0, atol=1e-6)
    assert [each["label"] for each in found["predictions"]] == [each.label for each in wanted]
    assert served.leftovers() == []
    assert not children(), "a prediction's process outlives its request"


def children() -> list[str]:
    """Processes of this one that predict."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == os.getpid() and b"lplcore.predict" in command:
            found.append(folder.name)
    return found


def test_checkpoints_by_kind_and_by_id(served: Served) -> None:
    db = served.service.db
    listed = served.http.get(f"/v1/runs/{served.digits}/checkpoints").json()["items"]
    kinds = {each["kind"]: each["id"] for each in listed}
    assert model_of(db, served.digits, checkpoint=None).checkpoint_id == kinds["best"]
    assert model_of(db, served.digits, checkpoint="best").checkpoint_id == kinds["best"]
    assert model_of(db, served.digits, checkpoint="last").checkpoint_id == kinds["last"]
    assert model_of(db, served.digits, checkpoint=kinds["last"]).checkpoint_id == kinds["last"]
    foreign = served.http.get(f"/v1/runs/{served.several}/checkpoints").json()["items"][0]["id"]
    for wanted, run in ((foreign, served.digits), ("best", served.several)):
        refused = served.predict(run, expected=404, query=f"?checkpoint={wanted}", json={"inputs": [1]})
        assert f"has no checkpoint {wanted}; it has: c_" in refused["detail"]
    assert served.predict(served.digits, expected=422, query="?checkpoint=newest", json={"inputs": [1]})


def test_a_run_without_checkpoint_and_none_at_all(served: Served) -> None:
    served.service.submit()
    waiting = served.http.get("/v1/jobs").json()["items"][0]["id"]
    run = served.http.get(f"/v1/jobs/{waiting}").json()["runs"][0]["id"]
    assert "no checkpoint yet" in served.predict(run, expected=409, json={"inputs": [1]})["detail"]
    served.predict("r_none", expected=404, json={"inputs": [1]})
    served.http.post(f"/v1/jobs/{waiting}/cancel")


def test_data_that_are_gone_matter_only_where_nothing_was_recorded(served: Served) -> None:
    db, name = served.service.db, "several"
    answered = served.http.delete(f"/v1/datasets/{name}")
    assert answered.status_code == 204, answered.text
    assert model_of(db, served.several, checkpoint=None).preprocessing["input_shape"] == [8]

    def forget(session: Any) -> None:
        run = runs.row_of(session, served.several)
        run.info = {key: value for key, value in run.info.items() if key != "preprocessing"}

    db.write(forget)
    refused = served.predict(served.several, expected=409, json={"inputs": [[0.0] * 8]})
    assert "no longer registered" in refused["detail"]


@pytest.mark.campaign
def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "lplcore.predict"]  # it waits for a request that does not come
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(150) == 1


def test_folders_that_a_killed_service_left_go_with_the_next_request(tmp_path: Path) -> None:
    for name, age in (("predict-old", 2 * 86_400), ("predict-new", 60), ("other-old", 2 * 86_400)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "checkpoint").write_text("left")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with folder_in(tmp_path, "predict-") as folder:
        assert folder.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other-old", "predict-new"]


def test_only_this_address_has_larger_bodies(served: Served) -> None:
    assert PREDICTIONS.pattern == "/v1/runs/[^/]+/predict"
    assert served.http.post("/v1/jobs", content=b"[" * 5_000_000).status_code == 413
