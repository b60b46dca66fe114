"""LDAM with deferred re-weighting."""

from lplcore.frame.alias import Alias

LDAM_DRW = Alias(
    name="ldam_drw",
    title="LDAM with deferred re-weighting",
    citation="Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019, Algorithm 1",
    formula=(
        r"\begin{aligned} & \ell = -w_y(t) \log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & "
        r"\tilde{u}_y = s (\cos \theta_y - m_y), \\ & w_c(t) = \begin{cases} 1 & t < t_0 \\ \frac{1 - \beta}{1 "
        r"- \beta^{n_c}} & t \ge t_0 \end{cases} \end{aligned}"
    ),
    effect="The tail gets wide margins from the beginning, and late in training more weight.",
    advice=(
        "The usual form of LDAM. Its weights begin at 80 % of the training: where the set is fitted by then, "
        "as long-tailed digits, nothing changes any more; begin earlier there."
    ),
    composition={
        "loss": "cross_entropy",
        "perturbations": ["ldam"],
        "weighting": "class_balanced",
        "procedure": "deferred",
    },
    counterpart="ldam",
)
