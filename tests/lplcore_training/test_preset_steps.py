"""Every distinct network, input pipeline and procedure among the presets takes two steps."""

from pathlib import Path
from typing import Any

import pytest

import lplcore
from lplcore.training.loading import dataset_info
from tests.grids import campaign, every
from tests.lplcore_training.preset_cases import Case, cases, small
from tests.lplcore_training.preset_trees import write_all, write_cifar
from tests.lplcore_training.runs import end, run, stop_after


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small copies of all data sets, in their official layouts."""
    folder = tmp_path_factory.mktemp("data")
    write_all(folder)
    write_cifar(folder)
    return folder


LARGE = {"wide_resnet_28_10", "resnet101"}
"""Networks of which two steps take seconds; the same classes of network are here with fewer layers."""


def params() -> list[Any]:
    """Cases by their presets' names; large networks, and two thirds of the others, are for test-all."""
    small = every(3, [case for case in cases() if not is_large(case)])
    return [*small, *(campaign(case) for case in cases() if is_large(case))]


def is_large(case: Case) -> bool:
    """Whether two steps take seconds."""
    model = case.values["model"]
    return not LARGE.isdisjoint((model["name"], model.get("architecture")))


@pytest.mark.parametrize("case", params(), ids=lambda case: case.preset)
def test_two_steps_of_two_examples(case: Case, data_dir: Path) -> None:
    spec = lplcore.parse_spec(small(case))
    prepared = spec.method.procedure.preparation_steps(dataset_info(spec.dataset, data_dir=data_dir))
    events = run(spec.model_dump(), data_dir=data_dir, should_stop=stop_after(prepared + 2))
    assert end(events).outcome == "stopped", end(events).message
