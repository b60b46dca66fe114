"""GCL."""

from lplcore.frame.alias import Alias

GCL = Alias(
    name="gcl",
    title="GCL",
    citation="Li et al., Long-tailed recognition via Gaussian clouded logit adjustment, CVPR 2022",
    formula=(
        r"\begin{aligned} & \ell = -\log \frac{\exp(\tilde{u}_y)}{\sum_{j} \exp(\tilde{u}_j)}, \\ & \tilde{u}_c "
        r"= s \left(\cos \theta_c - a |\xi_c| \frac{\log n_{\max} - \log n_c}{\log n_{\max} - \log "
        r"n_{\min}}\right), \\ & \xi_c \sim \mathrm{N}(0, 1/9) \end{aligned}"
    ),
    effect=(
        "Noise lowers a logit the more the rarer its class, which widens the tail's margins; the most frequent "
        "class has none."
    ),
    advice=(
        "The model takes the cosine head by itself. On long-tailed digits ahead of cross entropy, not to be "
        "told from LDAM, behind logit adjustment."
    ),
    composition={"loss": "cross_entropy", "perturbations": ["gcl"]},
    counterpart="r_bce_ntr",
)
