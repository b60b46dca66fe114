"""LPL: class-level logit perturbation, learned by a PGD-like walk for single label, in closed form for multi label."""

from typing import ClassVar, Literal

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations.lpl.bounds import CountBounds, DynamicBounds, StepRule
from lplcore.perturbations.lpl.multi_label import MultiLabelLpl, MultiLabelLplWalk
from lplcore.perturbations.lpl.options import LplOptions
from lplcore.perturbations.lpl.walk import LplWalk


class Lpl(LplOptions):
    """Class-level logit perturbation (LPL): Algorithms 1 and 2, Eq. 27 to 34.

    Single label: every class of a batch walks from its logits along s_c * g_c, g_c the mean of softmax(z) - e_y over
    the class's examples: classes with s_c = +1 raise their loss (positive augmentation), others lower it. Where the
    split is `performance`, the defaults of `threshold`, `epsilon`, `delta_epsilon` and `step_size` are "mean", 0.3, 0
    and 0.01.

    Multi label: logit c is lowered by s_c * epsilon_c for positives and negatives alike (Eq. 34), s and epsilon from
    the ranks and counts of positives. Defaults: threshold 0.5, epsilon 0, delta_epsilon 0.2, step_size 0.05; the other
    options, but `head_scale` and `form`, are for single label.
    """

    title: ClassVar[str] = "LPL (class-level logit perturbation)"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Eq. 27-34"

    name: Literal["lpl"] = "lpl"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        if statistics.multi_label:
            return MultiLabelLpl(self, statistics) if self.form == "closed" else MultiLabelLplWalk(self, statistics)
        rule = self.step_rule()
        if self.split == "class_rank" and self.bound_from == "count":
            return LplWalk(self, statistics, bounds=CountBounds(self, statistics, rule=rule))
        return LplWalk(self, statistics, bounds=DynamicBounds(self, statistics, rule=rule))

    def step_rule(self) -> StepRule:
        """How bounds become steps."""
        return StepRule(step_size=self.step_size, rounding=self.step_rounding, num_steps=self.num_steps)
