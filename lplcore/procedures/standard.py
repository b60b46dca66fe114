"""One forward pass, one backward pass, one step."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.criterion import CriterionOutput
from lplcore.procedures import Procedure, TrainingState


class Standard(Procedure):
    """One forward pass, one backward pass, one step."""

    title: ClassVar[str] = "Standard training"

    name: Literal["standard"] = "standard"

    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        state.optimizer.zero_grad(set_to_none=True)
        dtype = state.autocast_dtype
        with torch.autocast(state.device.type, dtype=dtype, enabled=dtype is not None):
            output = state.model(inputs)
        result = state.criterion.evaluate(
            output.logits, labels, features=output.features, classifier=state.model.classifier, progress=progress
        )
        torch.autograd.backward(result.loss.mean())
        if state.clip_norm is not None:
            parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, state.clip_norm)
        state.optimizer.step()
        return output.logits.detach(), result.detach()
