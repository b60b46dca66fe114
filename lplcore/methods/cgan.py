"""CGAN as augmentation."""

from lplcore.frame.alias import Alias

CGAN = Alias(
    name="cgan",
    title="CGAN as augmentation",
    citation="Mirza, Osindero, Conditional generative adversarial nets, 2014",
    composition={"loss": "cross_entropy", "procedure": "cgan"},
)
