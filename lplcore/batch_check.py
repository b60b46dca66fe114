"""Cross-checks of the batches that a spec asks for."""

from typing import TYPE_CHECKING

from lplcore.dataset_info import DatasetInfo

if TYPE_CHECKING:
    from lplcore.spec import ExperimentSpec

Problems = list[tuple[str, str]]


def batch_problems(spec: "ExperimentSpec", info: DatasetInfo) -> Problems:
    """(path, message) of what cannot be trained in such batches."""
    found: Problems = []
    if spec.batch_size > info.num_train:
        found.append(("batch_size", f"{spec.batch_size} exceeds the {info.num_train} training examples; lower it"))
    return found + accumulation_problems(spec) + statistics_problems(spec, info)


def accumulation_problems(spec: "ExperimentSpec") -> Problems:
    """Where a batch cannot be computed in parts."""
    if spec.accumulation_steps > spec.batch_size:
        return [("accumulation_steps", f"exceeds the batch of {spec.batch_size}; lower it")]
    asked = [
        name
        for name, wanted in (
            ("accumulation_steps", spec.accumulation_steps > 1),
            ("on_out_of_memory", spec.on_out_of_memory == "halve_batch"),
        )
        if wanted
    ]
    if asked and not spec.method.procedure.accumulates:
        return [(asked[0], f"{spec.method.procedure.name!r} needs whole batches; leave it out")]
    return []


def statistics_problems(spec: "ExperimentSpec", info: DatasetInfo) -> Problems:
    """Where a network that normalises over the batch would get a single example."""
    needs = f"{spec.model.name!r} normalises over the batch and needs at least 2 examples"
    checked = {
        "batch_size": (spec.batch_size, "raise it"),
        "dataset": (info.num_train, "there is 1 for training"),
        "method.procedure.meta_batch_size": (getattr(spec.method.procedure, "meta_batch_size", 2), "raise it"),
    }
    least = spec.model.smallest_batch
    return [(path, f"{needs}; {remedy}") for path, (size, remedy) in checked.items() if size < least]
