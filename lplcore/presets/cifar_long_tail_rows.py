"""Tables III and IV: a method a row, at 100:1 and 10:1, and what stands beside the rows."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lplcore.frame.preset import Follows, Preset
from lplcore.presets.cifar_long_tail import (
    CLASS_BALANCED_CODE,
    FIELD,
    FIXED,
    FIXED_GRID,
    HEAD_SCALE,
    LA_GRID,
    LDAM_CODE,
    LDAM_DRW,
    LDAM_TRAINING,
    META_WEIGHT_NET,
    META_WEIGHT_NET_CODE,
    META_WEIGHT_NET_TRAINING,
    PAPERS_FIXED,
    PAPERS_LA,
    PAPERS_TRAINING,
    PAPERS_VARIED,
    VARIED,
    VARIED_GRID,
    in_200_epochs,
    la_training,
    long_tailed,
    shortened,
)

Errors = Mapping[str, tuple[float, float]]
"""Row -> printed top-1 errors in per cent, at 100:1 and 10:1."""
RATIOS = ((100, ""), (10, "_ratio10"))
"""Imbalance factors in the order of the columns, with the end of a preset's name."""
TITLES = {"cifar10": "CIFAR-10-LT", "cifar100": "CIFAR-100-LT"}
ENDINGS: dict[Follows, tuple[str, str]] = {
    "official": ("official settings", "as its authors train it"),
    "field": ("200 epochs", "in the field's 200 epochs"),
    "paper": ("the paper's settings", "as the paper trains it"),
}
"""Whose settings -> how title and description end."""
BAG_OF_TRICKS = "Zhang et al., Bag of tricks for long-tailed visual recognition, AAAI 2021"
NONE_FOR_CIFAR_LT = f"{FIELD}; the method's authors have none for CIFAR-LT"
BALANCED_ONLY = f"{FIELD}; the method's authors have some for balanced CIFAR only"
LA_AT_10 = f"{PAPERS_TRAINING}; lambda 1 of {{0.5, 1, 1.5, 2, 2.5}}; the paper's authors ran that code at 10:1"
CLASS_BALANCED: dict[str, Any] = {"alias": "class_balanced", "beta": 0.9999}
CLASS_BALANCED_FOCAL: dict[str, Any] = {"alias": "class_balanced_focal", "beta": 0.9999, "gamma": 1.0}
LA: dict[str, Any] = {"alias": "logit_adjustment", "strength": 1.0}


class Row(NamedTuple):
    """What a row of the tables trains."""

    label: str
    """As the paper prints it."""
    words: str
    method: Any
    follows: Follows
    settings_of: str
    training: Mapping[str, Any] = LDAM_TRAINING
    grid: Mapping[str, list[Any]] = {}


ROWS = {
    "class_balanced": Row(
        "Class-balanced CE loss", "class-balanced cross entropy", CLASS_BALANCED, "official", CLASS_BALANCED_CODE
    ),
    "class_balanced_finetune": Row(
        "Class-balanced fine-tuning",
        "class-balanced fine-tuning",
        "class_balanced_finetune",
        "field",
        NONE_FOR_CIFAR_LT,
    ),
    "meta_weight_net": Row(
        "Meta-weight net",
        "Meta-Weight-Net",
        META_WEIGHT_NET,
        "official",
        META_WEIGHT_NET_CODE,
        META_WEIGHT_NET_TRAINING,
    ),
    "focal": Row("Focal Loss", "focal loss", "focal", "field", NONE_FOR_CIFAR_LT),
    "class_balanced_focal": Row(
        "Class-balanced focal loss",
        "class-balanced focal loss",
        CLASS_BALANCED_FOCAL,
        "official",
        CLASS_BALANCED_CODE,
    ),
    "ldam": Row("LDAM", "LDAM", "ldam", "official", LDAM_CODE),
    "ldam_drw": Row("LDAM-DRW", "LDAM-DRW", LDAM_DRW, "official", LDAM_CODE),
    "isda_dropout": Row("ISDA + Dropout", "ISDA with dropout", "isda_dropout", "field", BALANCED_ONLY),
}
"""Rows whose settings are the same for both data sets."""


