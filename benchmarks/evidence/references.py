"""Published figures to stand beside measured ones: top-1 errors, fractions."""

import lplcore

PRESETS = {
    "cifar100_lt_100": {
        "logit_adjustment": "table3_la",
        "lpl": "table3_lpl_varied",
        "la_lpl": "table9_cifar100_la_lpl",
        "ldam_drw": "table3_ldam_drw",
    },
    "cifar10_lt_100": {
        "logit_adjustment": "table4_la",
        "lpl": "table4_lpl_varied",
        "la_lpl": "table9_cifar10_la_lpl",
        "ldam_drw": "table4_ldam_drw",
    },
    "cifar100_lt_10": {
        "logit_adjustment": "table3_la_ratio10",
        "lpl": "table3_lpl_varied_ratio10",
        "ldam_drw": "table3_ldam_drw_ratio10",
    },
}
"""Data set -> method -> the preset whose published figure is the paper's."""
OFFICIAL = {
    "cifar100_lt_100": {"cross_entropy": 0.6013, "logit_adjustment": 0.5594},
    "cifar10_lt_100": {"cross_entropy": 0.2864, "logit_adjustment": 0.2211},
}
"""Of the repository of logit adjustment's authors (Menon et al., ICLR 2021): 1,419 and 1,241 epochs."""
INDEPENDENT = {
    "cifar100_lt_100": {"cross_entropy": 0.6168, "logit_adjustment": 0.5701, "ldam_drw": 0.5753},
    "cifar10_lt_100": {"cross_entropy": 0.2964, "logit_adjustment": 0.2246, "ldam_drw": 0.2227},
}
"""Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021: 200 epochs; balanced softmax, which is the
same method, for logit adjustment."""


def papers(data: str) -> dict[str, float]:
    """Method -> the paper's figure."""
    published = {preset["name"]: preset["published"] for preset in lplcore.catalog()["presets"]}
    return {method: published[name]["test/top1_error"] for method, name in PRESETS[data].items()}
