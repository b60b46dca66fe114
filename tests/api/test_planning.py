"""Large sweeps: quick to plan, few at once, and what is wrong with them is said in few words."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

import lplcore
from api.middleware import turnstile
from api.middleware.turnstile import Turnstile
from api.problems import Problem
from api.services import submission
from lplcore.method import alias as method_alias
from store.database.engine import Database
from tests.api.service import SPEC, Running, running

RATES = [0.001 + number / 10_000 for number in range(2_000)]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for longer than a moment."""
    monkeypatch.setattr(turnstile, "PATIENCE_SECONDS", 0.1)


@pytest.fixture
def taken(impatient: None) -> Iterator[None]:
    """Somebody checks a large sweep and does not come to an end."""
    with submission.CHECKING.turn("planning"):
        yield


@pytest.mark.parametrize(("field", "times"), [("optimizer.lr", 0), ("method.perturbations.0.epsilon", 1)])
def test_a_method_is_read_once_a_point_where_it_is_swept_and_else_never(
    monkeypatch: pytest.MonkeyPatch, field: str, times: int
) -> None:
    spec = lplcore.parse_spec({**SPEC, "sweep": {field: RATES[:50]}})
    read: list[Any] = []
    real = method_alias.component_names

    def counted(given: Any) -> dict[str, Any]:
        read.append(given)
        return real(given)

    monkeypatch.setattr(method_alias, "component_names", counted)
    assert len(spec.plan()) == 50
    assert len(read) == 50 * times


@pytest.mark.parametrize("sweep", [
    {"optimizer.lr": [0.1, 0.2], "batch_size": [32, 64]}, {"model": ["mlp", "resnet32"]},
    {"schedule": ["cosine", "multistep"], "epochs": [3, 20]}, {"method": ["cross_entropy", "ldam", "meta_weight_net"]},
    {"method.perturbations.0.epsilon": [0.0, 0.5], "optimizer": ["sgd", {"name": "sgd", "lr": 0.01}]},
    {"dataset.imbalance_factor": [1, 10], "checkpoints.every_epochs": [1, 2]},
])  # fmt: skip
def test_a_point_equals_the_experiment_with_its_values(sweep: dict[str, Any]) -> None:
    spec = lplcore.parse_spec({**SPEC, "sweep": sweep})
    before = spec.model_dump_json()
    for run in spec.plan():
        data = {**(SPEC if "method" in sweep else spec.model_dump(mode="json")), "sweep": {}}
        for field, value in run.point.items():
            *parents, last = field.split(".")
            part: Any = data
            for name in parents:
                part = part[int(name) if name.isdigit() else name]
            part[last] = value
        assert run.spec.model_dump() == lplcore.parse_spec(data).model_dump()
    assert spec.model_dump_json() == before


def test_a_point_may_change_within_a_part_that_it_replaces() -> None:
    part = {"name": "lpl", "threshold": 0.4, "epsilon": 0.1}
    sweep = {"method.perturbations.0": [part], "method.perturbations.0.epsilon": [0.2, 0.3]}
    plan = lplcore.parse_spec({**SPEC, "sweep": sweep}).plan()
    assert [run.spec.method.perturbations[0].model_dump()["epsilon"] for run in plan] == [0.2, 0.3]
    assert plan[0].point["method.perturbations.0"] == part


def test_who_finds_no_place_comes_again(service: Running, taken: None) -> None:
    large = {**SPEC, "sweep": {"optimizer.lr": RATES[:300]}}
    answer = service.http.post("/v1/jobs/validate", json=large)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    override = {"preset": "digits_long_tail", "override": {"sweep": {"optimizer.lr": RATES[:300]}}}
    assert service.http.post("/v1/jobs/validate", json=override).status_code == 429
    assert service.http.post("/v1/jobs/validate", json=SPEC).status_code == 200
    assert service.http.post("/v1/jobs", json=large).status_code == 201


def test_more_than_may_wait_are_refused_at_once(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "PATIENCE_SECONDS", 60.0)
    places = Turnstile(at_once=2, waiting=0)
    with ExitStack() as held:
        held.enter_context(places.turn("planning"))
        held.enter_context(places.turn("planning"))
        began = time.monotonic()
        with pytest.raises(Problem) as refused, places.turn("planning"):
            pass
        assert time.monotonic() - began < 5
        assert refused.value.status == 429
    with places.turn("planning"):
        pass


@pytest.mark.parametrize(("body", "points"), [
    ({}, 1), ({"sweep": {"a": [1, 2], "b": [1, 2, 3]}}, 6), ({"sweep": [1] * 500}, 1), ({"sweep": {"a": 5}}, 1),
    ({"override": {"sweep": {"a": [1, 2]}}}, 2), ({"override": None, "sweep": None}, 1),
])  # fmt: skip
def test_points_are_counted_before_anything_is_checked(body: dict[str, Any], points: int) -> None:
    assert submission.points_in(body) == points


@pytest.mark.parametrize("sweep", [
    {"x" * 3_000_000: [1]}, {"sweep.x": [1], "y" * 3_000_000: [1]}, {"x" * 3_000_000: []},
    {"optimizer.lr": ["x" * 3_000_000]},
])  # fmt: skip
def test_long_names_are_not_echoed(refusing: httpx.Client, sweep: dict[str, Any]) -> None:
    answer = refusing.post("/v1/jobs/validate", json={**SPEC, "sweep": sweep})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("route", ["/v1/jobs/validate", "/v1/jobs"])
@pytest.mark.parametrize("path", ["absent.pth", "../lpl.db", "/etc/passwd"])
def test_files_that_a_spec_names_wrongly_are_refused(service: Running, route: str, path: str) -> None:
    images = {"dataset": "digits", "method": "cross_entropy"}
    answer = service.http.post(route, json={**images, "model": {"name": "resnet50", "weights_path": path}})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["model.weights_path"]


def test_weights_may_lie_where_the_administrator_says(sqlite: Database, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "junk.pth").write_bytes(b"junk")
    body = {"dataset": "digits", "method": "cross_entropy", "model": {"name": "resnet50", "weights_path": "junk.pth"}}
    said = []
    for weights_dir in (None, share):
        with running(sqlite, tmp_path / "data", weights_dir=weights_dir) as service:
            answer = service.http.post("/v1/jobs/validate", json=body)
            said += [error["message"] for error in answer.json()["errors"]]
    assert "there is no file junk.pth" in said[0]
    assert "junk.pth cannot be read" in said[1]


@pytest.mark.parametrize(
    ("model", "path", "says"),
    [
        ({"name": "torchvision", "architecture": "vgg11"}, "architecture", "takes no images of 8 x 8"),
        ({"name": "torchvision", "architecture": "resnet19"}, "architecture", "near names: resnet18"),
        ({"name": "timm", "architecture": "resnet18", "frozen_stages": 9}, "frozen_stages", "has 4 stages"),
        ({"name": "timm", "architecture": "resnet18", "weights_path": "absent.pt"}, "weights_path", "there is no file"),
    ],
)
def test_networks_are_tried_before_a_job_is_taken(
    service: Running, model: dict[str, Any], path: str, says: str
) -> None:
    answer = service.http.post("/v1/jobs", json={"dataset": "digits", "method": "cross_entropy", "model": model})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == f"model.{path}"
    assert says in error["message"]
