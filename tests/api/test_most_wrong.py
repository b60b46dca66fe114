"""The test examples that a run gets most wrong, over HTTP."""

import numpy as np
import pytest

from client import Client
from store import metrics
from store.database.records import Series
from tests.api.service import Running
from tests.api.sides import finish, start
from tests.store.databases import writing


def test_examples_come_by_class_with_their_probabilities(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    path = f"/v1/runs/{run}/most-wrong"
    assert "come with the last epoch" in service.http.get(path).json()["detail"]
    held = start(service.db, classes=3, names=["a", "b", "c"])
    rows = np.array([[16_000_001, 0, 2, 0.75, 0.125], [4, 1, 1, 0.5, 0.5], [9, 1, 0, np.nan, np.nan]], dtype="<f4")
    series = {"most_wrong": Series(rows.shape, rows.tobytes())}
    writing(service.db, metrics.record_epoch, held, epoch=3, epochs=3, metrics={}, series=series)
    finish(service.db, held)
    answer = service.http.get(path)
    assert (answer.json()["classes"], answer.json()["epoch"]) == (["a", "b", "c"], 3)
    first, second, third = answer.json()["examples"]
    assert first == {"index": 16_000_001, "true": 0, "predicted": 2, "probability": 0.75, "true_probability": 0.125}
    assert third["probability"] is None
    assert service.http.get(path, params={"class": 1}).json()["examples"] == [second, third]
    assert service.http.get(path, params={"class": 2}).json()["examples"] == []
    with Client(service.url) as client:
        assert [each.predicted for each in client.most_wrong(run, true=1).examples] == [1, 0]
    assert service.http.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(("params", "status"), [({"class": 99}, 422), ({"class": -1}, 422), ({"klass": 1}, 422)])
def test_a_class_that_is_none_is_refused(service: Running, params: dict[str, int], status: int) -> None:
    run = service.submit()["runs"][0]["id"]
    start(service.db, classes=3, names=["a", "b", "c"])
    assert service.http.get(f"/v1/runs/{run}/most-wrong", params=params).status_code == status
    assert service.http.get("/v1/runs/r_none/most-wrong").status_code == 404


def test_it_is_no_series_by_class(service: Running) -> None:
    run = service.submit()["runs"][0]["id"]
    held = start(service.db, classes=3, names=["a", "b", "c"])
    rows = {"most_wrong": Series((1, 5), np.zeros((1, 5), dtype="<f4").tobytes())}
    writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={}, series=rows)
    refused = service.http.get(f"/v1/runs/{run}/class-metrics", params={"name": "most_wrong"})
    assert (refused.status_code, "it has none yet" in refused.json()["detail"]) == (404, True)
