"""Pretrained weights from a local file; nothing but tensors is ever unpickled."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import safetensors.torch
import torch
from pydantic import Field
from torch import Tensor

from lplcore.data.weights_folder import PLACE, within_weights
from lplcore.errors import SpecError
from lplcore.models import Model

COUNTER = ".num_batches_tracked"
"""What old files lack, and no network needs."""
OLD_DENSE_LAYER = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(?=[12]\.)")
"""As in `denselayer1.norm.1.weight`, today `denselayer1.norm1.weight`: the published files have the old names."""
DERIVED = (".relative_position_index", ".relative_coords_table", ".attn_mask")
"""Tables that some versions of a library save, and others compute."""


class PretrainedModel(Model):
    """A network on images that may begin with the weights of a file."""

    images_only: ClassVar[bool] = True
    batch_statistics: ClassVar[bool] = True

    weights_path: str | None = Field(
        None,
        max_length=4096,
        description="pretrained weights (.safetensors, or .pt and .pth of tensors only), a path within the folder "
        "`weights` of the worker's data directory, named as the library names them; the file's last layer is left out",
    )
    frozen_statistics: bool = Field(
        False,
        description="batch normalisation keeps the statistics of its weights in stages that learn, too, but not a "
        "neck's",
    )

    linear_probe: bool = Field(
        False,
        description="only the last layer learns, and the neck where there is one, on features that are computed once",
    )

    @property
    def probes(self) -> bool:
        return self.linear_probe

    def resolved(self, weights_dir: Path) -> Self:
        if self.weights_path is None:
            return self
        path = within_weights(weights_dir, self.weights_path, field="model.weights_path")
        return self.model_copy(update={"weights_path": str(path)})


def read_weights(path: Path) -> Mapping[str, Any]:
    """Tensors by name from a file.

    Raises:
        SpecError: absent, damaged or not a file of tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a foreign pickle's protocol is warned of before it is refused
            state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise refused(f"there is no file {path.name} in {PLACE}") from error
    except Exception as error:  # a damaged pickle may raise anything
        raise refused(f"{path.name} cannot be read; give .safetensors, or .pth with tensors only") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise refused(f"{path.name} holds more than tensors; save the network's state_dict() alone")
    return state


def fitting(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], *, last_layers: tuple[str, ...], first_layer: str
) -> dict[str, Tensor]:
    """A file's weights for a network with these, its last layer left out.

    A first layer for other than three channels takes the mean over the file's channels.

    Args:
        own: weights of the network without last layer.
        state: the file's.
        last_layers: names of layers to leave out.
        first_layer: name of the layer that takes the images.

    Raises:
        SpecError: they are of another network.
    """
    left_out = tuple(f"{layer}." for layer in last_layers)
    kept = {OLD_DENSE_LAYER.sub(r"\1", name.removeprefix("module.")): value for name, value in state.items()}
    kept = {name: value for name, value in kept.items() if not name.startswith(left_out)}
    kept = {name: value for name, value in kept.items() if name in own or not name.endswith(DERIVED)}
    kept = {**{name: own[name] for name in own if name.endswith((COUNTER, *DERIVED))}, **kept}
    first = f"{first_layer}.weight"
    if first in kept and first in own:
        kept[first] = for_channels(kept[first], own[first].shape[1])
    for name in sorted({*own, *kept}):
        if name not in own or name not in kept or own[name].shape != kept[name].shape:
            raise refused(f"these are weights of another network; the first difference is {name}")
    return kept


def for_channels(weight: Tensor, channels: int) -> Tensor:
    """A convolution's weights for colour images [out, 3, ...] as those for images with other channels."""
    if weight.dim() != 4 or weight.shape[1] != 3 or channels == 3:
        return weight
    return weight.mean(dim=1, keepdim=True).expand(-1, channels, -1, -1) * (3 / channels)


def refused(message: str) -> SpecError:
    """What is wrong with the file of pretrained weights."""
    return SpecError([{"path": "model.weights_path", "message": message}])
