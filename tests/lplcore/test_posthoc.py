"""Post-hoc corrections on numbers worked out by hand."""

import math

import pytest
import torch
from torch import nn

from tests.lplcore.test_methods_by_hand import ZERO, criterion_of


def test_post_hoc_logit_adjustment_and_tau_normalisation() -> None:
    method = criterion_of({"posthoc": {"name": "logit_adjustment", "strength": 2.0}}).method
    assert method.posthoc is not None
    adjust = method.posthoc.build(criterion_of("cross_entropy").statistics)
    head = nn.Linear(2, 2, dtype=torch.float64)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 2.0]]))
        head.bias.copy_(torch.tensor([1.0, -1.0]))
    expected = [-2 * math.log(0.75), -2 * math.log(0.25)]
    assert adjust(ZERO, head)[0].tolist() == pytest.approx(expected)
    tau = criterion_of({"posthoc": {"name": "tau_normalisation", "tau": 1.0}}).method.posthoc
    assert tau is not None
    features = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    normalized = tau.build(criterion_of("cross_entropy").statistics)(head(features), head)
    assert normalized[0].tolist() == pytest.approx([7 / 5, 2 / 2])
