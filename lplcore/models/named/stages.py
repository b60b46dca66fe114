"""The stages of a network, which can be frozen one after the other."""

from collections.abc import Iterator

from torch import nn

OPENED = frozenset({"features", "trunk_output", "encoder", "layers", "blocks", "stages"})
"""Containers of blocks, by the names that libraries give them."""


def stages_of(body: nn.Module) -> list[list[nn.Module]]:
    """Modules by stage: every block is one, with the single layers before it; the last has those after it too.

    Blocks come in the order in which the network has them, those within `features`, `blocks` and the like one by one.
    """
    stages: list[list[nn.Module]] = []
    waiting: list[nn.Module] = []
    for part in parts(body):
        waiting.append(part)
        if any(has_weights(child) for child in part.children()):
            stages.append(waiting)
            waiting = []
    if not stages:
        return [waiting]
    stages[-1] += waiting
    return stages


def parts(body: nn.Module) -> Iterator[nn.Module]:
    """Blocks and single layers, containers opened."""
    for name, child in body.named_children():
        if name in OPENED:
            yield from parts(child)
        else:
            yield child


def has_weights(module: nn.Module) -> bool:
    """Whether a module has any parameter."""
    return next(module.parameters(), None) is not None


def normalisations(body: nn.Module) -> list[nn.Module]:
    """Every layer that normalises over a batch."""
    return [part for part in body.modules() if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)]


def freeze(body: nn.Module, number: int) -> list[nn.Module]:
    """Keep the first stages from learning; parameters that lie in no block, such as tokens, go with the first.

    Returns:
        Modules to be kept in evaluation mode, so that their statistics stay too.
    """
    stages = stages_of(body)
    frozen = [module for stage in stages[:number] for module in stage]
    for module in frozen:
        module.requires_grad_(False)
    in_blocks = {parameter for stage in stages for module in stage for parameter in module.parameters()}
    for parameter in body.parameters() if number else ():
        if parameter not in in_blocks:
            parameter.requires_grad_(False)
    return frozen
