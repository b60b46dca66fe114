"""Everything that is wrong with a spec is said at once; a data set alone is a spec."""

from typing import Any

import httpx
import pytest

GOOD = {"dataset": "digits", "method": "lpl"}


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"epochz": 3, "epochs": 0}, {"epochz", "epochs"}),
        ({"epochz": 3, "sweep": {"epochs": [0]}}, {"epochz", "sweep.epochs"}),
        ({"epochz": 3, "sweep": {"method": ["lppl"]}}, {"epochz", "sweep.method"}),
        ({"epochz": 3, "sweep": {"epochs": [0], "lr": [1]}}, {"epochz", "sweep.epochs", "sweep.lr"}),
        ({"epochz": 3, "batch_size": 4000}, {"epochz", "batch_size"}),
        ({"epochz": 3, "patience": 2}, {"epochz", "patience"}),
        (
            {"epochz": 3, "dataset": {"name": "digits", "imbalanc": 3}, "patience": 2},
            {"epochz", "dataset.imbalanc", "patience"},
        ),
        (
            {"method": {"alias": "lpl", "epsilo": 1}, "checkpoints": {"keep_best": True, "every": 1}},
            {"method.epsilo", "checkpoints.every", "checkpoints.keep_best"},
        ),
        ({"method": {"loss": {"name": "focal", "gama": 1}}, "patience": 1}, {"method.loss.gama", "patience"}),
        ({"epochz": 3, "dataset": "cifar10"}, {"epochz", "dataset.name"}),
    ],
)
def test_an_unknown_field_hides_no_other_error(
    refusing: httpx.Client, changes: dict[str, Any], paths: set[str]
) -> None:
    answer = refusing.post("/v1/jobs/validate", json=GOOD | changes)
    assert answer.status_code == 422, answer.text
    assert {error["path"] for error in answer.json()["errors"]} == paths


def test_an_unknown_field_of_a_preset_hides_no_other_error(refusing: httpx.Client) -> None:
    override = {"dataset": {"name": "digits"}, "batch_size": 4000, "epochz": 3}
    answer = refusing.post("/v1/jobs/validate", json={"preset": "table3_lpl_varied", "override": override})
    assert {"epochz", "batch_size"} <= {error["path"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("dataset", ["digits", {"name": "digits"}])
def test_a_data_set_alone_is_validated_with_a_note(refusing: httpx.Client, dataset: Any) -> None:
    answer = refusing.post("/v1/jobs/validate", json={"dataset": dataset, "seeds": [0, 1]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["runs_total"] == 6
    assert answer.json()["notes"][0] == "no method is named: cross_entropy, logit_adjustment and lpl are compared"
    assert answer.json()["spec"]["sweep"] == {"method": ["cross_entropy", "logit_adjustment", "lpl"]}
