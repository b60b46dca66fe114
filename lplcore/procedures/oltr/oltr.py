"""Open long-tailed recognition (OLTR) in two stages."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.data.info import DatasetInfo
from lplcore.device import autocast
from lplcore.frame.labels import replaced
from lplcore.frame.reduction import mean_of
from lplcore.frame.step_criterion import StepCriterion
from lplcore.models import Classifier, ModelOutput
from lplcore.procedures import Procedure, TrainingData, TrainingState
from lplcore.procedures.oltr.network import MetaEmbedding, OltrNetwork, squared_distances
from lplcore.targets import soft

BATCH = 256
"""Examples at a time for the centroids."""


class Oltr(Procedure):
    """Stage 1 trains the network as it is; stage 2 adds attention and a memory of the classes' centroids.

    Stage 2 begins, at the first whole epoch from `start` on, with the centroids of the training features, without
    augmentation. It trains all with class-aware sampling (the alias's sampler) and a centroid loss: attract an example
    to its class's centroid, keep the others `margin` away. That loss alone moves the centroids, at the rate of all new
    layers; the authors leave `centroid_weight` out of the centroids' own gradient of the attraction and divide it by
    the class's number in the batch. The network of stage 1 goes on with `backbone_factor` of the rate, as in the
    authors' ImageNet-LT configuration. Modulated attention is for networks with feature maps; `mlp` has none.

    Measured, few-shot error on digits (mlp, 40 epochs, 16 seeds) at imbalance factor 50 / 100: end of stage 1 0.41 /
    0.51, of stage 2 0.31 / 0.36, cross entropy to the end 0.34 / 0.41; but 0.27 / 0.31 with the same sampler and no
    memory (`two_stage`). Three times the rate in stage 2 helped a little at rate 0.05, and not ResNet-32 at 0.1.
    """

    title: ClassVar[str] = "OLTR (open long-tailed recognition)"
    citation: ClassVar[str] = "Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019, Eq. 1 to 7"
    formula: ClassVar[str] = (
        r"\begin{aligned} & v = \frac{\rho}{\min_{c} \|f - \mu_c\|} \left(f + \tanh(S f) \odot \sum_{c} o_c "
        r"\mu_c\right), \\ & o = \mathrm{softmax}(H f), \\ & u_c = s \frac{\|v\|}{1 + \|v\|} \cos(v, w_c) "
        r"\end{aligned}"
    )
    effect: ClassVar[str] = (
        "From stage 2 on every example, above all of the tail, borrows from a memory of the classes' "
        "centroids, and classes are drawn alike."
    )
    advice: ClassVar[str] = (
        "Costs a second stage and a memory. On long-tailed digits it is ahead of cross entropy, but the same "
        "sampler without a memory does better; on scene mAP rises, on yeast it falls."
    )
    own_head: ClassVar[bool] = True
    hard_entries: ClassVar[bool] = True

    name: Literal["oltr"] = "oltr"
    start: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="share of the training that is done when stage 2 begins",
        json_schema_extra={"slider": {"min": 0.05, "max": 0.95, "step": 0.05}},
    )
    scale: float = Field(16.0, gt=0, le=1e4, description="scale of the cosine classifier")
    reachability: float = Field(10.0, gt=0, le=1e6, description="over the distance to the nearest centroid")
    centroid_weight: float = Field(0.01, ge=0, le=1e3, description="weight of the centroid loss")
    repel_weight: float = Field(0.01, ge=0, le=1e3, description="weight of keeping away within the centroid loss")
    margin: float = Field(10.0, ge=0, le=1e6, description="mean squared distance to other centroids that is enough")
    finetune_lr_factor: float = Field(1.0, gt=0, le=1000, description="factor on the learning rate in stage 2")
    backbone_factor: float = Field(0.1, ge=0, le=10, description="further factor on the backbone's rate in stage 2")

    def second_stage(self) -> float:
        return self.start

    def learning_rate_factor(self, *, second_stage: bool) -> float:
        return self.finetune_lr_factor if second_stage else 1.0

    def slowed_rate_factor(self, *, second_stage: bool) -> float:
        return self.backbone_factor if second_stage else 1.0

    def wrap(self, model: Classifier, info: DatasetInfo, data: TrainingData) -> Classifier:
        return OltrNetwork(model, len(info.classes), scale=self.scale, reachability=self.reachability)

    def slowed_part(self, model: Classifier) -> nn.Module:
        assert isinstance(model, OltrNetwork)
        return model.base

    def enter_epoch(self, state: TrainingState, *, second_stage: bool, resumed: bool) -> None:
        network = network_of(state)
        if second_stage and not resumed and not network.second:
            network.enter_second_stage(*centroids(state, network))

    def added_loss(self, state: TrainingState, output: ModelOutput, targets: Tensor) -> Tensor | None:
        network = network_of(state)
        if not network.second:
            return None
        included = state.criterion.included(targets)
        targets = targets if included is None else replaced(targets, included)
        return self.centroid_weight * self.centroid_loss(output.features.float(), targets, network.memory, included)

    def centroid_loss(
        self, features: Tensor, targets: Tensor, memory: MetaEmbedding, included: Tensor | None = None
    ) -> Tensor:
        """A scalar from features [N, D] and labels [N] or targets [N, C] (Liu et al., Eq. 6 and 7).

        `included` [N] (multi label: [N, C]) says which of them are not ignored, None for all.

        Mixed examples are attracted in the shares of their targets, multi-label ones alike by all their classes.
        Classes without examples repel nothing.
        """
        distances = squared_distances(features, memory.centroids)
        own = soft(targets, distances.shape[1], distances.dtype)
        pull = (distances * own).sum(dim=1) / own.sum(dim=1).clamp(min=1)
        if included is None:
            entries, rows = distances.shape[0] * memory.present.sum(), None
        else:
            counted = included if included.dim() == 2 else included[:, None]
            distances, rows = distances * counted, counted.any(dim=1)
            entries = (counted * memory.present).sum().clamp(min=1)
        others = (distances * (1 - own) * memory.present).sum() / entries
        attract = mean_of(pull, rows) / 2
        return attract + self.repel_weight * (self.margin - others).clamp(min=0)


@torch.no_grad()
def centroids(state: TrainingState, network: OltrNetwork) -> tuple[Tensor, Tensor]:
    """[C, D] mean feature of every class's training examples, zero where it has none, and [C] whether it has any."""
    train = state.data.train
    classes = state.criterion.statistics.num_classes
    total = torch.zeros(classes, network.num_features, dtype=torch.float32, device=state.device)
    size = torch.zeros(classes, dtype=torch.int64, device=state.device)
    network.eval()
    dtype = state.autocast_dtype
    for indices in torch.split(torch.arange(train.y.shape[0], device=state.device), BATCH):
        with autocast(state.device, dtype):
            features = network.features(state.data.network_input(train.x[indices]))
        own = membership(state.criterion, train.y[indices], total.dtype)
        total += own.T @ features.to(total.dtype)
        size += own.sum(dim=0).long()
    return total / size.clamp(min=1)[:, None], size > 0


def membership(criterion: StepCriterion, labels: Tensor, dtype: torch.dtype) -> Tensor:
    """[N, C] which classes the labels name; none where they are ignored."""
    included, classes = criterion.included(labels), criterion.statistics.num_classes
    if included is None:
        return soft(labels, classes, dtype)
    counted = included if included.dim() == 2 else included[:, None]
    return torch.where(counted, soft(replaced(labels, included), classes, dtype), 0.0)


def network_of(state: TrainingState) -> OltrNetwork:
    """The run's network."""
    assert isinstance(state.model, OltrNetwork)
    return state.model
