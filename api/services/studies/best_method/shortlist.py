"""Methods worth a try, the likeliest first: by task, and by how imbalanced the training classes are."""

from collections.abc import Sequence
from typing import Any

IMBALANCED = 1.5
"""Imbalance factor from which methods for imbalanced classes are worth their runs."""
Candidate = str | dict[str, Any]
"""A method as a spec has it: an alias, or one with parameters."""


def la(strength: float) -> Candidate:
    """Logit adjustment of another strength than 1."""
    return {"alias": "logit_adjustment", "strength": strength}


def lpl(**parameters: Any) -> Candidate:
    """LPL alone."""
    return {"alias": "lpl", **parameters}


def la_lpl(**parameters: Any) -> Candidate:
    """Logit adjustment, then LPL."""
    return {"alias": "la_lpl", **parameters}


def with_lpl(alias: str, delta_epsilon: float) -> Candidate:
    """A multi-label method with LPL of another bound."""
    return {"alias": alias, "delta_epsilon": delta_epsilon}


LONG_TAILED: Sequence[Candidate] = (
    "cross_entropy",
    "logit_adjustment",
    "la_lpl",
    "lpl",
    la(1.5),
    la_lpl(delta_epsilon=1.0),
    "lade",
    "class_balanced",
    la(0.5),
    "ldam_drw",
    la_lpl(delta_epsilon=3.0),
    lpl(delta_epsilon=5.0),
    "seesaw",
    "resampling",
    lpl(epsilon=2.5, delta_epsilon=0.0),
    "vs",
    la(2.0),
    "reweighting",
    "gcl",
    "ldam",
    "focal",
    lpl(split="performance"),
    "class_balanced_focal",
    "label_aware_smoothing",
    "influence_balanced",
    "ldam_lpl",
    "large_margin",
    "label_smoothing",
    "isda_lpl",
    "mixup",
)
BALANCED: Sequence[Candidate] = (
    "cross_entropy",
    "label_smoothing",
    lpl(split="performance"),
    "mixup",
    "isda",
    "center",
    "large_margin",
    "focal",
    "disturb_label",
    "generalized_cross_entropy",
    "isda_dropout",
)
MULTI_LABEL: Sequence[Candidate] = (
    "binary_cross_entropy",
    "r_bce_focal",
    "r_bce_focal_lpl",
    "r_bce_focal_ntr",
    "asymmetric",
    "focal",
    "r_bce",
    "r_bce_lpl",
    "resampling",
    with_lpl("r_bce_focal_lpl", 0.1),
    "r_bce_ntr",
    "lpl",
    with_lpl("r_bce_focal_lpl", 0.3),
    "resampling_focal",
    "two_way",
    "reweighting",
    with_lpl("r_bce_lpl", 0.1),
    "class_balanced_focal",
    "r_bce_lc",
    "r_bce_focal_lc",
)


def candidates(task: str, imbalance_factor: float) -> Sequence[Candidate]:
    """The methods to try on data of a task, likeliest first."""
    if task == "multi_label":
        return MULTI_LABEL
    return LONG_TAILED if imbalance_factor >= IMBALANCED else BALANCED
