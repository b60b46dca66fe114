"""Tables I, II and VIII: balanced CIFAR, a method and a network a row."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lplcore.frame.preset import Follows, Preset

SEEDS = [0, 1, 2, 3, 4]
TITLES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
WIDE_DROPS = [60, 120, 160, 200]


def training(
    model: Mapping[str, Any], *, epochs: int, milestones: list[int], gamma: float, weight_decay: float
) -> dict[str, Any]:
    """What ISDA's official code trains a network with."""
    return {
        "model": model,
        "augmentation": {"name": "pad_crop_flip", "padding": 4, "padding_mode": "reflect"},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": weight_decay},
        "schedule": {
            "name": "multistep",
            "milestones": milestones,
            "gamma": gamma,
            "warmup_epochs": 0,
            "one_epoch_early": True,
        },
        "epochs": epochs,
        "batch_size": 128,
        "seeds": SEEDS,
    }


def plain(model: str) -> dict[str, Any]:
    """A residual network's training."""
    projecting = {"name": model, "shortcut": "project"}
    return training(projecting, epochs=160, milestones=[80, 120], gamma=0.1, weight_decay=1e-4)


def wide(model: str) -> dict[str, Any]:
    """A wide residual network's training."""
    return training({"name": model}, epochs=240, milestones=WIDE_DROPS, gamma=0.2, weight_decay=5e-4)


SE_RESNET110: dict[str, Any] = {"name": "se_resnet110", "shortcut": "project", "se_bias": False}
NETWORKS = {
    "resnet32": ("ResNet-32", plain("resnet32")),
    "resnet110": ("ResNet-110", plain("resnet110")),
    "se_resnet110": (
        "SE-Resnet110",
        training(SE_RESNET110, epochs=200, milestones=[80, 120, 160], gamma=0.1, weight_decay=1e-4),
    ),
    "wide_resnet_16_8": ("Wide-ResNet-16-8", wide("wide_resnet_16_8")),
    "wide_resnet_28_10": ("Wide-ResNet-28-10", wide("wide_resnet_28_10")),
}
"""Network -> its name as printed, and its training."""

ISDA_CODE = (
    "ISDA's official code: shortcuts are projections, squeeze-and-excitation has no biases, the rate drops one epoch "
    "early"
)
QUOTED = (
    f"{ISDA_CODE}, whose paper has this figure; the method's own parameters were in a supplement that is not to be had "
    "and are this project's defaults"
)
GENERATED = f"{QUOTED}, the share of generated examples among them"
PAPERS_BASIC = f"the paper, which takes the configuration of Wang et al., NeurIPS 2019: {ISDA_CODE}"
PAPERS_LPL = (
    f"{PAPERS_BASIC}; dropout 0.3 is the released scripts', the text has none; whole steps, as in Algorithm 1, of 0.01 "
    "of {0.01, 0.02, 0.03}; epsilon 0.3 of {0.1, 0.2, 0.3, 0.4}"
)
PAPERS_VARIED = f"{PAPERS_LPL}; delta_epsilon 0.1 of {{0.1, 0.2}}, to which the text gives no epsilon"
ISDA_DROPOUT = f"{ISDA_CODE}; dropout 0.3"
ONE_FIGURE = "with and without dropout there is one figure for Wide-ResNet-28-10"
DROPOUT = 0.3
ISDA: dict[str, Any] = {"alias": "isda", "growth": "epoch"}
WALK: dict[str, Any] = {"alias": "lpl", "split": "performance", "threshold": "mean", "epsilon": 0.3, "step_size": 0.01}
FIRST = "method.perturbations.0"
STEPS: dict[str, list[Any]] = {f"{FIRST}.step_size": [0.01, 0.02, 0.03]}
FIXED_GRID: dict[str, list[Any]] = {f"{FIRST}.epsilon": [0.1, 0.2, 0.3, 0.4], **STEPS}
VARIED_GRID: dict[str, list[Any]] = {f"{FIRST}.delta_epsilon": [0.1, 0.2], **STEPS}


