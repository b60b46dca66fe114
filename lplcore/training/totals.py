"""What a training epoch adds up on the device; read once at its end, saved where it stops in between."""

import math

import numpy as np
import torch
from torch import Tensor

from lplcore.device import accumulator_dtype, host_sees
from lplcore.events import FloatArray
from lplcore.method.criterion import CriterionOutput
from lplcore.training.evaluation.single_label import finite, ratio
from lplcore.training.variation import SUMS, LossVariation, SignedLossVariation

NEVER = 2**62
"""Sentinel: no loss was non-finite."""


class EpochTotals:
    """Sums over the steps of one epoch. C classes."""

    def __init__(self, num_classes: int, device: torch.device, *, task: str = "single_label") -> None:
        self.device, self.multi_label = device, task == "multi_label"
        wide = accumulator_dtype(device)
        self.by_class = torch.zeros(num_classes, 2 if self.multi_label else 2 + SUMS, dtype=wide, device=device)
        """Examples seen, examples predicted right and, for single label, the sums of the loss variation."""
        self.variation: LossVariation = (
            SignedLossVariation(num_classes, device)
            if self.multi_label
            else LossVariation(num_classes, device, self.by_class[:, 2:])
        )
        self.losses = torch.zeros((), dtype=torch.int64, device=device)
        """Losses that were summed: examples, or entries for multi label."""
        self.loss = torch.zeros(2, dtype=wide, device=device)
        """Sums of the loss and of the base loss on clean logits."""
        self.first_bad_step = torch.full((), NEVER, dtype=torch.int64, device=device)
        self.observed: dict[str, Tensor] = {}
        """[2, C] per observation: sum over batches, number of batches that saw the class."""
        self._summed: tuple[str, ...] = ()
        self._sums = self.loss

    @property
    def seen(self) -> Tensor:
        """[C] int64, training examples of each class."""
        return self.by_class[:, 0].long()

    @property
    def correct(self) -> Tensor:
        """[C] int64, those of them that were predicted right."""
        return self.by_class[:, 1].long()

    @torch.no_grad()
    def add(self, step: int | Tensor, labels: Tensor, logits: Tensor, output: CriterionOutput) -> None:
        """Take in a step (from 0): labels [N], clean logits [N, C] and what the criterion gave.

        Labels are multi-hot [N, C] for multi label. What the criterion ignored is left out. All sums stay where they
        are in memory.
        """
        included = output.included
        self.losses += output.loss.numel() if included is None else included.sum()
        wide = torch.stack([output.loss, output.clean_loss, output.perturbed_loss]).to(self.loss.dtype)
        _, clean, perturbed = wide.unbind()
        if self.multi_label:
            self.variation.add(labels, clean, perturbed)
        else:
            share = torch.ones_like(clean) if included is None else included.to(clean.dtype)
            labels = labels if included is None else torch.where(included, labels, 0)
            hits = share * (logits.argmax(dim=1) == labels)
            rows = torch.stack([share, hits, *LossVariation.columns(clean, perturbed, share)], dim=1)
            self.by_class.index_add_(0, labels, rows)
        sums = wide[:2].flatten(1).sum(dim=1)
        self.loss += sums
        self._note(step, sums)
        if output.observations:
            values = torch.stack(list(output.observations.values()))
            defined = ~values.isnan()
            pairs = torch.stack([torch.where(defined, values, 0), defined], dim=1)
            self._sums_of(tuple(output.observations)).add_(pairs)

    def _sums_of(self, names: tuple[str, ...]) -> Tensor:
        """[K, 2, C] the sums of these observations, side by side in memory."""
        if names != self._summed:
            empty = self.loss.new_zeros(2, len(self.by_class))
            self._summed, self._sums = names, torch.stack([self.observed.get(name, empty) for name in names])
            self.observed |= dict(zip(names, self._sums.unbind(), strict=True))
        return self._sums

    def reset(self) -> None:
        """Begin an epoch with nothing, in the same memory."""
        for total in (self.by_class, self.losses, self.loss, *self.observed.values()):
            total.zero_()
        self.variation.sums.zero_()
        self.first_bad_step.fill_(NEVER)

    def _note(self, step: int | Tensor, sums: Tensor) -> None:
        """Keep the first step whose sums are not finite."""
        if host_sees(sums) and all(map(math.isfinite, sums.tolist())):
            return
        bad = torch.where(sums.isfinite().all(), NEVER, step)
        torch.minimum(self.first_bad_step, bad, out=self.first_bad_step)

    def diverged_at(self) -> int | None:
        """The first step (from 0) whose loss was not finite."""
        step = int(self.first_bad_step)
        return None if step == NEVER else step

    def metrics(self) -> dict[str, float | None]:
        """Scalars over the epoch's training examples."""
        loss, base_loss = (self.loss / self.losses.clamp(min=1)).tolist()
        metrics = {"train/loss": finite(loss), "train/base_loss": finite(base_loss)}
        if not self.multi_label:
            metrics["train/top1_error"] = 1.0 - int(self.correct.sum()) / max(int(self.seen.sum()), 1)
        return metrics

    def series(self) -> dict[str, FloatArray]:
        """Per-class values [C], NaN where undefined."""
        values_by_name = {name: total[0] / total[1] for name, total in self.observed.items()}
        values_by_name |= self.variation.relative() | self.variation.absolute()
        arrays = {name: values.to("cpu", torch.float32).numpy() for name, values in values_by_name.items()}
        if self.multi_label:
            return arrays
        accuracy = ratio(self.correct.cpu().numpy(), self.seen.cpu().numpy())
        return {"train/accuracy": accuracy.astype(np.float32), **arrays}

    def state(self) -> dict[str, Tensor]:
        """All sums by name, for a checkpoint."""
        return {
            "seen": self.seen,
            "correct": self.correct,
            "loss": self.loss,
            "losses": self.losses,
            "first_bad_step": self.first_bad_step,
            **{f"variation.{name}": value for name, value in self.variation.state().items()},
            **{f"observed.{name}": value for name, value in self.observed.items()},
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from the sums of a checkpoint."""
        for column, name in enumerate(("seen", "correct")):
            self.by_class[:, column].copy_(state[name])
        for name in ("loss", "first_bad_step"):
            getattr(self, name).copy_(state[name])
        # Checkpoints of 0.1 have one loss per example and do not count them again.
        self.losses.copy_(state.get("losses", self.seen.sum()))
        variation = "variation."
        self.variation.load({n.removeprefix(variation): value for n, value in state.items() if n.startswith(variation)})
        prefix, self._summed = "observed.", ()
        self.observed = {
            name.removeprefix(prefix): value.to(self.device, self.loss.dtype).reshape(2, len(self.seen))
            for name, value in state.items()
            if name.startswith(prefix)
        }
