"""Meta-Weight-Net: a small network learns the weight of an example from its loss."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.attention import SDPBackend, sdpa_kernel

from lplcore.data.info import DatasetInfo
from lplcore.frame.class_slots import slots_of
from lplcore.frame.outputs import CriterionOutput
from lplcore.frame.reduction import mean_of
from lplcore.models import ModelOutput
from lplcore.procedures import Companion, Procedure, TrainingState


class MetaWeighted(Procedure):
    """Weights v(loss_i) that make a step on the training batch lower the loss on a balanced meta batch.

    Every step: (1) weights from the weighting network and a virtual step of the classifier with them; (2) the loss of
    the stepped classifier on a meta batch gives the weighting network's step; (3) the classifier's real step, with the
    new weights. The meta set is `dataset.meta_per_class` examples of every class, held out of training.
    With `detach_loss` the weights in (1) are constants to the virtual step; without, as in the authors' code for
    imbalanced classes, it goes along the gradient of sum v(loss) loss, v's own slope included.
    The mean weight of each class is recorded as `meta_weight_net/weight`.
    """

    title: ClassVar[str] = "Meta-Weight-Net"
    citation: ClassVar[str] = "Shu et al., Meta-Weight-Net, NeurIPS 2019, Eq. 3 to 7 and Algorithm 1"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \theta' = \theta - \frac{\eta}{B} \sum_{i} v(\ell_i; \phi) \nabla_{\theta} \ell_i, "
        r"\\ & \phi \leftarrow \phi - \eta_{\phi} \nabla_{\phi} \ell_{\mathrm{meta}}(\theta'(\phi)) "
        r"\end{aligned}"
    )
    effect: ClassVar[str] = (
        "Learns how much a loss of a given size counts from a balanced set that is held out: the tail gains "
        "where that set asks for it."
    )
    advice: ClassVar[str] = (
        "A step costs 4 to 5 times as much, and the held-out examples are missing in training. On long-tailed "
        "digits not better than cross entropy."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    needs_meta: ClassVar[bool] = True
    accumulates: ClassVar[bool] = False

    name: Literal["meta_weighted"] = "meta_weighted"
    meta_optimizer: Literal["adam", "sgd"] = Field(
        "adam", description="of the weighting network; the authors' code for imbalanced classes has sgd"
    )
    meta_lr: float = Field(1e-3, gt=0, le=10, description="learning rate of the weighting network; 1e-5 with sgd")
    meta_weight_decay: float = Field(1e-4, ge=0, le=1, description="weight decay of the weighting network")
    meta_batch_size: int = Field(100, ge=1, le=100_000, description="meta examples per step")
    meta_augmented: bool = Field(False, description="augment meta examples as training ones, as in the authors' code")
    meta_replacement: bool = Field(
        True, description="draw meta examples with replacement; the authors' code draws without"
    )
    detach_loss: bool = Field(
        True, description="stop gradients between loss and weight; the authors' code for imbalanced classes does not"
    )
    hidden: int = Field(100, ge=1, le=100_000, description="width of the weighting network's hidden layer")

    def build(self, info: DatasetInfo) -> Companion:
        load_forward_rules()
        return WeightNet(self)

    def host_draws(self, state: TrainingState) -> tuple[Tensor, ...]:
        """Places of the meta batch and, where it is augmented, numbers for that."""
        assert state.data.meta is not None
        chosen = self._drawn(state.data.meta.y.shape[0])
        return (chosen, torch.rand(len(chosen), state.data.augmentation.draws)) if self.meta_augmented else (chosen,)

    def before_step(
        self,
        state: TrainingState,
        inputs: Tensor,
        labels: Tensor,
        *,
        drawn: tuple[Tensor, ...],
        progress: float | Tensor,
    ) -> None:
        weight_net, balanced = weight_net_of(state), self._meta_batch(state, *drawn)
        state.criterion.eval()
        rate = state.optimizer.param_groups[0]["lr"]
        included = state.criterion.included(labels)
        # Of the ways to compute attention this one alone has a forward-mode derivative.
        with sdpa_kernel(SDPBackend.MATH):
            loss, slope = meta_slope(state, weight_net, (inputs, labels), balanced, rate=rate, progress=progress)
        state.criterion.train()
        weight_net.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward((weight_net.pulls(loss, included) * slope).sum())
        weight_net.optimizer.step()

    def weighed(self, state: TrainingState, result: CriterionOutput, labels: Tensor) -> CriterionOutput:
        with torch.no_grad():
            weights = weight_net_of(state)(result.loss, result.included)
        classes = state.criterion.statistics.num_classes
        slots = slots_of(labels, classes, result.included)
        by_class = slots.to_classes(slots.mean(weights), classes)
        observed = {**result.observations, "meta_weight_net/weight": by_class}
        return result.scaled(weights)._replace(observations=observed)

    def _meta_batch(self, state: TrainingState, chosen: Tensor, numbers: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Network inputs and labels of a balanced batch, from what `host_draws` gave."""
        meta, augmentation = state.data.meta, state.data.augmentation
        assert meta is not None
        images = meta.x[chosen]
        if numbers is not None:
            images = augmentation.apply(images, numbers)
        return state.data.network_input(images), meta.y[chosen]

    def _drawn(self, number: int) -> Tensor:
        """Places of a meta batch among `number` examples; without replacement never more than there are."""
        if self.meta_replacement:
            return torch.randint(number, (self.meta_batch_size,))
        return torch.randperm(number)[: self.meta_batch_size]


