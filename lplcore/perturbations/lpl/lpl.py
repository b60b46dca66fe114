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
    formula: ClassVar[str] = (
        r"\begin{aligned} \delta_c &\leftarrow \delta_c + s_c \alpha \frac{g_c}{\|g_c\|_2} \quad "
        r"\left(\left\lfloor \frac{\epsilon_c}{\alpha} \right\rfloor \; \mathrm{steps}\right) \\ g_c &= "
        r"\frac{1}{b_c} \sum_{i: y_i = c} \left(\mathrm{softmax}(u_i + \delta_c) - e_c\right) \\ \epsilon_c &= "
        r"\epsilon + \Delta\epsilon \begin{cases} h \frac{n_c}{n_{\max}} & s_c = -1 \; \mathrm{(head)} \\ "
        r"\frac{n_{\min}}{n_c} & s_c = +1 \; \mathrm{(tail)} \end{cases} \\ \delta_c &= -s_c \epsilon_c \quad "
        r"\mathrm{(multi \; label)} \end{aligned}"
    )
    effect: ClassVar[str] = (
        "The loss of tail classes is raised in training, as if they had more varied data, and that of head "
        "classes lowered; bounds are widest for the rarest and the most frequent class. With split performance "
        "it goes by how well a class is learned instead of by its count."
    )
    advice: ClassVar[str] = (
        "On long tails put it behind logit adjustment, with a delta_epsilon of 2 or below. Alone, with these "
        "defaults, most of the head's advantage stays, and logit adjustment is clearly ahead on digits and "
        "CIFAR-10-LT; choose delta_epsilon on validation then. On multi-label data it is a constant per class and "
        "hardly moves mAP."
    )

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
