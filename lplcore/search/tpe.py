"""Proposals of the tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), as Optuna has it.

The only module that imports Optuna.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from lplcore.search.record import Choices, Range, Search, Values, key
from lplcore.search.sampling import Point

optuna.logging.set_verbosity(optuna.logging.WARNING)


def proposals(
    search: Search, trials: Sequence[tuple[Point, float | None]], *, seed: int, number: int
) -> Iterator[Point]:
    """At most so many points for the next trial, each proposed with those before it counted as being tried.

    Args:
        trials: point and value of each; less is better. None: it has no value yet, and its surroundings are avoided.
    """
    distributions = {field: distribution(values) for field, values in search.space.items()}
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=1))
    study.add_trials([frozen(search, point, value, distributions) for point, value in trials])
    for _ in range(number):
        parameters = study.ask(distributions).params
        yield {field: value_of(search.space[field], parameters[field]) for field in search.space}


def frozen(
    search: Search, point: Point, value: float | None, distributions: dict[str, BaseDistribution]
) -> FrozenTrial:
    """A trial as Optuna has it."""
    parameters = {field: parameter_of(values, point[field]) for field, values in search.space.items()}
    state = TrialState.RUNNING if value is None else TrialState.COMPLETE
    return create_trial(state=state, value=value, params=parameters, distributions=distributions)


def distribution(values: Values) -> BaseDistribution:
    """Of numbers where a field has numbers in order, else of places in its list."""
    if not isinstance(values, Range):
        return IntDistribution(0, len(values) - 1) if rising(values) else CategoricalDistribution(range(len(values)))
    if values.log and values.whole:
        return IntDistribution(int(values.low), int(values.high), log=True)
    if values.count is not None:
        return IntDistribution(0, values.count - 1)
    return FloatDistribution(float(values.low), float(values.high), log=values.log)


def rising(values: Choices) -> bool:
    """Whether the choices are numbers, each above the one before."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return numbers and all(low < high for low, high in pairwise(values))


def parameter_of(values: Values, value: Any) -> Any:
    """What Optuna has for a value."""
    if not isinstance(values, Range):
        return [key(choice) for choice in values].index(key(value))
    return value if values.count is None or values.log else values.index(value)


def value_of(values: Values, parameter: Any) -> Any:
    """What a value of Optuna's stands for."""
    if not isinstance(values, Range):
        return values[parameter]
    if values.count is None:
        return values.rounded(parameter)
    return parameter if values.log else values.value(parameter)