class WeightNet(Companion):
    """Loss -> weight: one hidden layer with ReLU, a sigmoid, then mean 1 over the batch (Shu et al., Eq. 3)."""

    def __init__(self, options: MetaWeighted) -> None:
        super().__init__()
        self.detach_loss = options.detach_loss
        self.layers = nn.Sequential(nn.Linear(1, options.hidden), nn.ReLU(), nn.Linear(options.hidden, 1))
        rate, decay = options.meta_lr, options.meta_weight_decay
        self.optimizer: torch.optim.Optimizer = (
            torch.optim.Adam(self.parameters(), lr=rate, weight_decay=decay)
            if options.meta_optimizer == "adam"
            else torch.optim.SGD(self.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=decay)
        )

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"weight_net": self.optimizer}

    def placed(self, device: torch.device) -> None:
        for group in self.optimizer.param_groups:
            if "capturable" in group:
                group["capturable"] = device.type == "cuda"

    def forward(self, loss: Tensor, included: Tensor | None = None) -> Tensor:
        """Losses [N] to weights [N] of mean 1 over those included [N] (None: all), without gradient to the losses."""
        return self._weights(loss.detach(), included)

    def pulls(self, loss: Tensor, included: Tensor | None = None) -> Tensor:
        """[N] how the sum of weighted losses changes with each loss: its weight, and their slope if not detached.

        With gradient to the weighting network.
        """
        if self.detach_loss:
            return self._weights(loss.detach(), included)
        with torch.enable_grad():
            leaf = loss.detach().requires_grad_()
            total = (self._weights(leaf, included) * leaf).sum()
            slope: Tensor = torch.autograd.grad(total, leaf, create_graph=True)[0]
        return slope

    def _weights(self, loss: Tensor, included: Tensor | None) -> Tensor:
        raw = self.layers(loss.float()[:, None]).squeeze(1).sigmoid()
        normalized: Tensor = raw / mean_of(raw, included).clamp(min=torch.finfo(raw.dtype).tiny)
        return normalized.to(loss.dtype)


def weight_net_of(state: TrainingState) -> WeightNet:
    """The run's weighting network."""
    assert isinstance(state.companion, WeightNet)
    return state.companion


