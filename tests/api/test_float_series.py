"""Per-class series as float32, and only what is new of them."""

from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest

from api.services.series import ranges
from store import metrics
from store.database.records import Series
from tests.api.service import Running, claim
from tests.store.databases import writing

FLOATS = {"Accept": "application/octet-stream"}


def asked(http: httpx.Client, path: str, **params: Any) -> tuple[httpx.Response, npt.NDArray[np.float32]]:
    answer = http.get(path, params=params or None, headers=FLOATS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream"), answer.text
    shape = [int(part) for part in answer.headers["Lpl-Shape"].split(",")]
    return answer, np.frombuffer(answer.content, "<f4").reshape(shape)


@pytest.mark.parametrize(
    ("path", "name"), [("loss-variations", None), ("class-metrics?name=test/accuracy", "test/accuracy")]
)
def test_floats_are_the_numbers_of_json(measured: tuple[httpx.Client, str], path: str, name: str | None) -> None:
    http, run = measured
    as_json = http.get(f"/v1/runs/{run}/{path}").json()
    answer, values = asked(http, f"/v1/runs/{run}/{path}")
    expected = np.array(as_json[name or "relative_loss_variation"], dtype=np.float64)
    np.testing.assert_array_equal(values.astype(np.float64), expected)
    assert np.isnan(values[:, -1]).all()
    assert (values.shape, answer.headers["Lpl-Epochs"]) == ((3, 10), "1-3")


@pytest.mark.parametrize("path", ["loss-variations?", "class-metrics?name=test/accuracy&"])
def test_only_what_is_new_is_sent(measured: tuple[httpx.Client, str], path: str) -> None:
    http, run = measured
    address = f"/v1/runs/{run}/{path}after_epoch="
    assert http.get(f"{address}1").json()["epochs"] == [2, 3]
    answer, values = asked(http, f"{address}2")
    assert (values.shape, answer.headers["Lpl-Epochs"]) == ((1, 10), "3")
    answer, values = asked(http, f"{address}3")
    assert (values.shape, answer.headers["Lpl-Epochs"]) == ((0, 10), "")
    assert asked(http, f"{address}0&epoch=2")[1].shape == (1, 10)


def test_many_runs_answer_only_what_is_new(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    job = http.get(f"/v1/runs/{run}").json()["job"]
    for path in ("loss-variations?", "class-metrics?name=test/accuracy&", "metrics?"):
        (item,) = http.get(f"/v1/jobs/{job}/{path}after_epoch=2").json()["items"]
        assert item.get("epochs") == [3] or item["metrics"]["train/loss"]["epoch"] == [3]


def test_floats_and_json_have_tags_of_their_own(measured: tuple[httpx.Client, str]) -> None:
    http, run = measured
    path = f"/v1/runs/{run}/loss-variations"
    answer, as_json = http.get(path, headers=FLOATS), http.get(path)
    assert answer.headers["ETag"] != as_json.headers["ETag"]
    assert answer.headers["Vary"] == as_json.headers["Vary"] == "Accept"
    assert http.get(path, headers={**FLOATS, "If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert http.get(path, headers={**FLOATS, "If-None-Match": as_json.headers["ETag"]}).status_code == 200


def constant(value: float) -> Series:
    return Series((10,), np.full(10, value, dtype="<f4").tobytes())


def test_several_labels_are_asked_for_by_sign_and_kind(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    path = f"/v1/runs/{run}/loss-variations"
    values = {
        f"{kind}_loss_variation.{sign}": constant(number)
        for number, (kind, sign) in enumerate(
            (kind, sign) for kind in ("relative", "absolute") for sign in ("positive", "negative")
        )
    }
    for epoch in (1, 3):
        writing(service.db, metrics.record_epoch, held, epoch=epoch, epochs=3, metrics={}, series=values)
    for params, value in (
        ({"sign": "positive"}, 0),
        ({"sign": "negative", "kind": "relative"}, 1),
        ({"sign": "negative", "kind": "absolute"}, 3),
    ):
        answer, found = asked(service.http, path, **params)
        assert (answer.headers["Lpl-Epochs"], found.tolist()) == ("1,3", [[value] * 10] * 2)
    refused = service.http.get(path, headers=FLOATS)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "sign")
    nothing = service.http.get(path, params={"after_epoch": 3}).json()
    assert (nothing["positive"], nothing["negative"], nothing["epochs"]) == ([], [], [])


@pytest.mark.parametrize(
    ("params", "path"), [({"sign": "both"}, "sign"), ({"kind": "x"}, "kind"), ({"sign": "positive"}, "sign")]
)
def test_a_sign_or_kind_that_does_not_fit_is_refused(
    measured: tuple[httpx.Client, str], params: dict[str, str], path: str
) -> None:
    http, run = measured
    for headers in (FLOATS, {}):
        refused = http.get(f"/v1/runs/{run}/loss-variations", params=params, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, path)


def test_what_is_not_finite_is_nan(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = claim(service.db)
    endless = Series((2,), np.array([np.inf, 1.0], dtype="<f4").tobytes())
    writing(
        service.db,
        metrics.record_epoch,
        held,
        epoch=1,
        epochs=3,
        metrics={},
        series={"relative_loss_variation": endless},
    )
    np.testing.assert_array_equal(asked(service.http, f"/v1/runs/{run}/loss-variations")[1], [[np.nan, 1.0]])
    assert service.http.get(f"/v1/runs/{run}/loss-variations").json()["relative_loss_variation"] == [[None, 1.0]]


def test_a_run_that_waits_has_no_epoch(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    answer, values = asked(service.http, f"/v1/runs/{run}/loss-variations", kind="absolute")
    assert (values.shape, answer.headers["Lpl-Epochs"]) == ((0, 0), "")


@pytest.mark.parametrize(
    ("epochs", "text"), [([], ""), ([4], "4"), ([1, 2], "1-2"), ([1, 3, 4, 5, 9], "1,3-5,9"), ([2, 4, 6], "2,4,6")]
)
def test_epochs_in_a_row_are_written_as_first_and_last(epochs: list[int], text: str) -> None:
    assert ranges(epochs) == text
