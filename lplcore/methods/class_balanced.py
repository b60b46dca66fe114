"""Class-balanced cross entropy."""

from lplcore.frame.alias import Alias

CLASS_BALANCED = Alias(
    name="class_balanced",
    title="Class-balanced cross entropy",
    citation="Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019",
    formula=r"\ell = -w_y \log p_y, \quad w_c = \frac{1 - \beta}{1 - \beta^{n_c}}",
    effect="The tail counts more and the head less: alike at beta 0, by inverse frequency as beta nears 1.",
    advice="Simple and cheap; on long-tailed digits ahead of cross entropy, behind logit adjustment.",
    composition={"loss": "cross_entropy", "weighting": "class_balanced"},
    counterpart="class_balanced_focal",
)
