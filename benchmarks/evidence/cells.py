"""What is to be trained, in order of worth: a cell is a data set, a method and a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.evidence.records import Key
from lplcore.presets.cifar_long_tail import LDAM_DRW, LDAM_TRAINING
from lplcore.presets.cifar_long_tail_rows import LA, rows
from lplcore.presets.table9 import la_lpl


class LongTailed(NamedTuple):
    """A long-tailed subset of CIFAR."""

    dataset: str
    """The whole data set's name."""
    imbalance_factor: float
    title: str


DATA = {
    "cifar100_lt_100": LongTailed("cifar100", 100.0, "CIFAR-100-LT, 100:1"),
    "cifar10_lt_100": LongTailed("cifar10", 100.0, "CIFAR-10-LT, 100:1"),
    "cifar100_lt_10": LongTailed("cifar100", 10.0, "CIFAR-100-LT, 10:1"),
}
FIVE = range(5)
CHECKPOINTS = {"every_epochs": 10, "keep_last": 1}


@dataclass(frozen=True)
class Cell:
    """A run to be trained."""

    data: str
    method: str
    """Label."""
    spec: dict[str, Any]
    """With one seed."""

    @property
    def key(self) -> Key:
        """Of its result."""
        return Key(self.data, self.spec["epochs"], self.method, self.spec["seeds"][0])

    @property
    def folder(self) -> str:
        """A name for its checkpoints."""
        return "-".join(map(str, self.key)).replace(" ", "_")


def papers_methods(data: str) -> dict[str, Any]:
    """Label -> method, with the options of the paper's rows of that data set."""
    dataset = DATA[data].dataset
    return {
        "cross_entropy": "cross_entropy",
        "logit_adjustment": LA,
        "lpl": rows(dataset)["lpl_varied"].method,
        "la_lpl": la_lpl(dataset).spec["method"],
        "ldam_drw": LDAM_DRW,
    }


DEFAULTS: dict[str, Any] = {
    "lpl, the alias' defaults": "lpl",
    "lpl, delta_epsilon 5": {"alias": "lpl", "delta_epsilon": 5.0},
}


def cells_of(
    data: str, methods: Mapping[str, Any], seeds: Sequence[int], training: Mapping[str, Any] = LDAM_TRAINING
) -> list[Cell]:
    """A cell for each seed and method, a seed's methods in a row."""
    whole = {"dataset": {"name": data}, "checkpoints": CHECKPOINTS, **training}
    return [
        Cell(data, label, {**whole, "method": method, "seeds": [seed]})
        for seed in seeds
        for label, method in methods.items()
    ]


def in_order_of_worth() -> list[Cell]:
    """Everything that the report asks for in the field's 200 epochs; what matters most first."""
    return [cell for data in DATA for cell in cells_of(data, papers_methods(data), FIVE)] + cells_of(
        "cifar100_lt_100", DEFAULTS, range(3)
    )
