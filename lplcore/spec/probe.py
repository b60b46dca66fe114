"""What does not go with a linear probe, whose features are computed once."""

from lplcore.augmentations import Augmentation
from lplcore.method.method import MethodSpec
from lplcore.models import Model

FIELD = "model.linear_probe"


def probe_problems(model: Model, method: MethodSpec, augmentation: Augmentation) -> list[tuple[str, str]]:
    """(path, message) for everything that would change an example from step to step."""
    if not model.probes:
        return []
    problems = []
    if augmentation.draws:
        text = f"changes images at every step, and {FIELD} computes their features once; use 'none' or a fixed crop"
        problems.append(("augmentation.name", f"{augmentation.name!r} {text}"))
    if not method.procedure.probes:
        text = f"{method.procedure.name!r} needs the images, and {FIELD} has their features alone; set it to false"
        problems.append(("method.procedure.name", text))
    problems += [
        (f"method.targets.{place}.name", f"{target.name!r} mixes images, and {FIELD} has their features alone")
        for place, target in enumerate(method.targets)
        if target.mixes_inputs
    ]
    return problems