def rows(dataset: str) -> dict[str, Row]:
    """Every row of the data set's table."""
    training, scale = la_training(dataset), {"head_scale": HEAD_SCALE[dataset]}
    fixed, varied = {"alias": "lpl", **FIXED}, {"alias": "lpl", **VARIED, **scale}
    labels = [f"LPL (varied tau + {bound} epsilon)" for bound in ("fixed", "varied")]
    return ROWS | {
        "la": Row("LA", "logit adjustment", LA, "paper", PAPERS_LA, training, LA_GRID),
        "lpl_fixed": Row(labels[0], "LPL with fixed bound", fixed, "paper", PAPERS_FIXED, training, FIXED_GRID),
        "lpl_varied": Row(labels[1], "LPL with varied bound", varied, "paper", PAPERS_VARIED, training, VARIED_GRID),
    }


def long_tail_table(
    table: str, roman: str, dataset: str, errors: Errors, remarks: Mapping[str, str]
) -> dict[str, Preset]:
    """Row, with the ratio's ending -> its preset.

    Args:
        table: how the presets' names begin.
        errors: the table's figures.
        remarks: what is known of a figure, by row with the ratio's ending.
    """
    presets = {}
    for key, row in rows(dataset).items():
        for place, (ratio, ending) in enumerate(RATIOS):
            settings = LA_AT_10 if key == "la" and ratio == 10 else row.settings_of
            title, description = ENDINGS[row.follows]
            if key == "la":
                description = "as the paper quotes it"
            presets[key + ending] = Preset(
                name=f"{table}_{key}{ending}",
                title=f"{TITLES[dataset]} {ratio}:1, {row.words}, {title}",
                description=f"{row.words[0].upper()}{row.words[1:]} {description}.",
                table_row=f"Table {roman}, {row.label}, {ratio}:1",
                published={"test/top1_error": as_fraction(errors[key][place])},
                follows=row.follows,
                settings_of="; ".join(filter(None, (settings, remarks.get(key + ending)))),
                grid=row.grid,
                spec=long_tailed(row.method, dataset=dataset, training=row.training, imbalance_factor=float(ratio)),
            )
    return presets


def as_fraction(per_cent: float) -> float:
    """A printed figure, of at most two decimals."""
    return round(per_cent / 100, 6)


def cross_entropy_beside(table: str, roman: str, dataset: str, error: float) -> Preset:
    """The baseline that the table leaves out, with its error in per cent."""
    return Preset(
        name=f"{table}_cross_entropy",
        title=f"{TITLES[dataset]} 100:1, cross entropy, 200 epochs",
        description=(
            f"Cross entropy in the field's 200 epochs: the baseline that the paper's Table {roman} leaves out."
        ),
        citation=BAG_OF_TRICKS,
        published={"test/top1_error": as_fraction(error)},
        follows="field",
        settings_of=f"{FIELD}; the figure's authors train so",
        spec=long_tailed("cross_entropy", dataset=dataset, training=LDAM_TRAINING),
    )


def la_in_200_epochs(papers: Preset, error: float) -> Preset:
    """Logit adjustment in the field's time, where others have published an error (per cent)."""
    shorter = in_200_epochs(papers, title=papers.title.replace("the paper's settings", "200 epochs"))
    return shorter.model_copy(
        update={
            "description": f"`{papers.name}`'s method in the field's 200 epochs.",
            "citation": BAG_OF_TRICKS,
            "published": {"test/top1_error": as_fraction(error)},
            "settings_of": f"{FIELD}; the figure is of balanced softmax, the same method, so trained",
        }
    )


def beside(papers: Mapping[str, Preset], cross_entropy: Preset, *, la_error: float) -> tuple[Preset, ...]:
    """Versions of 200 epochs of the paper's own rows at 100:1, and short ones."""
    shorts = [papers["ldam_drw"], papers["la"], papers["lpl_varied"]]
    return (
        cross_entropy,
        la_in_200_epochs(papers["la"], la_error),
        *(in_200_epochs(papers[row], title=retitled(papers[row], "200 epochs")) for row in ("lpl_fixed", "lpl_varied")),
        *(shortened(preset, title=retitled(preset, "short")) for preset in (cross_entropy, *shorts)),
    )


def retitled(preset: Preset, ending: str) -> str:
    """The title with another ending."""
    return f"{preset.title.rpartition(', ')[0]}, {ending}"
