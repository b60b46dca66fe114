"""How much a study trains and what it needs, at each scale."""

from collections.abc import Mapping
from typing import Any, get_args

from lplcore.frame.study import Study
from lplcore.plugin import get
from lplcore.studies.plan import Scale, plan
from lplcore.studies.printed import as_object


def sizes(study: Study) -> dict[str, dict[str, Any]]:
    """Scale -> `jobs` and `runs` that it trains, the `datasets` and the files of `weights` that it needs."""
    return {scale: size(study, scale) for scale in get_args(Scale)}


def size(study: Study, scale: Scale) -> dict[str, Any]:
    """What the study trains at a scale."""
    specs = [whole(spec) for spec in plan(study, scale).jobs.values()]
    models = [as_object(spec.get("model", "mlp")) for spec in specs]
    return {
        "jobs": len(specs),
        "runs": sum(len(spec.get("seeds", [0])) for spec in specs),
        "datasets": sorted({as_object(spec["dataset"])["name"] for spec in specs}),
        "weights": sorted({path for model in models if (path := model.get("weights_path"))}),
    }


def whole(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec with its preset's fields."""
    fields: Mapping[str, Any] = get("preset", spec["preset"]).spec if "preset" in spec else spec
    return fields
