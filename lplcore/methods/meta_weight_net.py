"""Meta-Weight-Net."""

from lplcore.frame.alias import Alias

META_WEIGHT_NET = Alias(
    name="meta_weight_net",
    title="Meta-Weight-Net",
    citation="Shu et al., Meta-Weight-Net: learning an explicit mapping, NeurIPS 2019",
    formula=(
        r"\begin{aligned} & \ell = -v(\ell_i; \phi) \log p_y, \\ & \phi \leftarrow \phi - \eta_{\phi} "
        r"\nabla_{\phi} \ell_{\mathrm{meta}}(\theta'(\phi)) \end{aligned}"
    ),
    effect=(
        "Learns how much a loss of a given size counts from a balanced set that is held out: the tail gains "
        "where that set asks for it."
    ),
    advice=(
        "A step costs 4 to 5 times as much, and the held-out examples are missing in training. On long-tailed "
        "digits not better than cross entropy."
    ),
    composition={"loss": "cross_entropy", "procedure": "meta_weighted"},
)
