"""What runs have measured and kept, as the API gives it."""

import os
import resource
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from client import Client
from store import checkpoints, metrics
from store.database.records import Series
from store.lifecycle import claims, sweeper
from tests.api.service import CLASSES, Running, claim, keep_checkpoint, record
from tests.store.databases import claimed, writing

STATM = Path("/proc/self/statm")


def test_metrics_are_curves_with_null_where_undefined(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    curves = http.get(f"/v1/runs/{run}/metrics").json()["metrics"]
    assert curves["test/top1_error"] == {"epoch": [1, 2, 3], "value": [1.0, 0.5, 1 / 3]}
    assert curves["test/top1_error.few"]["value"] == [None, None, None]


@pytest.mark.parametrize(
    "query",
    ["names=train/loss,test/top1_error&after_epoch=1", "names=train/loss&names=test/top1_error&after_epoch=1"],
)
def test_metrics_can_be_picked(measured: tuple[httpx.Client, str], query: str) -> None:
    http, run = measured
    curves = http.get(f"/v1/runs/{run}/metrics?{query}").json()["metrics"]
    assert set(curves) == {"train/loss", "test/top1_error"}
    assert curves["train/loss"] == {"epoch": [2, 3], "value": [1.0, pytest.approx(2 / 3)]}


@pytest.mark.parametrize("query", ["after_epoch=99999999999999999999", "after_epoch=-1", "after_epoch=x"])
def test_wrong_epochs_are_refused(measured: tuple[httpx.Client, str], query: str) -> None:
    http, run = measured
    assert http.get(f"/v1/runs/{run}/metrics?{query}").status_code == 422
    assert http.get(f"/v1/runs/{run}/loss-variations?epoch=99999999999999999999").status_code == 422


def test_loss_variations_have_a_row_per_epoch(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    answer = http.get(f"/v1/runs/{run}/loss-variations").json()
    assert set(answer) == {
        "classes",
        "class_counts",
        "epochs",
        "relative_loss_variation",
        "absolute_loss_variation",
    }
    assert answer["classes"] == CLASSES
    assert answer["class_counts"] == [10 - c for c in range(10)]
    assert answer["epochs"] == [1, 2, 3]
    matrix = answer["relative_loss_variation"]
    assert [len(row) for row in matrix] == [10, 10, 10]
    assert matrix[0][0] == -0.5
    assert matrix[2][9] is None
    one = http.get(f"/v1/runs/{run}/loss-variations?epoch=2").json()
    assert one["epochs"] == [2]
    assert one["relative_loss_variation"] == [matrix[1]]


def both(relative: float, absolute: float | None, *, sign: str = "") -> dict[str, Series]:
    """Series of one epoch of ten classes; None for none of the absolute one."""
    values = {f"relative_loss_variation{sign}": relative, f"absolute_loss_variation{sign}": absolute}
    return {
        name: Series((10,), np.full(10, value, dtype="<f4").tobytes())
        for name, value in values.items()
        if value is not None
    }


def test_the_absolute_loss_variation_stands_beside_the_relative_one(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    # The first epoch was measured by version 0.1.0, which had no absolute one.
    for epoch, absolute in ((1, None), (2, 0.5)):
        writing(service.db, metrics.record_epoch, held, epoch=epoch, epochs=3, metrics={}, series=both(1e5, absolute))
    answer = service.http.get(f"/v1/runs/{run}/loss-variations").json()
    assert answer["relative_loss_variation"] == [[1e5] * 10] * 2
    assert answer["absolute_loss_variation"] == [[None] * 10, [0.5] * 10]
    old = service.http.get(f"/v1/runs/{run}/loss-variations?epoch=1").json()
    assert old["absolute_loss_variation"] is None


def test_the_absolute_loss_variation_of_several_labels_has_positives_and_negatives(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    signs = both(0.25, 0.5, sign=".positive") | both(-0.25, -0.5, sign=".negative")
    writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={}, series=signs)
    answer = service.http.get(f"/v1/runs/{run}/loss-variations").json()
    assert answer["positive"] == [[0.25] * 10]
    assert answer["absolute_loss_variation"] == {"positive": [[0.5] * 10], "negative": [[-0.5] * 10]}


def test_a_run_that_waits_has_no_loss_variations_yet(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    answer = service.http.get(f"/v1/runs/{run}/loss-variations").json()
    assert answer == {
        "classes": [],
        "class_counts": [],
        "epochs": [],
        "relative_loss_variation": [],
        "absolute_loss_variation": [],
    }
    assert service.http.get(f"/v1/runs/{run}/confusion-matrix").status_code == 404


def test_class_metrics_stand_under_their_name(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    answer = http.get(f"/v1/runs/{run}/class-metrics", params={"name": "test/accuracy"}).json()
    assert set(answer) == {"classes", "class_counts", "epochs", "test/accuracy"}
    assert answer["test/accuracy"][0][:2] == [-0.5, pytest.approx(-0.5 + 1 / 9)]
    unknown = http.get(f"/v1/runs/{run}/class-metrics", params={"name": "lpl/q"})
    assert unknown.status_code == 404
    assert "test/accuracy" in unknown.json()["detail"]


def test_the_confusion_matrix_is_the_newest(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    answer = http.get(f"/v1/runs/{run}/confusion-matrix").json()
    assert (answer["classes"], answer["epoch"]) == (CLASSES, 3)
    assert np.array_equal(answer["matrix"], np.eye(10) * 3)


def test_the_confusion_comes_as_entries_too(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    path = f"/v1/runs/{run}/confusion-matrix"
    answer = http.get(path, params={"format": "entries"}).json()
    assert answer["entries"] == [{"true": c, "predicted": c, "count": 3} for c in range(10)]
    assert (answer["classes"], answer["epoch"]) == (CLASSES, 3)
    few = http.get(path, params={"format": "entries", "limit": 2, "epoch": 1}).json()
    assert few["entries"] == [{"true": c, "predicted": c, "count": 1} for c in (0, 1)]
    assert http.get(path, params={"format": "table"}).status_code == 422


def test_above_a_thousand_classes_the_confusion_comes_as_entries_alone(service: Running) -> None:
    cells = np.array([[5, 5, 2], [5, 7, 9], [2000, 1, 2]], dtype="<f4")
    matrix = np.zeros((2001, 2001), dtype="<f4")
    matrix[5, 5], matrix[5, 7], matrix[2000, 1] = cells[:, 2]
    for name, array in (("confusion_entries", cells), ("confusion_matrix", matrix)):  # older versions kept the matrix
        run = service.submit()["runs"][0]["id"]
        held = claimed(service.db, worker_id="w_test", device="cpu", lease_seconds=60)
        assert held is not None
        info = {"class_names": [str(c) for c in range(2001)], "class_counts": [1] * 2001, "notes": []}
        writing(service.db, metrics.record_start, held, info)
        series = {name: Series(array.shape, array.tobytes())}
        writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={}, series=series)
        path = f"/v1/runs/{run}/confusion-matrix"
        refused = service.http.get(path)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["path"] == "format"
        assert "format=entries" in refused.json()["detail"]
        assert service.http.get(path, params={"format": "entries"}).json()["entries"] == [
            {"true": 5, "predicted": 7, "count": 9},
            {"true": 5, "predicted": 5, "count": 2},
            {"true": 2000, "predicted": 1, "count": 2},
        ]
        unknown = service.http.get(f"/v1/runs/{run}/class-metrics", params={"name": name})
        assert unknown.status_code == 404
        writing(service.db, claims.finish, held, outcome="succeeded")


def test_the_calibration_comes_in_bins(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    answer = http.get(f"/v1/runs/{run}/calibration").json()
    assert (set(answer), answer["epoch"], len(answer["bins"])) == ({"epoch", "bins"}, 3, 15)
    wanted = {"from": 13 / 15, "to": 14 / 15, "examples": 2, "confidence": 0.875, "accuracy": 0.5}
    assert answer["bins"][13] == wanted
    assert answer["bins"][0] == {"from": 0, "to": 1 / 15, "examples": 0, "confidence": None, "accuracy": None}
    refused = http.get(f"/v1/runs/{run}/class-metrics", params={"name": "calibration"})
    assert refused.status_code == 404
    assert "calibration" not in refused.json()["detail"].partition("it has")[2]


def test_a_run_without_calibration_says_why(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    path = f"/v1/runs/{run}/calibration"
    record(service.db, held, 1)
    assert "comes with the last epoch" in service.http.get(path).json()["detail"]
    writing(service.db, claims.finish, held, outcome="succeeded")
    old = service.http.get(path)
    assert (old.status_code, "older version" in old.json()["detail"]) == (404, True)
    many = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    precision = {"test/average_precision": Series((10,), np.zeros(10, dtype="<f4").tobytes())}
    writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={}, series=precision)
    assert "single-label" in service.http.get(f"/v1/runs/{many}/calibration").json()["detail"]
    assert service.http.get("/v1/runs/r_none/calibration").status_code == 404


def test_results_are_not_sent_again_while_nothing_happens(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    path = f"/v1/runs/{run}/metrics"
    tag = http.get(path).headers["etag"]
    assert http.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert http.get(f"{path}?after_epoch=1", headers={"If-None-Match": tag}).status_code == 200


def test_logs_are_paged(service: Running) -> None:
    service.submit()
    held = claim(service.db)
    for number in range(5):
        writing(service.db, claims.log, held, "info", f"line {number}")
    path = f"/v1/runs/{held.run_id}/logs"
    page = service.http.get(path, params={"limit": 3}).json()
    assert [line["message"] for line in page["items"]] == ["line 0", "line 1", "line 2"]
    assert page["items"][0]["level"] == "info"
    rest = service.http.get(path, params={"cursor": page["next"]}).json()
    assert [line["message"] for line in rest["items"]] == ["line 3", "line 4"]
    assert rest["next"] is None
    last = service.http.get(path, params={"limit": 2, "order": "desc"}).json()
    assert [line["message"] for line in last["items"]] == ["line 4", "line 3"]
    before = service.http.get(path, params={"limit": 3, "order": "desc", "cursor": last["next"]}).json()
    assert ([line["message"] for line in before["items"]], before["next"]) == (["line 2", "line 1", "line 0"], None)
    job_cursor = "al8x"
    assert service.http.get(path, params={"cursor": job_cursor}).status_code == 422


def test_a_run_says_what_it_was_trained_with(service: Running) -> None:
    service.submit()
    held = claim(service.db)
    path = f"/v1/runs/{held.run_id}"
    assert service.http.get(path).json()["environment"] == {}
    writing(service.db, metrics.record_start, held, {"environment": {"device": "cpu (x86_64)", "torch": "2.9.0"}})
    assert service.http.get(path).json()["environment"] == {"device": "cpu (x86_64)", "torch": "2.9.0"}


def test_the_history_of_a_run_has_states_checkpoints_and_rewinds_newest_first(service: Running, tmp_path: Path) -> None:
    service.submit()
    held = claim(service.db)
    writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={"train/loss": 1.0}, series={})
    writing(service.db, claims.log, held, "info", "a line")
    keep_checkpoint(service.db, held, b"content", tmp_path)
    writing(service.db, claims.finish, held, outcome="released")
    claim(service.db)
    path = f"/v1/runs/{held.run_id}/history"
    page = service.http.get(path, params={"limit": 4}).json()
    assert [(each["kind"], each["data"].get("state")) for each in page["items"]] == [
        ("state", "running"),
        ("rewind", None),
        ("state", "queued"),
        ("checkpoint", None),
    ]
    assert page["items"][1]["data"]["epoch"] == 1
    assert page["items"][0]["created_at"].endswith("Z")
    rest = service.http.get(path, params={"cursor": page["next"]}).json()
    assert [each["data"]["state"] for each in rest["items"]] == ["running"]
    assert rest["next"] is None
    kept = service.http.get(path, params={"kind": ["checkpoint", "rewind"]}).json()
    assert [each["kind"] for each in kept["items"]] == ["rewind", "checkpoint"]
    (epoch,) = service.http.get(path, params={"kind": "epoch"}).json()["items"]
    assert (epoch["kind"], epoch["data"]["epoch"], epoch["data"]["metrics"]) == ("epoch", 1, {"train/loss": 1.0})
    assert service.http.get(path, params={"kind": "log"}).status_code == 422
    assert service.http.get(path, params={"cursor": "al8x"}).status_code == 422


def test_the_last_line_of_a_log_says_how_the_run_failed(service: Running) -> None:
    service.submit()
    held = claim(service.db)
    writing(service.db, claims.log, held, "info", "begins")
    writing(service.db, claims.finish, held, outcome="failed", reason="diverged", message="the loss is not finite")
    (last,) = service.http.get(f"/v1/runs/{held.run_id}/logs?order=desc&limit=1").json()["items"]
    assert (last["level"], last["message"]) == ("error", "failed: diverged: the loss is not finite")
    assert (last["attempt"], last["created_at"][:2]) == (1, "20")
    with Client(service.url) as client:
        assert [line.message for line in client.logs(held.run_id, tail=1)] == [last["message"]]
        assert [line.message for line in client.logs(held.run_id, tail=5)] == ["begins", last["message"]]


def test_a_log_says_why_an_attempt_was_given_up(service: Running) -> None:
    service.submit()
    held = claim(service.db)
    writing(service.db, sweeper.report_loss, held, "killed by signal 9")
    (line,) = service.http.get(f"/v1/runs/{held.run_id}/logs").json()["items"]
    assert line["level"] == "warning"
    assert line["message"].startswith("goes on later: worker_lost: killed by signal 9")


def test_checkpoint_content_comes_whole_and_in_ranges(service: Running, tmp_path: Path) -> None:
    service.submit()
    held = claim(service.db)
    content = os.urandom(2_500_000)
    kept = keep_checkpoint(service.db, held, content, tmp_path)
    (listed,) = service.http.get(f"/v1/runs/{held.run_id}/checkpoints").json()["items"]
    assert (listed["id"], listed["size_bytes"], listed["sha256"]) == (kept.id, len(content), kept.sha256)
    assert (listed["epoch"], listed["kind"]) == (1, "last")
    path = f"/v1/checkpoints/{kept.id}/content"
    whole = service.http.get(path)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-length"] == str(len(content))
    assert whole.headers["etag"] == f'"{kept.sha256}"'
    assert whole.headers["content-type"] == "application/octet-stream"
    assert ".safetensors" in whole.headers["content-disposition"]
    for asked, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=1048570-1048580", 1048570, 1048581),
        ("bytes=2000000-", 2_000_000, len(content)),
        ("bytes=-5", len(content) - 5, len(content)),
        ("bytes=10-999999999999", 10, len(content)),
    ):
        part = service.http.get(path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, content[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"


ODD_RANGES = {
    "bytes=100-": 416,
    "bytes=-0": 416,
    "bytes=5-3": 200,
    "bytes=-": 200,
    "bytes=0-1,3-4": 200,
    "bytes=a-b": 200,
    "rows=0-1": 200,
    "bytes=" + "9" * 60 + "-": 200,
}


def test_odd_ranges_are_ignored_or_not_satisfiable(service: Running, tmp_path: Path) -> None:
    service.submit()
    kept = keep_checkpoint(service.db, claim(service.db), b"x" * 100, tmp_path)
    for asked, status in ODD_RANGES.items():
        answer = service.http.get(f"/v1/checkpoints/{kept.id}/content", headers={"Range": asked})
        assert answer.status_code == status, asked
        if status == 416:
            assert answer.headers["content-range"] == "bytes */100"
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.content == b"x" * 100


def test_conditional_ranges(service: Running, tmp_path: Path) -> None:
    service.submit()
    kept = keep_checkpoint(service.db, claim(service.db), b"x" * 100, tmp_path)
    path, tag = f"/v1/checkpoints/{kept.id}/content", f'"{kept.sha256}"'
    assert service.http.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert service.http.get(path, headers={"Range": "bytes=0-1", "If-Range": tag}).status_code == 206
    assert service.http.get(path, headers={"Range": "bytes=0-1", "If-Range": '"old"'}).status_code == 200


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc")
def test_a_large_checkpoint_is_streamed_in_constant_memory(service: Running, tmp_path: Path) -> None:
    service.submit()
    size = 200 << 20
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(size)
    kept = checkpoints.upload(service.db.write, claim(service.db), path, epoch=1, step=0, kind="last", keep_last=1)
    peak, done = 0, threading.Event()
    before = resident_bytes()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, resident_bytes() - before)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with service.http.stream("GET", f"/v1/checkpoints/{kept.id}/content") as answer:
        received = sum(len(piece) for piece in answer.iter_raw(1 << 20))
    done.set()
    watcher.join()
    assert received == size
    assert peak < 60 << 20


def resident_bytes() -> int:
    """Memory of this process."""
    return int(STATM.read_text().split()[1]) * resource.getpagesize()
