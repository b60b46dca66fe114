"""A target transform that draws and does not say so."""

from typing import ClassVar, Literal

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Target
from lplcore.targets.disturb_label import DisturbLabelModule


class WrongTarget(Target):
    """Draws half of the labels anew."""

    title: ClassVar[str] = "Wrong target"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_target"] = "wrong_target"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return DisturbLabelModule(0.5, statistics)
