"""What there is: plug-ins and the schema of experiments, each made once."""

from functools import cache
from typing import Any

import lplcore


@cache
def listed() -> dict[str, list[dict[str, Any]]]:
    """The catalogue."""
    return lplcore.catalog()


@cache
def experiment_schema() -> dict[str, Any]:
    """The schema of complete experiments."""
    return lplcore.ExperimentSpec.model_json_schema()
