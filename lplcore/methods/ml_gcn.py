"""ML-GCN."""

from lplcore.frame.alias import Alias

ML_GCN = Alias(
    name="ml_gcn",
    title="ML-GCN",
    citation="Chen et al., Multi-label image recognition with graph convolutional networks, CVPR 2019",
    formula=(
        r"u = \hat{A} \, \rho(\hat{A} E W_1) W_2 f, \quad \hat{A} = D^{-1/2} A D^{-1/2}, \quad \rho = "
        r"\mathrm{LeakyReLU}"
    ),
    effect=(
        "Labels that occur together share what their classifiers learn, so that a rare label borrows from its "
        "frequent companions."
    ),
    advice=(
        "For multi-label data whose labels come together, best with word vectors. On scene and yeast, with "
        "one-hot vectors, mAP is a little below that of binary cross entropy."
    ),
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "procedure": "ml_gcn",
    },
)
