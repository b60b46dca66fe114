"""Which fields of a spec say what training a run is, and which may change where it goes on."""

from collections.abc import Mapping
from typing import Any

from lplcore.datasets import RegisteredDataset
from lplcore.spec import ExperimentSpec, parse_spec
from lplcore.spec_errors import SpecError

NOT_OF_THE_RUN = ("name", "tags", "priority")
"""Fields of a spec that say nothing about the training of a run."""
FREE_ON_RESUME = ("device", "checkpoints", "accumulation_steps", "on_out_of_memory")
"""Fields that may differ between a checkpoint and the run that goes on from it."""


def run_spec(spec: ExperimentSpec) -> dict[str, Any]:
    """The spec without what does not bear on the training."""
    return {key: value for key, value in spec.model_dump(mode="json").items() if key not in NOT_OF_THE_RUN}


def comparable_spec(spec: ExperimentSpec) -> dict[str, Any]:
    """What must be the same for a run to go on from a checkpoint."""
    return {key: value for key, value in run_spec(spec).items() if key not in FREE_ON_RESUME}


def saved_spec(data: Mapping[str, Any], *, datasets: Mapping[str, RegisteredDataset]) -> dict[str, Any]:
    """`comparable_spec` of a checkpoint's spec, with defaults for fields that its version did not have yet."""
    try:
        return comparable_spec(parse_spec(data, datasets=datasets))
    except SpecError:
        return {key: value for key, value in data.items() if key not in FREE_ON_RESUME}
