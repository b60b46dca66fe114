"""The new loss with the new perturbation."""

from lplcore.frame.alias import Alias

NEW_METHOD = Alias(
    name="new_method",
    title="New method",
    composition={"loss": "new_loss", "perturbations": [{"name": "new_perturbation", "strength": 0.5}]},
)
