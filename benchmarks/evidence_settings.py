"""What the report on methods runs: data sets, settings, methods by family, LPL's grids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ERROR, PRECISION = "test/top1_error", "test/mean_average_precision"


@dataclass(frozen=True)
class Experiment:
    """A data set with everything that is trained on it."""

    name: str
    title: str
    setting: dict[str, Any]
    metrics: tuple[str, ...]
    """The first is what methods are compared by."""
    base: str
    families: Mapping[str, tuple[str, ...]]
    """Family -> methods; each is compared with the base, and with the first of its family."""
    walked: str
    """The method whose sensitivity is shown."""
    grid: Mapping[str, dict[str, Any]]
    notes: str
    higher_is_better: bool = False

    def methods(self) -> dict[str, Any]:
        """Label -> method of everything that is trained."""
        named = {name: name for family in self.families.values() for name in family}
        return {
            **named,
            **{self.grid_label(key): {"alias": self.walked, **options} for key, options in self.grid.items()},
        }

    def grid_label(self, key: str) -> str:
        """How a point of the grid is kept in the results."""
        return f"{self.walked}: {key}"


SINGLE_LABEL: dict[str, tuple[str, ...]] = {
    "Base losses": ("cross_entropy", "focal", "generalized_cross_entropy"),
    "Logits changed": (
        "logit_adjustment",
        "balanced_softmax",
        "ldam",
        "isda",
        "isda_dropout",
        "large_margin",
        "vs",
        "gcl",
        "seesaw",
        "lade",
    ),
    "LPL": ("lpl", "la_lpl", "isda_lpl", "ldam_lpl"),
    "Weights and sampling": (
        "class_balanced",
        "class_balanced_focal",
        "class_balanced_finetune",
        "ldam_drw",
        "influence_balanced",
        "meta_weight_net",
    ),
    "Targets and features": ("label_smoothing", "label_aware_smoothing", "disturb_label", "mixup", "center"),
    "Generated data and memory": ("cgan", "acgan", "infogan", "oltr"),
}
MULTI_LABEL: dict[str, tuple[str, ...]] = {
    "Base losses": ("binary_cross_entropy", "focal", "asymmetric", "two_way", "ldam", "lpl"),
    "Weights and sampling": ("reweighting", "resampling", "resampling_focal", "class_balanced_focal"),
    "On R-BCE": ("r_bce", "r_bce_ntr", "r_bce_lc", "r_bce_lpl"),
    "On R-BCE with focal loss": ("r_bce_focal", "r_bce_focal_ntr", "r_bce_focal_lc", "r_bce_focal_lpl"),
    "Label graph and memory": ("ml_gcn", "oltr"),
}
SINGLE_LABEL_GRID: dict[str, dict[str, Any]] = {
    **{f"tau = {tau}": {"threshold": tau} for tau in (0.2, 0.4, 0.5, 0.6, 0.8)},
    **{f"Delta epsilon = {delta:g}": {"delta_epsilon": delta} for delta in (0.5, 1.0, 2.0, 3.0, 5.0)},
    **{f"epsilon = {eps:g}, fixed": {"epsilon": eps, "delta_epsilon": 0.0} for eps in (0.5, 1.5, 2.5, 5.0)},
    "num_steps = 1": {"num_steps": 1},
}
MULTI_LABEL_GRID: dict[str, dict[str, Any]] = {
    **{f"tau = {tau}": {"threshold": tau} for tau in (0.2, 0.4, 0.5, 0.6, 0.8)},
    **{f"Delta epsilon = {delta:g}": {"delta_epsilon": delta} for delta in (0.1, 0.2, 0.3, 1.0, 2.0)},
    **{f"epsilon = {eps:g}, fixed": {"epsilon": eps, "delta_epsilon": 0.0} for eps in (0.05, 0.1, 0.5, 1.0)},
}


def multi_label(name: str, title: str, notes: str) -> Experiment:
    """A multi-label data set of feature vectors."""
    return Experiment(
        name=name,
        title=title,
        setting={
            "dataset": {"name": name},
            "model": {"name": "mlp"},
            "epochs": 30,
            "batch_size": 64,
            "optimizer": {"name": "sgd", "lr": 0.05},
        },
        metrics=(PRECISION, f"{PRECISION}.many", f"{PRECISION}.medium", "test/macro_f1", "test/ranking_loss"),
        base="binary_cross_entropy",
        families=MULTI_LABEL,
        walked="r_bce_lpl",
        grid=MULTI_LABEL_GRID,
        notes=notes,
        higher_is_better=True,
    )


EXPERIMENTS: dict[str, Experiment] = {
    "digits": Experiment(
        name="digits",
        title="Single label: long-tailed digits",
        setting={
            "dataset": {"name": "digits", "imbalance_factor": 50},
            "model": {"name": "mlp"},
            "epochs": 60,
            "batch_size": 128,
            "optimizer": {"name": "sgd", "lr": 0.05},
        },
        metrics=(ERROR, f"{ERROR}.many", f"{ERROR}.medium", f"{ERROR}.few"),
        base="cross_entropy",
        families=SINGLE_LABEL,
        walked="lpl",
        grid=SINGLE_LABEL_GRID,
        notes="""Classes have 143 to 2 training examples here; many: more than 100, few: fewer than 20.
At imbalance factor 100 the paper's tables have LPL 0.36 points (CIFAR-100-LT) and 0.28 (CIFAR-10-LT) below its own run
of logit adjustment, and 0.2 and 0.1 below what the authors of logit adjustment published: differences that a handful of
seeds cannot tell apart.""",
    ),
    "scene": multi_label(
        "scene",
        "Multi label: scene",
        """1,211 training and 1,196 test images as 294 features, 6 labels with 165 to 277 positives: hardly a long tail.
The biases of NTR are alike for all labels here, and R-BCE has little to re-balance.""",
    ),
    "yeast": multi_label(
        "yeast",
        "Multi label: yeast",
        """1,500 training and 917 test genes as 103 features, 14 labels with 1,128 to 21 positives; `medium` is two of
them, none has fewer than 20.""",
    ),
}
