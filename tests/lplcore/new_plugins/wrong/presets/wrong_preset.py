"""A preset that drops the rate after its last epoch, and has a figure of nobody."""

from lplcore.frame.preset import Preset

WRONG_PRESET = Preset(
    name="wrong_preset",
    title="Wrong preset",
    published={"test/top1_error": 0.5},
    spec={
        "dataset": "digits",
        "method": "lpl",
        "schedule": {"name": "multistep", "milestones": [20]},
        "epochs": 10,
    },
)
