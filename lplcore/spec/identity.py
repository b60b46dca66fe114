"""Which fields of a spec say what training a run is, and which may change where it goes on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError, SpecError
from lplcore.plugin import quoted
from lplcore.spec.experiment import ExperimentSpec, parse_spec

NOT_OF_THE_RUN = ("name", "tags", "priority", "search")
"""Fields of a spec that say nothing about the training of a run."""
FREE_ON_RESUME = ("device", "checkpoints", "accumulation_steps", "on_out_of_memory")
"""Fields that may differ between a checkpoint and the run that goes on from it."""

DRAWS = "position"
"""What checkpoints say of draws: an example's random numbers follow its position in the epoch. Those of version 0.1.0,
where they followed the step, say nothing."""
OF_VERSION_0_1_0: Mapping[str, Any] = {"subset_seed": None, "imbalance_order": "index"}
"""Fields of a spec's data set that came later, and what stood for them."""
SUBSET_KEPT = (
    "begun by version 0.1.0: goes on with the training subset that it drew by the run's seed, head first by class "
    "index; a new run has one subset for all seeds, head first by count"
)


def run_spec(spec: ExperimentSpec) -> dict[str, Any]:
    """The spec without what does not bear on the training."""
    return {key: value for key, value in spec.model_dump(mode="json").items() if key not in NOT_OF_THE_RUN}


def comparable_spec(spec: ExperimentSpec) -> dict[str, Any]:
    """What must be the same for a run to go on from a checkpoint."""
    return {key: value for key, value in run_spec(spec).items() if key not in FREE_ON_RESUME}


def stored_spec(data: Mapping[str, Any]) -> dict[str, Any]:
    """A complete spec as it was stored, with what its version did in fields that it did not have yet.

    What a user writes is not complete: there such a field has its default.
    """
    dataset = data.get("dataset")
    if not isinstance(dataset, Mapping):
        return dict(data)
    return {**data, "dataset": {**OF_VERSION_0_1_0, **dataset}}


def continued(spec: ExperimentSpec, saved: Any) -> tuple[ExperimentSpec, list[str]]:
    """The spec on the training subset of the checkpoint it goes on from, and what there is to say about that.

    Args:
        spec: of the run that goes on.
        saved: the spec in the checkpoint.
    """
    dataset = saved.get("dataset") if isinstance(saved, Mapping) else None
    if not isinstance(dataset, Mapping) or OF_VERSION_0_1_0.keys() & dataset.keys():
        return spec, []
    earlier = {name: value for name, value in OF_VERSION_0_1_0.items() if name not in spec.dataset.model_fields_set}
    moved = spec.model_copy(update={"dataset": spec.dataset.model_copy(update=earlier)})
    kept = all(getattr(moved.dataset, name) == value for name, value in OF_VERSION_0_1_0.items())
    return moved, [SUBSET_KEPT] if kept and spec.dataset.imbalance_factor != 1 else []


def refuse_reordered(saved: Any, classes: Sequence[str]) -> None:
    """Class names of a checkpoint that are those of the run in another order.

    Raises:
        CheckpointError: outputs of the network would change their meaning.
    """
    if not isinstance(saved, list) or saved == list(classes) or {str(name) for name in saved} != set(classes):
        return
    old, new = next((old, new) for old, new in zip(saved, classes, strict=False) if old != new)
    message = (
        f"the checkpoint has {quoted(old)} where the data set now has {quoted(new)}: its classes are in another order"
    )
    raise CheckpointError(f"{message}; give the data set the order that it had, or begin anew")


def saved_spec(data: Mapping[str, Any], *, datasets: Mapping[str, RegisteredDataset]) -> dict[str, Any]:
    """`comparable_spec` of a checkpoint's spec, with what its version did in fields that it did not have yet."""
    try:
        return comparable_spec(parse_spec(stored_spec(data), datasets=datasets))
    except SpecError:
        return {key: value for key, value in data.items() if key not in FREE_ON_RESUME}


def resume_notes(spec: ExperimentSpec, saved: Mapping[str, Any], conditions: Mapping[str, Any]) -> list[str]:
    """Why a run that goes on from a checkpoint may not equal an uninterrupted one.

    Args:
        spec: of the run that goes on.
        saved: the checkpoint's metadata.
        conditions: of the run that goes on.
    """
    differing = differences(saved.get("conditions"), conditions, "conditions")
    notes = [f"resumed under other conditions, results may differ in the last bits: {text}" for text in differing]
    if saved.get("draws") != DRAWS and spec.augmentation.draws:
        notes.append(
            "begun by version 0.1.0, whose augmentation drew by step: it now draws by position in the epoch, "
            "so the result is that of neither version alone"
        )
    if saved.get("draws") != DRAWS:
        notes += [f"begun by version 0.1.0: {text}" for text in mended_methods(spec, saved.get("class_counts") or [])]
    return notes


def mended_methods(spec: ExperimentSpec, class_counts: Sequence[int]) -> list[str]:
    """What a run's method does otherwise than version 0.1.0 did, on classes of these counts."""
    method, notes = spec.method, []
    start = method.procedure.second_stage() * spec.epochs
    if abs(start - round(start)) > 1e-6 * spec.epochs:
        notes.append("weights and rate of stage 2 then began within an epoch, now with the next whole one")
    if any(getattr(part, "normalize", None) == "column" for part in method.perturbations):
        notes.append("with column norms classes that had arrived then stood still, now they walk on as released")
    if 0 in class_counts:
        notes.append("classes without training examples then counted in ranks, priors and means, now they do not")
    if method.weighting is not None and any(part.makes_soft for part in method.targets):
        notes.append("soft targets then had their mean weight, now each class its own and a smoothed label the label's")
    if method.posthoc is not None:
        notes.append("test/loss was then of the corrected logits, now of clean ones")
    return notes


def differences(old: Any, new: Any, path: str) -> list[str]:
    """`path: old in the checkpoint, new here` for every leaf of two JSON values that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new})
        return [text for key in keys for text in differences(old.get(key), new.get(key), f"{path}.{key}")]
    if old == new:
        return []
    return [f"{path} is {shortened(old)} in the checkpoint, {shortened(new)} here"]


def shortened(value: Any) -> str:
    """JSON for a message."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