class Row(NamedTuple):
    """A method of the tables."""

    label: str
    """As Tables I and II print it."""
    words: str
    method: Any
    follows: Follows = "field"
    settings_of: str = QUOTED
    grid: Mapping[str, list[Any]] = {}
    dropout: float = 0.0


ROWS = {
    "basic": Row("Basic", "cross entropy", "cross_entropy", "paper", PAPERS_BASIC),
    "large_margin": Row("Large Margin", "large margin", "large_margin"),
    "disturb_label": Row("Disturb Label", "DisturbLabel", "disturb_label"),
    "focal": Row("Focal Loss", "focal loss", "focal"),
    "center": Row("Center Loss", "center loss", "center"),
    "generalized_cross_entropy": Row("Lq Loss", "Lq loss", "generalized_cross_entropy"),
    "cgan": Row("CGAN", "CGAN", "cgan", settings_of=GENERATED),
    "acgan": Row("ACGAN", "ACGAN", "acgan", settings_of=GENERATED),
    "infogan": Row("infoGAN", "infoGAN", "infogan", settings_of=GENERATED),
    "isda": Row("ISDA", "ISDA", ISDA, "official", ISDA_CODE),
    "isda_dropout": Row(
        "ISDA+DropOut",
        "ISDA with dropout",
        {"alias": "isda_dropout", "growth": "epoch"},
        "official",
        ISDA_DROPOUT,
        dropout=DROPOUT,
    ),
    "lpl_fixed": Row(
        "LPL (mean + fixed epsilon)", "LPL with fixed bound", WALK, "paper", PAPERS_LPL, FIXED_GRID, DROPOUT
    ),
    "lpl_varied": Row(
        "LPL (mean + varied epsilon)",
        "LPL with varied bound",
        {**WALK, "delta_epsilon": 0.1},
        "paper",
        PAPERS_VARIED,
        VARIED_GRID,
        DROPOUT,
    ),
}
ENDINGS: dict[Follows, str] = {
    "paper": "the paper's settings",
    "official": "official settings",
    "field": "ISDA's training",
}


def balanced_table(
    table: str, roman: str, dataset: str, networks: Iterable[str], errors: Mapping[str, Iterable[float]]
) -> tuple[Preset, ...]:
    """Table I or II: a preset for every method and network.

    Args:
        table: how the presets' names begin.
        networks: those of the columns.
        errors: row -> printed top-1 errors in per cent, in the order of the columns.
    """
    return tuple(
        balanced(
            f"{table}_{row}_{network}",
            row,
            dataset=dataset,
            network=network,
            error=error,
            table_row=f"Table {roman}, {ROWS[row].label}, {NETWORKS[network][0]}",
        )
        for row, figures in errors.items()
        for network, error in zip(networks, figures, strict=True)
    )


def balanced(name: str, row: str, *, dataset: str, network: str, error: float, table_row: str) -> Preset:
    """The preset of a figure, in per cent."""
    method = ROWS[row]
    title, train = NETWORKS[network]
    model = {**train["model"], "dropout": method.dropout} if method.dropout else train["model"]
    doubt = f"; {ONE_FIGURE}" if row.startswith("isda") and network == "wide_resnet_28_10" else ""
    return Preset(
        name=name,
        title=f"{TITLES[dataset]}, {title}, {method.words}, {ENDINGS[method.follows]}",
        description=f"{method.words[0].upper()}{method.words[1:]} on balanced {TITLES[dataset]} with {title}.",
        table_row=table_row,
        published={"test/top1_error": round(error / 100, 6)},
        follows=method.follows,
        settings_of=method.settings_of + doubt,
        grid=method.grid,
        spec={"dataset": {"name": dataset}, "method": method.method, **train, "model": model},
    )
