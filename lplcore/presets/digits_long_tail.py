"""The demonstration: three methods on long-tailed digits."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.presets import Preset


class DigitsLongTail(Preset):
    """Cross entropy, logit adjustment and LPL on scikit-learn's digits at imbalance factor 20, three seeds each."""

    title: ClassVar[str] = "Digits, long-tailed: cross entropy, logit adjustment, LPL"
    spec: ClassVar[Mapping[str, Any]] = {
        "name": "Digits, long-tailed",
        "tags": ["demo"],
        "dataset": {"name": "digits", "imbalance_factor": 20.0},
        "model": {"name": "mlp"},
        "method": "cross_entropy",
        "sweep": {"method": ["cross_entropy", "logit_adjustment", "lpl"]},
        "optimizer": {"name": "sgd", "lr": 0.05, "weight_decay": 5e-4},
        "schedule": {"name": "cosine", "warmup_epochs": 2},
        "epochs": 40,
        "batch_size": 64,
        "seeds": [0, 1, 2],
    }

    name: Literal["digits_long_tail"] = "digits_long_tail"
