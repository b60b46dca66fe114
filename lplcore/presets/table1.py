"""Table I: balanced CIFAR-10."""

from lplcore.presets.cifar_balanced import balanced_table

NETWORKS = ("wide_resnet_28_10", "resnet110")
ERRORS = {
    "basic": (3.82, 6.76),
    "large_margin": (3.69, 6.46),
    "disturb_label": (3.91, 6.61),
    "focal": (3.62, 6.68),
    "center": (3.76, 6.38),
    "generalized_cross_entropy": (3.78, 6.69),
    "cgan": (3.84, 6.56),
    "acgan": (3.81, 6.32),
    "infogan": (3.81, 6.59),
    "isda": (3.58, 6.33),
    "isda_dropout": (3.58, 5.98),
    "lpl_fixed": (3.39, 5.83),
    "lpl_varied": (3.37, 5.72),
}
TABLE1 = balanced_table("table1", "I", "cifar10", NETWORKS, ERRORS)
