"""ACGAN as augmentation."""

from lplcore.frame.alias import Alias

ACGAN = Alias(
    name="acgan",
    title="ACGAN as augmentation",
    citation="Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017",
    formula=(
        r"\ell = \frac{1}{B + B'} \left(\sum_{i=1}^{B} \mathrm{CE}(x_i, y_i) + \sum_{k=1}^{B'} "
        r"\mathrm{CE}(G(z_k, c_k), c_k)\right)"
    ),
    effect=(
        "Generated examples join every batch, by default of every class alike: the tail gets new examples, as "
        "good as the generator."
    ),
    advice=(
        "Costs a generator's training beforehand. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment."
    ),
    composition={"loss": "cross_entropy", "procedure": "acgan"},
)
