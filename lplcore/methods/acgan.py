"""ACGAN as augmentation."""

from lplcore.frame.alias import Alias

ACGAN = Alias(
    name="acgan",
    title="ACGAN as augmentation",
    citation="Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017",
    composition={"loss": "cross_entropy", "procedure": "acgan"},
)
