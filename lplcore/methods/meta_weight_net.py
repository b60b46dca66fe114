"""Meta-Weight-Net."""

from lplcore.frame.alias import Alias

META_WEIGHT_NET = Alias(
    name="meta_weight_net",
    title="Meta-Weight-Net",
    citation="Shu et al., Meta-Weight-Net: learning an explicit mapping, NeurIPS 2019",
    composition={"loss": "cross_entropy", "procedure": "meta_weighted"},
)
