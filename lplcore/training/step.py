"""The training step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lplcore.frame.batch_parts import part_sizes
from lplcore.frame.outputs import CriterionOutput
from lplcore.frame.step_criterion import StepCriterion
from lplcore.procedures import Procedure, TrainingState
from lplcore.training.totals import EpochTotals


@dataclass(frozen=True)
class Batch:
    """N training examples, on the device."""

    step: int | Tensor
    """Number of the step in its epoch, from 0; a scalar."""
    examples: Tensor
    """[N, ...] as stored."""
    labels: Tensor
    """[N], multi label: [N, C]."""
    draws: Tensor
    """[N, width] random numbers of the augmentation."""
    drawn: tuple[Tensor, ...] = ()
    """What the procedure drew on the host for this step."""


def train_step(
    procedure: Procedure, state: TrainingState, batch: Batch, totals: EpochTotals, *, progress: float | Tensor
) -> tuple[Tensor, CriterionOutput]:
    """One optimiser step, added to the epoch's totals; `progress` is the share of the training done, 0 to 1.

    Parts of a batch (`accumulation_steps`) are batches of their own to the method and to normalisation layers; each
    counts by the examples (multi label: entries) in it that are not ignored.

    Returns:
        The clean logits [N, C] and the criterion's output for the batch, both detached.
    """
    augmented = state.data.augmentation.apply(batch.examples, batch.draws)
    inputs, labels = state.data.network_input(augmented), batch.labels
    procedure.training_mode(state)
    procedure.before_step(state, inputs, labels, drawn=batch.drawn, progress=progress)
    inputs, labels = procedure.with_added_examples(state, inputs, labels)

    for parameter in state.parameters():
        parameter.grad = None
    logits: list[Tensor] = []
    results: list[CriterionOutput] = []
    for part, part_labels in parts(state, inputs, labels):
        mixed, targets = state.criterion.mix(part, part_labels)
        output = state.forward(mixed)
        result = procedure.weighed(state, state.evaluate(output, targets, progress=progress), part_labels)
        added = procedure.added_loss(state, output, targets)
        loss = result.mean if added is None else result.mean + added
        whole = part is inputs and result.included is None
        torch.autograd.backward(loss if whole else share_of(state.criterion, part_labels, labels) * loss)
        logits.append(output.logits.detach())
        results.append(result.detach())

    if state.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(state.parameters(), state.clip_norm)
    state.optimizer.step()

    number = batch.labels.shape[0]
    own_logits, own_result = joined_logits(logits)[:number], joined(results).first(number)
    totals.add(batch.step, batch.labels, own_logits, own_result)
    return own_logits, own_result


def parts(state: TrainingState, inputs: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The parts in which a batch is computed; the batch itself where there is one."""
    if state.accumulation_steps == 1:
        return iter([(inputs, labels)])
    sizes = part_sizes(inputs.shape[0], state.accumulation_steps, least=state.smallest_batch)
    return zip(torch.split(inputs, sizes), torch.split(labels, sizes), strict=True)


def joined_logits(logits: Sequence[Tensor]) -> Tensor:
    """Those of a batch from those of its parts."""
    return logits[0] if len(logits) == 1 else torch.cat(list(logits))


def joined(results: Sequence[CriterionOutput]) -> CriterionOutput:
    """The output for a batch from those for its parts; observations are means over the parts that have one."""
    if len(results) == 1:
        return results[0]
    first, *_ = results
    observations = {
        name: torch.stack([result.observations[name] for result in results]).nanmean(dim=0)
        for name in first.observations
    }
    return CriterionOutput(
        loss=torch.cat([result.loss for result in results]),
        clean_loss=torch.cat([result.clean_loss for result in results]),
        perturbed_loss=torch.cat([result.perturbed_loss for result in results]),
        observations=observations,
        included=joined_masks(results),
    )


def joined_masks(results: Sequence[CriterionOutput]) -> Tensor | None:
    """Whether losses count, None where all of all parts do."""
    if all(result.included is None for result in results):
        return None
    masks = [
        torch.ones_like(result.loss, dtype=torch.bool) if result.included is None else result.included
        for result in results
    ]
    return torch.cat(masks)


def share_of(criterion: StepCriterion, part: Tensor, labels: Tensor) -> Tensor | float:
    """What a part of a batch's labels counts in the batch."""
    own, all_of_them = criterion.included(part), criterion.included(labels)
    if all_of_them is None:
        return part.shape[0] / labels.shape[0]
    number = part.numel() if own is None else own.sum()
    return number / all_of_them.sum().clamp(min=1).float()
