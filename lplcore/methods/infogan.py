"""infoGAN as augmentation."""

from lplcore.frame.alias import Alias

INFOGAN = Alias(
    name="infogan",
    title="infoGAN as augmentation",
    citation="Chen et al., InfoGAN: interpretable representation learning, NeurIPS 2016",
    composition={"loss": "cross_entropy", "procedure": "infogan"},
)
