"""Large-margin softmax."""

from lplcore.frame.alias import Alias

LARGE_MARGIN = Alias(
    name="large_margin",
    title="Large-margin softmax",
    citation="Liu et al., Large-margin softmax loss for convolutional neural networks, ICML 2016",
    composition={"loss": "cross_entropy", "perturbations": ["large_margin"]},
    counterpart="ldam",
)
