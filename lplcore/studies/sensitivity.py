"""Section IV-D: how far LPL's results depend on its threshold and its bound."""

from typing import Any, NamedTuple

from lplcore.frame.study import Source, Study, StudyRow
from lplcore.plugin import get
from lplcore.studies.printed import cited, errors

BALANCED, FIXED, VARIED = (
    "LPL (mean + fixed epsilon)",
    "LPL (varied tau + fixed epsilon)",
    "LPL (varied tau + varied epsilon)",
)
PRESETS = {
    BALANCED: {"CIFAR10": "table8_cifar10_lpl_fixed_resnet32", "CIFAR100": "table8_cifar100_lpl_fixed_resnet32"},
    FIXED: {"CIFAR10-LT, 100:1": "table4_lpl_fixed", "CIFAR100-LT, 100:1": "table3_lpl_fixed"},
    VARIED: {"CIFAR10-LT, 100:1": "table4_lpl_varied", "CIFAR100-LT, 100:1": "table3_lpl_varied"},
}
"""Variant -> column -> the preset whose parameters are varied, one at a time."""


class Parameter(NamedTuple):
    """A parameter of a variant with the values that it takes."""

    variant: str
    name: str
    words: str
    values: tuple[Any, ...]


PARAMETERS = (
    Parameter(BALANCED, "epsilon", "epsilon", (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)),
    Parameter(BALANCED, "threshold", "tau", ("mean", 0.25, 0.5, 0.75)),
    Parameter(FIXED, "epsilon", "epsilon", (0.5, 1.5, 2.5, 5.0, 10.0)),
    Parameter(VARIED, "delta_epsilon", "delta epsilon", (0.5, 1.0, 2.0, 3.0, 5.0)),
    Parameter(VARIED, "threshold", "tau / C", (0.2, 0.4, 0.5, 0.6, 0.8)),
)


def rows_of(parameter: Parameter) -> list[StudyRow]:
    """A row for each of the parameter's values."""
    presets = PRESETS[parameter.variant]
    return [
        StudyRow(
            label=f"{parameter.variant}, {parameter.words} {value}",
            method="lpl",
            cells={column: source(preset, parameter.name, value) for column, preset in presets.items()},
        )
        for value in parameter.values
    ]


def source(preset: str, name: str, value: Any) -> Source:
    """The preset with this value; where it has it already, the preset itself."""
    own = get("preset", preset).spec["method"][name]
    return Source(preset=preset, method={} if own == value else {name: value})


SENSITIVITY = Study(
    name="sensitivity",
    title="Section IV-D: LPL under different thresholds and bounds",
    citation=cited("Section IV-D"),
    columns=errors("CIFAR10", "CIFAR100", "CIFAR10-LT, 100:1", "CIFAR100-LT, 100:1"),
    rows=tuple(row for parameter in PARAMETERS for row in rows_of(parameter)),
    notes=(
        "The paper prints no figures: it calls results stable for bounds in [0.1, 0.5] on balanced and in [1.5, 5] on "
        "long-tailed data, and good for thresholds around the mean and of 0.4, 0.5 and 0.6 C. Values beyond are beside.",
        "One parameter is varied at a time, the others are the preset's.",
    ),
)
