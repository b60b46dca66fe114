"""An alias of the same parts as another: a method of these parts would have either name."""

from lplcore.frame.alias import Alias

WRONG_METHOD = Alias(
    name="wrong_method",
    title="Wrong method",
    composition={"loss": "cross_entropy", "weighting": {"name": "class_balanced", "beta": 0.5}},
)
