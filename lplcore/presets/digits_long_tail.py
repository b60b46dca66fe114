"""The demonstration: three methods on long-tailed digits."""

from lplcore.frame.preset import Preset

DIGITS_LONG_TAIL = Preset(
    name="digits_long_tail",
    title="Digits, long-tailed: cross entropy, logit adjustment, LPL",
    description=(
        "Cross entropy, logit adjustment and LPL on scikit-learn's digits at imbalance factor 20, three seeds each."
    ),
    spec={
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
    },
)
