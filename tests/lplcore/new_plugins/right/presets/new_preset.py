"""The new method on the new data set."""

from lplcore.frame.preset import Preset

NEW_PRESET = Preset(
    name="new_preset",
    title="New preset",
    spec={
        "dataset": "new_dataset",
        "model": "new_model",
        "method": {
            "alias": "new_method",
            "weighting": "new_weighting",
            "targets": ["new_target"],
            "sampler": "new_sampler",
            "regularizers": ["new_regularizer"],
            "procedure": "new_procedure",
            "posthoc": "new_posthoc",
        },
        "optimizer": "new_optimizer",
        "schedule": "new_schedule",
    },
)
