"""CGAN as augmentation."""

from lplcore.frame.alias import Alias

CGAN = Alias(
    name="cgan",
    title="CGAN as augmentation",
    citation="Mirza, Osindero, Conditional generative adversarial nets, 2014",
    formula=(
        r"\ell = \frac{1}{B + B'} \left(\sum_{i=1}^{B} \mathrm{CE}(x_i, y_i) + \sum_{k=1}^{B'} "
        r"\mathrm{CE}(G(z_k, c_k), c_k)\right)"
    ),
    effect=(
        "Generated examples join every batch, by default of every class alike: the tail gets new examples, as "
        "good as the generator."
    ),
    advice=(
        "Costs a generator's training beforehand, and needs about a thousand of its steps before labels mean "
        "anything on digits. No clear gain there over cross entropy."
    ),
    composition={"loss": "cross_entropy", "procedure": "cgan"},
)
