"""OLTR."""

from lplcore.frame.alias import Alias

OLTR = Alias(
    name="oltr",
    title="OLTR",
    citation="Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019",
    formula=(
        r"\begin{aligned} & v = \frac{\rho}{\min_{c} \|f - \mu_c\|} \left(f + \tanh(S f) \odot \sum_{c} o_c "
        r"\mu_c\right), \\ & o = \mathrm{softmax}(H f), \\ & u_c = s \frac{\|v\|}{1 + \|v\|} \cos(v, w_c) "
        r"\end{aligned}"
    ),
    effect=(
        "From stage 2 on every example, above all of the tail, borrows from a memory of the classes' "
        "centroids, and classes are drawn alike."
    ),
    advice=(
        "Costs a second stage and a memory. On long-tailed digits it is ahead of cross entropy, but the same "
        "sampler without a memory does better; on scene mAP rises, on yeast it falls."
    ),
    composition={
        "loss": "cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    },
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    },
)
