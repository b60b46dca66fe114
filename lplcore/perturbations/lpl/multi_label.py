"""LPL for multi-label classification (Eq. 34). N examples, C classes.

One scalar delta_c per class, the same for positives and negatives: u' = u - delta_c with delta_c = s_c * epsilon_c.
"""

import torch
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, PerturbationOutput
from lplcore.perturbations.lpl.bounds import count_bounds, head_mask
from lplcore.perturbations.lpl.options import LplOptions


class MultiLabelLpl(nn.Module):
    """The closed form: every class's optimum lies at its bound, whatever the batch."""

    sign: Tensor
    epsilon: Tensor

    def __init__(self, options: LplOptions, statistics: ClassStatistics) -> None:
        super().__init__()
        assert options.threshold != "mean"
        head = head_mask(statistics, options.threshold)
        bounds = count_bounds(options, statistics, head)
        self.register_buffer("sign", torch.tensor([-1.0 if h else 1.0 for h in head]), persistent=False)
        self.register_buffer("epsilon", torch.tensor(bounds, dtype=torch.float64), persistent=False)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C], the same row for every example."""
        kind = inputs.logits.dtype
        sign, epsilon = self.sign.to(kind), self.epsilon.to(kind)
        observed = {"lpl/epsilon": epsilon, "lpl/sign": sign}
        return PerturbationOutput(-self.delta(inputs, sign, epsilon).expand_as(inputs.logits), observed)

    def delta(self, inputs: CriterionInput, sign: Tensor, epsilon: Tensor) -> Tensor:
        """delta_c [C] from signs s_c and bounds epsilon_c [C]."""
        return sign * epsilon


class MultiLabelLplWalk(MultiLabelLpl):
    """The PGD form: steps along the sign of the batch's mean gradient, clipped to the bounds; gives the same values.

    The gradient with regard to delta_c of what is to be raised is the mean of y sg(-u + delta) + (1 - y) sg(u - delta):
    Eq. 41 with the errors of Eq. 39 and 40 corrected (positives are maximised, negatives minimised).
    """

    def __init__(self, options: LplOptions, statistics: ClassStatistics) -> None:
        super().__init__(options, statistics)
        self.step_size = options.step_size
        self.max_steps = int(number_of_steps(self.epsilon, options.step_size).max())

    def delta(self, inputs: CriterionInput, sign: Tensor, epsilon: Tensor) -> Tensor:
        """delta_c [C] after the walk from 0."""
        logits, labels = inputs.logits.detach(), inputs.labels
        delta = torch.zeros_like(epsilon)
        for _ in range(self.max_steps):
            moved = logits - delta
            share = labels * torch.sigmoid(-moved) + (1 - labels) * torch.sigmoid(moved)
            # A sigmoid is positive, though it may round to 0.
            gradient = share.clamp(min=torch.finfo(share.dtype).tiny).sum(dim=0)
            delta = (delta + self.step_size * sign * torch.sign(gradient)).clamp(-epsilon, epsilon)
        return delta


def number_of_steps(epsilon: Tensor, step_size: float) -> Tensor:
    """Steps until the walk is at its bounds, where it is clipped; 0.3 / 0.1 is 3 steps and not 4."""
    return torch.round(epsilon / step_size, decimals=9).ceil()
