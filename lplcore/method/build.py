"""A criterion from a method, as people name or describe it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from lplcore.errors import SpecError, plain, validated
from lplcore.frame.labels import IGNORE_INDEX
from lplcore.frame.statistics import class_statistics
from lplcore.method.criterion import Criterion
from lplcore.method.method import MethodSpec


def criterion(
    method: str | Mapping[str, Any] | list[Any] | MethodSpec,
    /,
    *,
    class_counts: Iterable[Any],
    task: str = "single_label",
    num_examples: int | None = None,
    known_examples: Sequence[int] | None = None,
    num_features: int | None = None,
    ignore_index: int = IGNORE_INDEX,
    **parameters: Any,
) -> Criterion:
    """A method as a loss module for any training loop.

    Args:
        method: an alias (`"lpl"`), a list of perturbations on (binary) cross entropy (`["logit_adjustment", "lpl"]`),
            or the `method` object of an experiment spec.
        class_counts: training examples per class, C entries (multi label: positives).
        task: `single_label` or `multi_label`.
        num_examples: N, training examples; multi label cannot tell it from the counts, and some methods need it.
        known_examples: multi label, where entries are unknown (-1): how many examples say of each class, C entries.
        num_features: D of the last layer's input, for methods that keep statistics of it; None learns it from the first
            batch.
        ignore_index: label of examples that take part in nothing: no loss, no statistics, no part in a mean; multi
            label has entries of -1 for that.
        parameters: the alias's parameters, for instance `threshold=0.4`.

    Raises:
        SpecError: an unknown name, a wrong parameter, or one that does not fit the number of classes.
        ValueError: wrong class counts.
    """
    statistics = class_statistics(class_counts, task=task, num_examples=num_examples, known_examples=known_examples)
    if isinstance(method, MethodSpec):
        parsed = method
    else:
        parsed = validated(MethodSpec, plain(alias_object(method, parameters)), context={"task": task})
    problems = parsed.check(statistics.num_classes, task)
    if problems:
        raise SpecError([{"path": path, "message": message} for path, message in problems])
    # Even one that is built for evaluation may train later.
    with torch.inference_mode(False):
        built = Criterion(parsed, statistics, ignore_index=ignore_index)
        if num_features is not None:
            built.allocate(num_features)
    return built


def alias_object(method: str | Mapping[str, Any] | list[Any], parameters: Mapping[str, Any]) -> Any:
    """The method object with keyword parameters put in."""
    if isinstance(method, str):
        return {"alias": method, **parameters}
    if parameters and isinstance(method, Mapping):
        return {**method, **parameters}
    if parameters:
        name = next(iter(parameters))
        message = (
            "parameters go into the items of a list of perturbations, for instance {'name': 'lpl', 'epsilon': 0.5}"
        )
        raise SpecError([{"path": name, "message": message}])
    return method
