"""Common parts of the CIFAR-LT presets: whose training settings there are, and the grids of the paper."""

from collections.abc import Mapping
from typing import Any

from lplcore.frame.preset import Preset

SEEDS = [0, 1, 2, 3, 4]
RESNET_32: dict[str, Any] = {"model": {"name": "resnet32"}, "seeds": SEEDS}
LA_RESNET_32: dict[str, Any] = {"model": {"name": "la_resnet32"}, "seeds": SEEDS}
"""What logit adjustment's official code calls ResNet-32."""

LDAM_TRAINING: dict[str, Any] = {
    **RESNET_32,
    "augmentation": {"name": "pad_crop_flip", "padding": 4},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 2e-4},
    "schedule": {"name": "multistep", "milestones": [160, 180], "gamma": 0.01, "warmup_epochs": 5},
    "epochs": 200,
    "batch_size": 128,
}
"""LDAM's official code, and that of class-balanced loss: the 200 epochs that the field uses on CIFAR-LT."""
LDAM_DRW: dict[str, Any] = {"alias": "ldam_drw", "reduction": "weights"}
"""LDAM-DRW's official code divides a batch's loss by its sum of weights, by torch's cross_entropy(weight=)."""
META_WEIGHT_NET_TRAINING: dict[str, Any] = {
    **RESNET_32,
    "augmentation": {"name": "pad_crop_flip", "padding": 4, "padding_mode": "reflect"},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
    "schedule": {
        "name": "multistep",
        "milestones": [80, 90],
        "gamma": 0.1,
        "warmup_epochs": 0,
        "one_epoch_early": True,
    },
    "epochs": 100,
    "batch_size": 100,
}
META_WEIGHT_NET: dict[str, Any] = {
    "alias": "meta_weight_net",
    "meta_optimizer": "sgd",
    "meta_lr": 1e-5,
    "meta_weight_decay": 5e-4,
    "meta_augmented": True,
    "meta_replacement": False,
    "detach_loss": False,
}
"""Meta-Weight-Net's official code for imbalanced data."""
SHORT: dict[str, Any] = {"epochs": 6, "schedule": {"name": "cosine", "warmup_epochs": 1}, "seeds": [0]}
"""Minutes on a CPU."""

LA_SCHEDULES: dict[str, tuple[int, list[int], int]] = {
    "cifar10": (1241, [604, 926, 1128], 20),
    "cifar100": (1419, [691, 1059, 1290], 22),
}
"""Epochs, milestones and warm-up of logit adjustment's official code."""

HEAD_SCALE = {"cifar10": 0.6, "cifar100": 0.2}
"""Head classes' factor on delta_epsilon in the released scripts; the paper has none."""
EXACT: dict[str, Any] = {"step_size": 0.1, "step_rounding": "exact"}
"""Floor, as in the paper's Algorithm 1, would leave 35 of CIFAR-100-LT's classes without a step at delta_epsilon 1."""
VARIED: dict[str, Any] = {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, **EXACT}
FIXED: dict[str, Any] = {"threshold": 0.4, "epsilon": 2.5, "delta_epsilon": 0.0, **EXACT}
TAU = [0.4, 0.5, 0.6]
DELTA_EPSILON = [1.0, 2.0, 3.0]
STRENGTH = [0.5, 1.0, 1.5, 2.0, 2.5]
FIRST, SECOND = "method.perturbations.0", "method.perturbations.1"
VARIED_GRID: dict[str, list[Any]] = {f"{FIRST}.threshold": TAU, f"{FIRST}.delta_epsilon": DELTA_EPSILON}
FIXED_GRID: dict[str, list[Any]] = {f"{FIRST}.threshold": TAU, f"{FIRST}.epsilon": [1.5, 2.5, 5.0]}
LA_GRID: dict[str, list[Any]] = {f"{FIRST}.strength": STRENGTH}
LA_LPL_GRID: dict[str, list[Any]] = {**LA_GRID, f"{SECOND}.delta_epsilon": DELTA_EPSILON}

RELEASED_LPL: dict[str, Any] = {"epsilon": 0.0, "step_rounding": "nearest", "normalize": "column", "detach": False}
"""How the released scripts walk: rounded numbers of steps, column norms, gradients through the walk."""

