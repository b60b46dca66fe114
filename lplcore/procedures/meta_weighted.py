"""Meta-Weight-Net: a small network learns the weight of an example from its loss."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.class_slots import slots_of
from lplcore.criterion import CriterionOutput
from lplcore.dataset_info import DatasetInfo
from lplcore.models import ModelOutput
from lplcore.procedures import Companion, Procedure, TrainingState, descend, evaluate, forward


class MetaWeighted(Procedure):
    """Weights v(loss_i) that make a step on the training batch lower the loss on a balanced meta batch.

    Every step: (1) weights from the weighting network, a virtual step of the classifier with them, kept in the graph;
    (2) the loss of the stepped classifier on a meta batch gives the weighting network's step; (3) the classifier's real
    step, with the new weights. The meta set is `dataset.meta_per_class` examples of every class, held out of training.
    The mean weight of each class is recorded as `meta_weight_net/weight`.
    """

    title: ClassVar[str] = "Meta-Weight-Net"
    citation: ClassVar[str] = "Shu et al., Meta-Weight-Net, NeurIPS 2019, Eq. 3 to 7 and Algorithm 1"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    needs_meta: ClassVar[bool] = True

    name: Literal["meta_weighted"] = "meta_weighted"
    meta_lr: float = Field(1e-3, gt=0, le=10, description="learning rate of the weighting network (Adam)")
    meta_weight_decay: float = Field(1e-4, ge=0, le=1, description="weight decay of the weighting network")
    meta_batch_size: int = Field(100, ge=1, le=100_000, description="meta examples per step")
    hidden: int = Field(100, ge=1, le=100_000, description="width of the weighting network's hidden layer")

    def build(self, info: DatasetInfo) -> Companion:
        return WeightNet(self)

    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        weight_net = state.companion
        assert isinstance(weight_net, WeightNet)
        self._learn_weights(state, weight_net, inputs, labels, progress=progress)
        output = forward(state, inputs)
        result = evaluate(state, output, labels, progress=progress)
        with torch.no_grad():
            weights = weight_net(result.loss)
        weighted = result._replace(loss=weights * result.loss)
        descend(state, weighted.loss.mean())
        slots = slots_of(labels, output.logits.shape[1])
        by_class = slots.to_classes(slots.mean(weights), output.logits.shape[1])
        observed = {**result.observations, "meta_weight_net/weight": by_class}
        return output.logits.detach(), weighted._replace(observations=observed).detach()

    def _learn_weights(
        self, state: TrainingState, weight_net: "WeightNet", inputs: Tensor, labels: Tensor, *, progress: float
    ) -> None:
        meta = state.examples.meta
        assert meta is not None
        weights = dict(state.model.named_parameters())
        # Normalisation layers see the batch twice more here; their running statistics must not.
        buffers = {name: value.clone() for name, value in state.model.named_buffers()}
        state.criterion.eval()
        loss = virtual_loss(state, weights, buffers, inputs, labels, progress=progress)
        weighted = (weight_net(loss.detach()) * loss).mean()
        trained = {name: value for name, value in weights.items() if value.requires_grad}
        gradients = torch.autograd.grad(weighted, list(trained.values()), create_graph=True)
        rate = state.optimizer.param_groups[0]["lr"]
        stepped = {name: w - rate * g for (name, w), g in zip(trained.items(), gradients, strict=True)}
        chosen = torch.randint(meta.y.shape[0], (self.meta_batch_size,)).to(state.device)
        meta_inputs, meta_labels = state.examples.network_input(meta.x[chosen]), meta.y[chosen]
        answer = functional_answer(state, {**weights, **stepped}, buffers, meta_inputs)
        meta_loss = nn.functional.cross_entropy(answer.logits.float(), meta_labels)
        state.criterion.train()
        weight_net.optimizer.zero_grad(set_to_none=True)
        for parameter, gradient in zip(
            weight_net.parameters(), torch.autograd.grad(meta_loss, list(weight_net.parameters())), strict=True
        ):
            parameter.grad = gradient
        weight_net.optimizer.step()


class WeightNet(Companion):
    """Loss -> weight: one hidden layer with ReLU, a sigmoid, then mean 1 over the batch (Shu et al., Eq. 3)."""

    def __init__(self, options: MetaWeighted) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, options.hidden), nn.ReLU(), nn.Linear(options.hidden, 1))
        self.optimizer = torch.optim.Adam(self.parameters(), lr=options.meta_lr, weight_decay=options.meta_weight_decay)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"weight_net": self.optimizer}

    def forward(self, loss: Tensor) -> Tensor:
        """Losses [N] to weights [N] of mean 1."""
        raw = self.layers(loss.detach().float()[:, None]).squeeze(1).sigmoid()
        normalized: Tensor = raw / raw.mean().clamp(min=torch.finfo(raw.dtype).tiny)
        return normalized.to(loss.dtype)


def virtual_loss(
    state: TrainingState,
    weights: Mapping[str, Tensor],
    buffers: Mapping[str, Tensor],
    inputs: Tensor,
    labels: Tensor,
    *,
    progress: float,
) -> Tensor:
    """[N] the criterion's loss of the network with these weights, with graph to them."""
    answer = functional_answer(state, weights, buffers, inputs)
    return evaluate(state, answer, labels, progress=progress).loss


def functional_answer(
    state: TrainingState, weights: Mapping[str, Tensor], buffers: Mapping[str, Tensor], inputs: Tensor
) -> ModelOutput:
    """The network's answer with other weights than its own."""
    dtype = state.autocast_dtype
    # Autocast's cache of cast weights does not see functional weights change.
    with torch.autocast(state.device.type, dtype=dtype, enabled=dtype is not None, cache_enabled=False):
        output: ModelOutput = torch.func.functional_call(state.model, {**weights, **buffers}, (inputs,))
    return output