def meta_slope(
    state: TrainingState,
    weight_net: WeightNet,
    batch: tuple[Tensor, Tensor],
    balanced: tuple[Tensor, Tensor],
    *,
    rate: float | Tensor,
    progress: float | Tensor,
) -> tuple[Tensor, Tensor]:
    """[N] losses of a batch, and [N] how the meta loss after a virtual step changes with each example's pull v_i.

    With w' = w - rate * mean_i(v_i grad L_i) the chain rule gives d meta(w') / d v_i = -rate / N * <grad meta(w'),
    grad L_i(w)>, and the products for all i are one forward-mode derivative of the losses along grad meta(w'): exact,
    and without differentiating a backward pass. Parameters with a factor on their rate have it in the virtual step and
    on their part of grad meta(w').
    """
    trained = {name: value for name, value in state.model.named_parameters() if value.requires_grad}
    # Normalisation layers see three more batches here; their running statistics must not.
    buffers = {name: value.clone() for name, value in state.model.named_buffers()}
    leaves = {name: value.detach().requires_grad_() for name, value in trained.items()}
    result = losses(state, {**leaves, **buffers}, *batch, progress=progress)
    loss, included = result.loss, result.included
    pulls = weight_net.pulls(loss, included).detach()
    own = own_factors(state)
    factors = [own.get(name, 1.0) for name in leaves]
    gradients = times(torch.autograd.grad(result.scaled(pulls).mean, list(leaves.values()), allow_unused=True), factors)
    stepped = {
        name: (leaf if gradient is None else leaf - rate * gradient).detach().requires_grad_()
        for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True)
    }
    answer = functional_answer(state, {**stepped, **buffers}, balanced[0])
    meta_loss = nn.functional.cross_entropy(
        answer.logits.float(), balanced[1], ignore_index=state.criterion.ignore_index
    )
    direction = times(torch.autograd.grad(meta_loss, list(stepped.values()), allow_unused=True), factors)
    with torch.no_grad(), forward_ad.dual_level():
        duals = {
            name: leaf if along is None else forward_ad.make_dual(leaf.detach(), along)  # type: ignore[no-untyped-call]
            for (name, leaf), along in zip(leaves.items(), direction, strict=True)
        }
        # In float32: forward-mode derivatives of normalisation are slow in bf16 (ResNet-32: 1.1 s against 0.5 s).
        wide = replace(state, autocast_dtype=None)
        along_losses = unpack(losses(wide, {**duals, **buffers}, *batch, progress=progress).loss)
        slope = torch.zeros_like(loss) if along_losses is None else along_losses
    number = loss.shape[0] if included is None else included.sum().clamp(min=1).to(loss.dtype)
    return loss.detach(), -rate / number * slope


def own_factors(state: TrainingState) -> dict[str, float]:
    """Factors on the learning rate, of those parameters that have one of their own, by name."""
    groups = [group for group in state.optimizer.param_groups if "factor" in group]
    factors = {parameter: group["factor"] for group in groups for parameter in group["params"]}
    return {name: factors[value] for name, value in state.model.named_parameters() if value in factors}


def times(gradients: Iterable[Tensor | None], factors: Iterable[float]) -> tuple[Tensor | None, ...]:
    """Gradients with their factors."""
    pairs = zip(gradients, factors, strict=True)
    return tuple(value if value is None or factor == 1 else value * factor for value, factor in pairs)


@cache
def load_forward_rules() -> None:
    """Let torch load its rules for forward-mode derivatives, for which it uses a function that it has deprecated."""
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore", DeprecationWarning)
        forward_ad.make_dual(torch.zeros(()), torch.zeros(()))  # type: ignore[no-untyped-call]


def unpack(value: Tensor) -> Tensor | None:
    """The tangent of a dual tensor."""
    dual: Any = forward_ad.unpack_dual(value)  # type: ignore[no-untyped-call]
    tangent: Tensor | None = dual.tangent
    return tangent


def losses(
    state: TrainingState, tensors: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, *, progress: float | Tensor
) -> CriterionOutput:
    """The criterion on the network with other weights and buffers."""
    answer = functional_answer(state, tensors, inputs)
    return state.evaluate(answer, labels, progress=progress)


def functional_answer(state: TrainingState, tensors: Mapping[str, Tensor], inputs: Tensor) -> ModelOutput:
    """The network's answer with other weights and buffers than its own."""
    dtype = state.autocast_dtype
    # Autocast's cache of cast weights does not see functional weights change.
    with torch.autocast(state.device.type, dtype=dtype, enabled=dtype is not None, cache_enabled=False):
        output: ModelOutput = torch.func.functional_call(state.model, dict(tensors), (inputs,))
    return output
