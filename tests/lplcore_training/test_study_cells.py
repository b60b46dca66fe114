"""Every cell of a study at scale cpu trains, and whole studies are done in ten minutes on two cores."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
import torch

import lplcore
from lplcore.frame.study import Study
from lplcore.plugin import plugins
from lplcore.studies.plan import plan
from tests.lplcore_training.runs import end, epochs, run

STUDIES: Mapping[str, Study] = plugins("study")
ALWAYS = ("table1_acgan_resnet110", "table3_meta_weight_net", "table5_coco_oltr")
"""A generator, a meta set, and attention with a memory on multi-label data."""
TEN_MINUTES = 600 * 2
"""Of two cores, in seconds."""


def cells() -> dict[str, dict[str, Any]]:
    """Job -> spec at scale cpu, of all studies."""
    return {key: spec for study in STUDIES.values() for key, spec in plan(study, "cpu").jobs.items()}


def param(key: str, spec: dict[str, Any]) -> Any:
    return pytest.param(spec, id=key, marks=[] if key in ALWAYS else [pytest.mark.campaign])


@pytest.mark.slow
@pytest.mark.parametrize("spec", [param(key, spec) for key, spec in cells().items()])
def test_a_cell_trains(spec: dict[str, Any]) -> None:
    method = {**spec["method"], **({"generator_epochs": 1} if "generator_epochs" in spec["method"] else {})}
    schedule = {"name": "constant", "warmup_epochs": 0}
    events = run({**spec, "method": method, "schedule": schedule, "epochs": 2, "seeds": [0]})
    assert end(events).outcome == "succeeded", end(events).message
    last = epochs(events)[-1].metrics
    assert any(last.get(name) is not None for name in ("test/top1_error", "test/mean_average_precision"))


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["table4", "table5"])
def test_a_study_takes_less_than_ten_minutes_of_two_cores(name: str) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    begun, runs = time.process_time(), 0
    try:
        for spec in plan(STUDIES[name], "cpu").jobs.values():
            assert end(run({**spec, "seeds": [0]})).outcome == "succeeded"
            runs += len(lplcore.parse_spec(spec).seeds)
    finally:
        torch.set_num_threads(threads)
    seeds = runs / len(plan(STUDIES[name], "cpu").jobs)
    assert (time.process_time() - begun) * seeds < TEN_MINUTES / 2
