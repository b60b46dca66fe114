"""LDAM, then LPL."""

from lplcore.frame.alias import Alias

LDAM_LPL = Alias(
    name="ldam_lpl",
    title="LDAM, then LPL",
    citation="Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Section IV",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u} = "
        r"u - s m_y e_y + \delta_{\mathrm{LPL}, y} \end{aligned}"
    ),
    effect="The tail gets wide margins, and its loss is raised on top of them within LPL's bounds.",
    advice="To compare with LDAM: on long-tailed digits the two are not to be told apart.",
    composition={"loss": "cross_entropy", "perturbations": ["ldam", "lpl"]},
    counterpart="lpl",
)
