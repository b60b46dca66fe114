"""GCL."""

from lplcore.frame.alias import Alias

GCL = Alias(
    name="gcl",
    title="GCL",
    citation="Li et al., Long-tailed recognition via Gaussian clouded logit adjustment, CVPR 2022",
    composition={"loss": "cross_entropy", "perturbations": ["gcl"]},
    counterpart="r_bce_ntr",
)
