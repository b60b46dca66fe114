"""ML-GCN."""

from lplcore.frame.alias import Alias

ML_GCN = Alias(
    name="ml_gcn",
    title="ML-GCN",
    citation="Chen et al., Multi-label image recognition with graph convolutional networks, CVPR 2019",
    multi_label_composition={
        "loss": "binary_cross_entropy",
        "procedure": "ml_gcn",
    },
)
