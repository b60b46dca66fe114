"""Checkpoints: one safetensors file with all that a run needs to go on exactly where it was.

Two runs of one spec and seed write the same bytes: tensors in the library's fixed order, and all else as sorted JSON
under one metadata key (several keys would come in the order of a hash map).
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from lplcore.device import is_out_of_memory
from lplcore.errors import CheckpointError
from lplcore.spec.identity import differences

METADATA_KEY = "lplcore"
FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds: tensors by name, and JSON."""

    tensors: dict[str, Tensor]
    metadata: dict[str, Any]

    def count(self, name: str, most: int) -> int:
        """A whole number from 0 to `most` in the metadata, 0 where it is absent.

        Raises:
            CheckpointError: it is anything else.
        """
        value = self.metadata.get(name, 0)
        if type(value) is not int or not 0 <= value <= most:
            raise CheckpointError(f"the checkpoint says {name} {value!r}; from 0 to {most} makes sense here")
        return value

    def group(self, prefix: str) -> dict[str, Tensor]:
        """The tensors under a prefix, without it."""
        start = f"{prefix}."
        return {name[len(start) :]: tensor for name, tensor in self.tensors.items() if name.startswith(start)}


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write the file; it appears under its name only when it is complete and on disk.

    Raises:
        OSError: the folder is not writable or the disk is full.
    """
    metadata = {METADATA_KEY: json.dumps({"format": FORMAT, **checkpoint.metadata}, sort_keys=True, allow_nan=False)}
    # Tensors that share memory (tied weights) must be copies of their own, and all must lie densely.
    tensors = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in sorted(checkpoint.tensors.items())
    }
    temporary = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as file:
            file.write(safetensors.torch.save(tensors, metadata=metadata))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: no such file, damaged, or not a checkpoint of this program.
    """
    with opened(path) as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    return Checkpoint(tensors, parsed(text, Path(path).name))


def load_metadata(path: str | Path) -> dict[str, Any]:
    """What a checkpoint holds besides its tensors.

    Raises:
        CheckpointError: as `load`.
    """
    with opened(path) as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
    return parsed(text, Path(path).name)


@contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """A checkpoint's file.

    Raises:
        CheckpointError: no such file, or damaged.
    """
    name = Path(path).name
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(f"checkpoint {name} is not there") from error
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"checkpoint {name} cannot be read, it is damaged or incomplete ({error})") from error


def parsed(text: str | None, name: str) -> dict[str, Any]:
    """The metadata of the checkpoint of that name.

    Raises:
        CheckpointError: not written by this program.
    """
    try:
        metadata = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"checkpoint {name} was not written by this program: no {METADATA_KEY} metadata"
        ) from error
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"checkpoint {name} has format {metadata.get('format')!r}, this program reads {FORMAT}")
    return metadata


@contextmanager
def unusable_is_damaged() -> Iterator[None]:
    """Turn unexpected errors while restoring into CheckpointError.

    Raises:
        CheckpointError: with the error's name and text.
    """
    try:
        yield
    except (CheckpointError, OSError, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise CheckpointError(f"the checkpoint is damaged ({type(error).__name__}: {error})") from error


def check_same_experiment(checkpoint: Checkpoint, expected: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose metadata differ from what the run would write.

    Raises:
        CheckpointError: names every field that differs, with both values.
    """
    differing = [
        difference
        for field, value in expected.items()
        for difference in differences(checkpoint.metadata.get(field), value, field)
    ]
    if differing:
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        raise CheckpointError(f"the checkpoint is of another experiment: {'; '.join(differing[:5])}{more}")


def load_module(module: nn.Module, state: Mapping[str, Tensor], *, what: str) -> None:
    """Put weights and buffers into a module.

    Raises:
        CheckpointError: names or shapes differ.
    """
    own = module.state_dict()
    for name in sorted({*own, *state}):
        if name not in state:
            raise CheckpointError(f"the checkpoint lacks {what}.{name}; it is of another model")
        if name not in own:
            raise CheckpointError(
                f"the checkpoint has {what}.{name}, which does not exist here; it is of another model"
            )
        if own[name].shape != state[name].shape:
            shapes = f"{list(state[name].shape)} in the checkpoint, {list(own[name].shape)} here"
            raise CheckpointError(f"{what}.{name} is {shapes}; it is of another model")
    module.load_state_dict(dict(state))


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's state by `<number of the parameter>.<name>`."""
    state: Mapping[int, Mapping[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{index:05d}.{name}": torch.as_tensor(value)
        for index, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A tensor laid out in memory as its parameter: on CUDA another layout may take a kernel that gives other bits."""
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put the state of `optimizer_tensors` back.

    Raises:
        CheckpointError: it is of other parameters.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        if not index.isdecimal() or int(index) >= len(parameters):
            raise CheckpointError(f"the checkpoint has an optimizer state {key!r}, which does not exist here")
        if value.shape != (() if name == "step" else parameters[int(index)].shape):
            raise CheckpointError(f"the optimizer state {key} has shape {list(value.shape)}; it is of another model")
        state.setdefault(int(index), {})[name] = value if name == "step" else laid_out_as(parameters[int(index)], value)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
