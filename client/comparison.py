"""What a comparison answers."""

from typing import Any

from pydantic import Field

from client.answers import Statistic, Verdict
from client.comparison_fields import BandFields, BandsFields, ComparisonFields, PairFields, SideFields
from client.notebook import data_frame


class Side(SideFields):
    """One of the things compared: a sweep point of a job, or a run."""


class Pair(PairFields):
    """The difference a - b of two sides, paired by seed; `a` and `b` are their places."""


class Band(BandFields):
    """A curve over epochs: mean, standard deviation and number of seeds at every epoch."""


class Bands(BandsFields):
    """A metric's curves, one of every side."""

    sides: list[Band] = Field(default_factory=list)


class Comparison(ComparisonFields):
    """Sides beside each other; lists per side are in the order of `sides`."""

    sides: list[Side] = Field(default_factory=list)
    metrics: dict[str, list[Statistic]] = Field(default_factory=dict)
    pairs: list[Pair] = Field(default_factory=list)
    series: Bands = Field(default_factory=Bands)
    verdict: Verdict | None = None

    def to_pandas(self) -> Any:
        """A DataFrame with a row per side: mean, standard deviation and number of seeds of every metric."""
        rows = []
        for place, side in enumerate(self.sides):
            row: dict[str, Any] = {"side": side.label}
            for name, statistics in self.metrics.items():
                each = statistics[place]
                row |= {name: each.mean, f"{name}.std": each.std, f"{name}.n": each.n}
            rows.append(row)
        return data_frame(rows)
