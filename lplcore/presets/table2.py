"""Table II: balanced CIFAR-100."""

from lplcore.presets.cifar_balanced import balanced_table

NETWORKS = ("wide_resnet_28_10", "resnet110")
ERRORS = {
    "basic": (18.53, 28.67),
    "large_margin": (18.48, 28.00),
    "disturb_label": (18.56, 28.46),
    "focal": (18.22, 28.28),
    "center": (18.50, 27.85),
    "generalized_cross_entropy": (18.43, 28.78),
    "cgan": (18.79, 28.25),
    "acgan": (18.54, 28.48),
    "infogan": (18.44, 27.64),
    "isda": (17.98, 27.57),
    "isda_dropout": (17.98, 26.35),
    "lpl_fixed": (18.19, 26.09),
    "lpl_varied": (17.61, 25.87),
}
TABLE2 = balanced_table("table2", "II", "cifar100", NETWORKS, ERRORS)
