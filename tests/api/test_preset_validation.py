"""Every preset is an experiment that the API completes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import lplcore
from lplcore.plugin import plugins
from tests.api.service import running_alone
from tests.grids import every
from tests.lplcore_training.preset_trees import write_all

DOWNLOADED = {"dataset": {"download": True}}
"""CIFAR's facts are known without its files."""
SMALL = {"batch_size": 4}
"""The small copies have fewer images than a batch."""


@pytest.fixture(scope="module")
def validating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A connection to a service with small copies of the data sets and the weights that presets name."""
    folder = tmp_path_factory.mktemp("presets")
    write_all(folder)
    with running_alone(folder) as served:
        yield served.http


@pytest.mark.parametrize("name", every(4, sorted(plugins("preset"))))
def test_validate_answers_the_complete_spec(name: str, validating: httpx.Client) -> None:
    preset = plugins("preset")[name]
    override: dict[str, Any] = DOWNLOADED if preset.spec["dataset"]["name"].startswith("cifar") else SMALL
    answer = validating.post("/v1/jobs/validate", json={"preset": name, "override": override})
    assert answer.status_code == 200, answer.text
    spec = lplcore.parse_spec({"preset": name, "override": override})
    complete = answer.json()
    assert complete["spec"] == spec.model_dump(mode="json")
    assert complete["runs_total"] == len(spec.plan())
    assert lplcore.parse_spec(complete["spec"]).model_dump(mode="json") == complete["spec"]
