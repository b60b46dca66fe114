"""Training on the data as they are, then fine-tuning on balanced ones."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.data.info import DatasetInfo
from lplcore.models import CosineLinear
from lplcore.procedures import Companion, Procedure, TrainingState


class TwoStage(Procedure):
    """From `start` on the method's sampler and weighting are in force, and the learning rate is multiplied.

    Stage 2 begins with the first whole epoch from `start` on. `train = "classifier"` then holds all but the last layer,
    statistics of normalisation layers included, and `reset_classifier` lets that layer begin anew: classifier
    re-training (cRT).
    """

    title: ClassVar[str] = "Two stages: training, then balanced fine-tuning"
    citation: ClassVar[str] = "Cui et al., Fine-grained categorization, CVPR 2018; cRT: Kang et al., ICLR 2020"
    formula: ClassVar[str] = (
        r"\eta(t) = \begin{cases} \eta & t < t_0, \; i \sim \mathrm{uniform} \\ f \eta & t \ge t_0, \; i \sim "
        r"\mathrm{sampler} \end{cases}"
    )
    effect: ClassVar[str] = (
        "Features are learned from the data as they are; then the method's sampler and weights raise the tail."
    )
    advice: ClassVar[str] = (
        "With a balanced sampler. On long-tailed digits a start at 80 % gains little, one at half of the "
        "training far more."
    )
    probes: ClassVar[bool] = True

    name: Literal["two_stage"] = "two_stage"
    start: float = Field(
        0.8,
        gt=0,
        lt=1,
        description="share of the training that is done when stage 2 begins",
        json_schema_extra={"slider": {"min": 0.05, "max": 0.95, "step": 0.05}},
    )
    finetune_lr_factor: float = Field(1.0, gt=0, le=1000, description="factor on the learning rate in stage 2")
    train: Literal["all", "classifier"] = Field("all", description="what stage 2 trains")
    reset_classifier: bool = Field(False, description="begin stage 2 with a fresh last layer")

    def second_stage(self) -> float:
        return self.start

    def learning_rate_factor(self, *, second_stage: bool) -> float:
        return self.finetune_lr_factor if second_stage else 1.0

    def build(self, info: DatasetInfo) -> Companion:
        return Stage()

    def enter_epoch(self, state: TrainingState, *, second_stage: bool, resumed: bool) -> None:
        stage = stage_of(state)
        stage.frozen = self.train == "classifier" and second_stage
        if not second_stage:
            return
        if stage.frozen:
            state.model.requires_grad_(False)
            state.model.classifier.requires_grad_(True)
        if not resumed and self.reset_classifier and not bool(stage.second):
            reset(state.model.classifier)
            stage.second.fill_(True)

    def training_mode(self, state: TrainingState) -> None:
        super().training_mode(state)
        if stage_of(state).frozen:
            state.model.eval()
            state.model.classifier.train()


class Stage(Companion):
    """Remembers whether stage 2 has begun, and in this epoch whether all but the last layer is held."""

    second: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.frozen = False
        self.register_buffer("second", torch.zeros((), dtype=torch.bool))


def stage_of(state: TrainingState) -> Stage:
    """The run's stage."""
    assert isinstance(state.companion, Stage)
    return state.companion


def reset(classifier: nn.Module) -> None:
    """Fresh weights for a last layer."""
    if isinstance(classifier, nn.Linear | CosineLinear):
        classifier.reset_parameters()
