"""How much a study trains and what it needs, at each scale."""

from collections.abc import Mapping
from typing import Any, get_args

from lplcore.frame.study import Study
from lplcore.plugin import get
from lplcore.studies.plan import Scale, plan


def sizes(study: Study) -> dict[str, dict[str, Any]]:
    """Scale -> `jobs` and `runs` that it trains, the `datasets` and the files of `weights` that it needs."""
    return {scale: size(study, scale) for scale in get_args(Scale)}


def size(study: Study, scale: Scale) -> dict[str, Any]:
    """What the study trains at a scale."""
    specs = [whole(spec) for spec in plan(study, scale).jobs.values()]
    return {
        "jobs": len(specs),
        "runs": sum(len(spec["seeds"]) for spec in specs),
        "datasets": sorted({spec["dataset"]["name"] for spec in specs}),
        "weights": sorted({path for spec in specs if (path := spec["model"].get("weights_path"))}),
    }


def whole(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec with its preset's fields."""
    fields: Mapping[str, Any] = get("preset", spec["preset"]).spec if "preset" in spec else spec
    return fields
