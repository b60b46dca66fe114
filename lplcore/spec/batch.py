"""Cross-checks of the batches that a spec asks for."""

from lplcore.models import Model
from lplcore.procedures import Procedure

Problems = list[tuple[str, str]]


def batch_problems(
    *,
    batch_size: int,
    num_train: int,
    accumulation_steps: int,
    on_out_of_memory: str,
    model: Model,
    procedure: Procedure,
) -> Problems:
    """(path, message) of what cannot be trained in such batches of `num_train` examples."""
    problems: Problems = []
    if batch_size > num_train:
        problems.append(("batch_size", f"{batch_size} exceeds the {num_train} training examples; lower it"))
    problems += accumulation_problems(batch_size, accumulation_steps, on_out_of_memory, procedure)
    return problems + statistics_problems(batch_size, num_train, model, procedure)


def accumulation_problems(
    batch_size: int, accumulation_steps: int, on_out_of_memory: str, procedure: Procedure
) -> Problems:
    """Where a batch cannot be computed in parts."""
    if accumulation_steps > batch_size:
        return [("accumulation_steps", f"exceeds the batch of {batch_size}; lower it")]
    asked = [
        name
        for name, wanted in (
            ("accumulation_steps", accumulation_steps > 1),
            ("on_out_of_memory", on_out_of_memory == "halve_batch"),
        )
        if wanted
    ]
    if asked and not procedure.accumulates:
        return [(asked[0], f"{procedure.name!r} needs whole batches; leave it out")]
    return []


def statistics_problems(batch_size: int, num_train: int, model: Model, procedure: Procedure) -> Problems:
    """Where a network that normalises over the batch would get a single example."""
    needs = f"{model.name!r} normalises over the batch and needs at least 2 examples"
    checked = {
        "batch_size": (batch_size, "raise it"),
        "dataset": (num_train, "there is 1 for training"),
        "method.procedure.meta_batch_size": (getattr(procedure, "meta_batch_size", 2), "raise it"),
    }
    return [(path, f"{needs}; {remedy}") for path, (size, remedy) in checked.items() if size < model.smallest_batch]
