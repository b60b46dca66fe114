"""LADE."""

from lplcore.frame.alias import Alias

LADE = Alias(
    name="lade",
    title="LADE",
    citation="Hong et al., Disentangling label distribution for long-tailed recognition, CVPR 2021",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)} + \alpha \sum_{c} "
        r"\pi_c \left(r_c + \lambda r_c^2 - \bar{u}_c\right), \\ & \tilde{u}_c = u_c + \log \pi_c, \\ & r_c = "
        r"\log\left(\frac{1}{B} \sum_{i} \frac{\exp(u_{ic})}{\pi_c C}\right) \end{aligned}"
    ),
    effect=(
        "Logit adjustment, and a term that takes the training set's class frequencies out of the logits: the "
        "tail gains."
    ),
    advice=(
        "For single-label long tails. On long-tailed digits ahead of logit adjustment by less than five seeds "
        "can tell. With many classes the batch must be large, since absent classes say nothing."
    ),
    composition={
        "loss": "cross_entropy",
        "perturbations": ["logit_adjustment"],
        "regularizers": ["lade"],
    },
    counterpart="r_bce_ntr",
)
