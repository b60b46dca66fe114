"""Open long-tailed recognition (OLTR) in two stages."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.criterion import CriterionOutput
from lplcore.dataset_info import DatasetInfo
from lplcore.models import Classifier
from lplcore.procedures import Procedure, TrainingState, evaluate, forward
from lplcore.procedures.oltr_network import OltrNetwork, squared_distances

BATCH = 256
"""Examples at a time for the centroids."""


class Oltr(Procedure):
    """Stage 1 trains the network as it is; stage 2 adds attention and a memory of the classes' centroids.

    Stage 2 begins with the centroids of the training features, without augmentation, and trains all with class-aware
    sampling (the alias's sampler) and a centroid loss: attract an example to its class's centroid, keep the others
    `margin` away. Centroids are weights, trained like all others; the network of stage 1 goes on with
    `backbone_factor` of the rate. Modulated attention is for networks with feature maps; `mlp` has none.
    """

    title: ClassVar[str] = "OLTR (open long-tailed recognition)"
    citation: ClassVar[str] = "Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019, Eq. 1 to 7"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["oltr"] = "oltr"
    start: float = Field(0.5, gt=0, lt=1, description="share of the training that is done when stage 2 begins")
    scale: float = Field(16.0, gt=0, le=1e4, description="scale of the cosine classifier")
    reachability: float = Field(10.0, gt=0, le=1e6, description="over the distance to the nearest centroid")
    centroid_weight: float = Field(0.01, ge=0, le=1e3, description="weight of the centroid loss")
    repel_weight: float = Field(0.01, ge=0, le=1e3, description="weight of keeping away within the centroid loss")
    margin: float = Field(10.0, ge=0, le=1e6, description="mean squared distance to other centroids that is enough")
    backbone_factor: float = Field(0.1, ge=0, le=10, description="factor on the backbone's gradient in stage 2")

    def second_stage(self) -> float:
        return self.start

    def wrap(self, model: Classifier, info: DatasetInfo) -> Classifier:
        return OltrNetwork(model, len(info.classes), scale=self.scale, reachability=self.reachability)

    def begin_epoch(self, state: TrainingState, *, progress: float, fresh: bool) -> None:
        network = network_of(state)
        if fresh and not network.second and progress >= self.start - 1e-9:
            network.enter_second_stage(*centroids(state, network))

    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        network = network_of(state)
        if not network.second:
            return super().step(state, inputs, labels, progress=progress)
        mixed, targets = state.criterion.mix(inputs, labels)
        output = forward(state, mixed)
        result = evaluate(state, output, targets, progress=progress)
        state.optimizer.zero_grad(set_to_none=True)
        pull = self.centroid_weight * self.centroid_loss(output.features.float(), labels, network.memory.centroids)
        torch.autograd.backward(result.loss.mean() + pull)
        gradients = [p.grad for p in network.base.parameters() if p.grad is not None]
        if gradients:
            torch._foreach_mul_(gradients, self.backbone_factor)
        if state.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), state.clip_norm)
        state.optimizer.step()
        return output.logits.detach(), result.detach()

    def centroid_loss(self, features: Tensor, labels: Tensor, memory: Tensor) -> Tensor:
        """A scalar from features [N, D], labels [N] and centroids [C, D] (Liu et al., Eq. 6 and 7)."""
        distances = squared_distances(features, memory)
        own = distances.gather(1, labels[:, None])
        others = (distances.sum() - own.sum()) / distances.numel()
        return own.mean() / 2 + self.repel_weight * (self.margin - others).clamp(min=0)


@torch.no_grad()
def centroids(state: TrainingState, network: OltrNetwork) -> tuple[Tensor, Tensor]:
    """[C, D] mean feature of every class's training examples, zero where it has none, and [C] whether it has any."""
    train = state.examples.train
    classes = state.criterion.statistics.num_classes
    total = torch.zeros(classes, network.num_features, device=state.device)
    network.eval()
    dtype = state.autocast_dtype
    for indices in torch.split(torch.arange(train.y.shape[0], device=state.device), BATCH):
        with torch.autocast(state.device.type, dtype=dtype, enabled=dtype is not None):
            features = network.features(state.examples.network_input(train.x[indices]))
        total.index_add_(0, train.y[indices], features.to(total.dtype))
    size = train.y.bincount(minlength=classes)
    return total / size.clamp(min=1)[:, None], size > 0


def network_of(state: TrainingState) -> OltrNetwork:
    """The run's network."""
    assert isinstance(state.model, OltrNetwork)
    return state.model
