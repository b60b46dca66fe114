"""Generated examples as augmentation: a generator is trained first, then its examples join every training batch."""

import math
from abc import abstractmethod
from typing import ClassVar, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.data.info import DatasetInfo
from lplcore.frame.labels import one_hot
from lplcore.procedures import Companion, Procedure, TrainingData, TrainingState
from lplcore.procedures.generated_data.networks import generator

SMALLEST_IMAGE = 8
BETAS = (0.5, 0.999)
"""Of Adam, as in DCGAN."""


class GeneratedData(Procedure):
    """What the procedures with generators share.

    Before the first epoch the generator learns from the training set, in the space of the network's inputs. Then every
    batch of N examples is joined by generated ones that make up `share` of it. Metrics of the training set are of the
    real examples alone.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    accumulates: ClassVar[bool] = False

    share: float = Field(
        0.2,
        ge=0,
        le=0.9,
        description="share of generated examples in a batch; 0 for none",
        json_schema_extra={"slider": {"min": 0, "max": 0.9, "step": 0.05}},
    )
    labels: Literal["uniform", "training"] = Field(
        "uniform", description="labels of generated examples: every class alike, or as frequent as in training"
    )
    generator_epochs: int = Field(200, ge=1, le=100_000, description="passes over the training set before epoch 1")
    generator_batch_size: int = Field(64, ge=2, le=100_000, description="real, and as many generated, examples a step")
    generator_lr: float = Field(2e-4, gt=0, le=1, description="learning rate of both networks (Adam, betas 0.5, 0.999)")
    latent: int = Field(100, ge=1, le=10_000, description="random numbers of the code")
    width: int = Field(32, ge=4, le=4096, description="channels of the largest maps (images only)")
    balanced: bool = Field(True, description="whether the generator learns from every class alike")

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        if len(input_shape) == 3 and min(input_shape[1:]) < SMALLEST_IMAGE:
            return [f"{self.name!r} needs images of at least {SMALLEST_IMAGE}x{SMALLEST_IMAGE} pixels"]
        return []

    @abstractmethod
    def build(self, info: DatasetInfo) -> "Gan":
        """Generator and discriminator."""

    def preparation_steps(self, info: DatasetInfo) -> int:
        if self.share == 0:
            return 0
        return self.generator_epochs * math.ceil(info.num_train / self.generator_batch_size)

    def prepare(self, state: TrainingState, step: int) -> None:
        gan = gan_of(state)
        if step == 0:
            gan.learn_range(state.data)
        gan.learn(*gan.draw(state.data, self.generator_batch_size, balanced=self.balanced))

    def with_added_examples(self, state: TrainingState, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        if self.share == 0:
            return inputs, labels
        number = round(labels.shape[0] * self.share / (1 - self.share))
        added = gan_of(state).labels(state.data, number, uniform=self.labels == "uniform")
        return torch.cat([inputs, self.generate(state, added)]), torch.cat([labels, added])

    @torch.no_grad()
    def generate(self, state: TrainingState, labels: Tensor) -> Tensor:
        """Generated network inputs [N, ...] of these labels [N]."""
        gan = gan_of(state).eval()
        return gan.generate(labels, gan.random_code(labels))


class Pool(NamedTuple):
    """The training examples by class, on the device."""

    order: Tensor
    """Indices of the examples that have a class, class after class."""
    present: Tensor
    """Classes that have examples."""
    first: Tensor
    """[C] place in `order` where a class begins."""
    size: Tensor
    """[C] examples of a class."""
    labelled: Tensor
    """Indices of the examples whose label is not to ignore."""


class Gan(Companion):
    """A generator from (random code, one-hot label), and a discriminator; they learn in turns.

    Generated values stay within the range of the training set, per pixel or feature.
    """

    low: Tensor
    high: Tensor

    def __init__(self, options: GeneratedData, info: DatasetInfo, discriminator: nn.Module) -> None:
        super().__init__()
        self.classes, self.latent = len(info.classes), options.latent
        self.generator = generator(options.latent + self.classes, info.input_shape, width=options.width)
        self.discriminator = discriminator
        self.register_buffer("low", torch.zeros(info.input_shape))
        self.register_buffer("high", torch.zeros(info.input_shape))
        rate = options.generator_lr
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), lr=rate, betas=BETAS)
        self.discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=rate, betas=BETAS)
        self.pool: Pool | None = None

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"generator": self.generator_optimizer, "discriminator": self.discriminator_optimizer}

    @abstractmethod
    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        """What the discriminator minimises on real and generated inputs [N, ...] of the same labels [N]."""

    @abstractmethod
    def generator_loss(self, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        """What the generator minimises on what it made of labels [N] and codes [N, latent]."""

    def random_code(self, labels: Tensor) -> Tensor:
        """[N, latent] random numbers."""
        return torch.randn(labels.shape[0], self.latent, device=labels.device)

    def generate(self, labels: Tensor, code: Tensor) -> Tensor:
        """Labels [N] and codes [N, latent] to network inputs [N, ...], with graph."""
        one_hot_labels = one_hot(labels, self.classes, code.dtype)
        raw: Tensor = self.generator(torch.cat([code, one_hot_labels], dim=1))
        return self.low + (self.high - self.low) * raw.sigmoid()

    def learn(self, real: Tensor, labels: Tensor) -> None:
        """One step of the discriminator, then one of the generator, on real inputs [N, ...] and their labels [N]."""
        code = self.random_code(labels)
        fake = self.generate(labels, code)
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.discriminator_loss(real, fake.detach(), labels, code))
        self.discriminator_optimizer.step()
        self.generator_optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.generator_loss(fake, labels, code), inputs=list(self.generator.parameters()))
        self.generator_optimizer.step()

    def learn_range(self, data: TrainingData) -> None:
        """Find the smallest and largest network input, per pixel or feature."""
        bounds = data.network_input(data.train.extremes())
        self.low.copy_(bounds[0])
        self.high.copy_(bounds[1])

    def draw(self, data: TrainingData, number: int, *, balanced: bool) -> tuple[Tensor, Tensor]:
        """Random real network inputs [number, ...] and labels [number]."""
        train, pool = data.train, self._pool(data)
        if balanced:
            labels = self.labels(data, number, uniform=True)
            place = (torch.rand(number, device=labels.device) * pool.size[labels]).long()
            # The product can round up to the size itself.
            chosen = pool.order[pool.first[labels] + place.clamp(max=pool.size[labels] - 1)]
        else:
            chosen = pool.labelled[torch.randint(pool.labelled.shape[0], (number,), device=train.y.device)]
        return data.network_input(train.x[chosen]), train.y[chosen]

    def labels(self, data: TrainingData, number: int, *, uniform: bool) -> Tensor:
        """[number] random labels."""
        pool = self._pool(data)
        source = pool.present if uniform else data.train.y[pool.labelled]
        return source[torch.randint(source.shape[0], (number,), device=source.device)]

    def _pool(self, data: TrainingData) -> Pool:
        if self.pool is None:
            labelled = (data.train.y >= 0).nonzero().squeeze(1)
            labels = data.train.y[labelled]
            size = labels.bincount(minlength=self.classes)
            first = size.cumsum(0) - size
            order = labelled[labels.argsort(stable=True)]
            self.pool = Pool(order, size.nonzero().squeeze(1), first, size, labelled)
        return self.pool


def gan_of(state: TrainingState) -> Gan:
    """The run's generator and discriminator."""
    assert isinstance(state.companion, Gan)
    return state.companion


def real_loss(logits: Tensor) -> Tensor:
    """Mean -log sigmoid of logits [N]: low where they are taken for real."""
    return nn.functional.softplus(-logits).mean()


def fake_loss(logits: Tensor) -> Tensor:
    """Mean -log(1 - sigmoid) of logits [N]: low where they are taken for generated."""
    return nn.functional.softplus(logits).mean()