LA_CODE = (
    "logit adjustment's official code, whose ResNet-32 is a bottleneck network (la_resnet32); its l2(1e-4) has the "
    "gradient 2e-4 w and spares normalisation layers, which decay here; it only centres images, which are standardised "
    "here"
)
LDAM_CODE = "LDAM's official code"
CLASS_BALANCED_CODE = (
    "class-balanced loss's official scripts: beta 0.9999, focal loss with gamma 1; they train as LDAM's code does"
)
META_WEIGHT_NET_CODE = (
    "Meta-Weight-Net's official code for imbalanced data: meta images augmented and drawn without replacement, no "
    "detached loss, the rate dropped one epoch early (in its virtual steps one epoch later, here at once)"
)
FIELD = (
    "LDAM's official training settings, which the field uses on CIFAR-LT; the paper takes logit adjustment's, "
    "1241 epochs on CIFAR-10-LT and 1419 on CIFAR-100-LT"
)
PAPERS_TRAINING = f"the paper, which takes the configuration of Menon et al., ICLR 2021: {LA_CODE}"
PAPERS_STEP = (
    "the step size, which the paper does not give, is at most this project's 0.1, in equal steps that end at epsilon_c "
    '(step_rounding "exact"): whole steps of 0.1, as in Algorithm 1, leave classes without one'
)
PAPERS_HEAD_SCALE = "head_scale is the released scripts', the paper has none"
PAPERS_VARIED = (
    f"{PAPERS_TRAINING}; tau 0.4 C of {{0.4, 0.5, 0.6}} C and delta_epsilon 2 of {{1, 2, 3}}; {PAPERS_STEP}; "
    + PAPERS_HEAD_SCALE
)
PAPERS_FIXED = f"{PAPERS_TRAINING}; tau 0.4 C of {{0.4, 0.5, 0.6}} C and epsilon 2.5 of {{1.5, 2.5, 5}}; {PAPERS_STEP}"
PAPERS_LA = f"{PAPERS_TRAINING}; lambda 1 of {{0.5, 1, 1.5, 2, 2.5}}, with which Menon et al. have the same figure"
PAPERS_LA_LPL = (
    f"{PAPERS_TRAINING}; lambda 1 of {{0.5, 1, 1.5, 2, 2.5}} and delta_epsilon 2 of {{1, 2, 3}}; {PAPERS_STEP}; "
    + PAPERS_HEAD_SCALE
)
RELEASED_NETWORK = "the script's resnet32 is logit adjustment's bottleneck network (la_resnet32)"
RELEASED_DEEP = f"{RELEASED_NETWORK} with 18 blocks a stage"
RELEASED_RANGE = "its images are centred twice, to [-1, 0]"
DECAYED_TWICE = (
    "weight decay 3e-4 is the released scripts' 1e-4 of the optimiser plus 1e-4 * |w|^2 in the loss (gradient 2e-4 w)"
)


def long_tailed(
    method: Any,
    *,
    dataset: str,
    training: Mapping[str, Any],
    imbalance_factor: float = 100.0,
    input_range: list[float] | None = None,
) -> dict[str, Any]:
    """A complete spec."""
    data = {"name": dataset, "imbalance_factor": imbalance_factor, "input_range": input_range}
    return {"dataset": data, "method": method, **training}


def retrained(preset: Preset, *, training: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the preset's data and method, trained otherwise."""
    return {field: value for field, value in {**preset.spec, **training}.items() if field != "name"}


def shortened(preset: Preset, *, title: str) -> Preset:
    """The preset `<name>_short`: minutes on a CPU."""
    return Preset(
        name=f"{preset.name}_short",
        title=title,
        description=f"`{preset.name}` in six epochs with one seed: minutes on a CPU, no figure to compare with.",
        citation=preset.citation,
        settings_of="the long version's, but for this project's six epochs, schedule and one seed",
        spec=retrained(preset, training=SHORT),
    )


def in_200_epochs(preset: Preset, *, title: str) -> Preset:
    """The preset `<name>_200`: in the time that the field takes, where nobody has published a figure."""
    return Preset(
        name=f"{preset.name}_200",
        title=title,
        description=f"`{preset.name}`'s method in the field's 200 epochs, no figure to compare with.",
        citation=preset.citation,
        follows="field",
        settings_of=f"{FIELD}; the method as in `{preset.name}`",
        spec=retrained(preset, training=LDAM_TRAINING),
    )


def la_training(dataset: str) -> dict[str, Any]:
    """Training settings of logit adjustment's official code at imbalance factor 100."""
    epochs, milestones, warmup_epochs = LA_SCHEDULES[dataset]
    return {
        **LA_RESNET_32,
        "augmentation": {"name": "pad_crop_flip", "padding": 2},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 2e-4},
        "schedule": {"name": "multistep", "milestones": milestones, "gamma": 0.1, "warmup_epochs": warmup_epochs},
        "epochs": epochs,
        "batch_size": 128,
    }


def released_training(*, blocks_per_stage: int, epochs: int, milestones: list[int]) -> dict[str, Any]:
    """What LPL's released scripts have in common, with what each has of its own."""
    return {
        "model": {"name": "la_resnet32", "blocks_per_stage": blocks_per_stage, "initialization": "released"},
        "augmentation": {"name": "pad_crop_flip", "padding": 4},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 3e-4},
        "schedule": {"name": "multistep", "milestones": milestones, "gamma": 0.1, "warmup_epochs": 0},
        "epochs": epochs,
        "batch_size": 128,
        "seeds": SEEDS,
    }
