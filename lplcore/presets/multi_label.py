"""Tables V and X: multi-label methods and their parameters."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lplcore.frame.preset import Follows

PARAMETERS = {"voc_mlt": (0.3, 5.0), "coco_mlt": (0.2, 2.0), "ms_coco": (0.2, 2.0)}
"""mu of re-balanced weights and lambda of negative-tolerant regularisation."""
OFFICIAL = (
    "distribution-balanced loss's official code, whose paper has this figure; batches of 32 on one device; weights of "
    "torchvision"
)
AS_MANY_STEPS = "as many steps as the class-aware sampler's epochs have, in epochs of the training set"
GRAPH = "the last feature maps' maxima and the graph's classifiers in place of the neck"
MEMORY = "the neck's place is taken by OLTR's attention and memory, whose parameters are this project's defaults"
PAPERS = "the paper, which follows distribution-balanced loss's official code; batches of 32; weights of torchvision"
PAPERS_LC = f"{PAPERS}; logit compensation by its paper's formula, as there is no code"
PAPERS_FIXED = f"{PAPERS}; tau 0.5 C of {{0.4, 0.5, 0.6}} C and epsilon 0.1 of {{0.05, 0.1}}, which is printed twice"
PAPERS_VARIED = f"{PAPERS}; tau 0.5 C of {{0.4, 0.5, 0.6}} C and delta_epsilon 0.2 of {{0.1, 0.2, 0.3}}"
FIRST = "method.perturbations.0"
TAU: dict[str, list[Any]] = {f"{FIRST}.threshold": [0.4, 0.5, 0.6]}
FIXED_GRID: dict[str, list[Any]] = {**TAU, f"{FIRST}.epsilon": [0.05, 0.1]}
VARIED_GRID: dict[str, list[Any]] = {**TAU, f"{FIRST}.delta_epsilon": [0.1, 0.2, 0.3]}
FIXED: dict[str, Any] = {"threshold": 0.5, "epsilon": 0.1, "delta_epsilon": 0.0}
VARIED: dict[str, Any] = {"threshold": 0.5, "epsilon": 0.0, "delta_epsilon": 0.2}


class Row(NamedTuple):
    """A method of the tables."""

    label: str
    """As the paper prints it."""
    words: str
    method: Mapping[str, Any]
    follows: Follows = "official"
    settings_of: str = OFFICIAL
    grid: Mapping[str, list[Any]] = {}
    neck: bool = True


def alias(name: str, **parameters: Any) -> dict[str, Any]:
    """A method by its name."""
    return {"alias": name, **parameters}


def rows(dataset: str) -> dict[str, Row]:
    """Every row of the data set."""
    mu, scale = PARAMETERS[dataset]
    return {
        "erm": Row("ERM", "binary cross entropy", alias("binary_cross_entropy")),
        "rw": Row("RW", "re-weighting", alias("reweighting")),
        "focal": Row("Focal Loss", "focal loss", alias("focal")),
        "rs": Row("RS", "re-sampling", alias("resampling")),
        "rs_focal": Row("RS-Focal", "re-sampling and focal loss", alias("resampling_focal")),
        "ml_gcn": Row("ML-GCN", "ML-GCN", alias("ml_gcn"), settings_of=f"{OFFICIAL}; {GRAPH}", neck=False),
        "oltr": Row("OLTR", "OLTR", alias("oltr"), settings_of=f"{OFFICIAL}; {MEMORY}", neck=False),
        "ldam": Row("LDAM", "LDAM", alias("ldam")),
        "cb_focal": Row("CB-Focal", "class-balanced focal loss", alias("class_balanced_focal")),
        **rebalanced("r_bce", "R-BCE", mu=mu, scale=scale),
        **rebalanced("r_bce_focal", "R-BCE-Focal", mu=mu, scale=scale),
    }


def rebalanced(name: str, label: str, *, mu: float, scale: float) -> dict[str, Row]:
    """The rows that are, or perturb, R-BCE with or without focal loss."""
    lpl = f"{name}_lpl"
    fixed, varied = (f"{label} + LPL (varied tau + {bound} epsilon)" for bound in ("fixed", "varied"))
    return {
        name: Row(label, label, alias(name, mu=mu)),
        f"{name}_ntr": Row(f"{label} + NTR", f"{label} and NTR", alias(f"{name}_ntr", mu=mu, negative_scale=scale)),
        f"{name}_lc": Row(
            f"{label} + LC", f"{label} and logit compensation", alias(f"{name}_lc", mu=mu), "paper", PAPERS_LC
        ),
        f"{lpl}_fixed": Row(
            fixed, f"{label} and LPL with fixed bound", alias(lpl, mu=mu, **FIXED), "paper", PAPERS_FIXED, FIXED_GRID
        ),
        f"{lpl}_varied": Row(
            varied,
            f"{label} and LPL with varied bound",
            alias(lpl, mu=mu, **VARIED),
            "paper",
            PAPERS_VARIED,
            VARIED_GRID,
        ),
    }
