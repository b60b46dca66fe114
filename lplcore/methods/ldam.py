"""LDAM."""

from lplcore.frame.alias import Alias

LDAM = Alias(
    name="ldam",
    title="LDAM",
    citation="Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_y "
        r"= s (\cos \theta_y - m_y), \\ & \tilde{u}_j = s \cos \theta_j, \\ & m_c = m_{\max} "
        r"\left(\frac{n_{\min}}{n_c}\right)^{1/4} \end{aligned}"
    ),
    effect=(
        "The true class's logit is lowered, most for the rarest class: the tail gets wide margins, the head "
        "narrow ones."
    ),
    advice=(
        "The model takes the cosine head by itself. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment; on scene and yeast mAP falls."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["ldam"]},
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "perturbations": ["ldam"],
    },
)
