"""What the records of libraries' networks share."""

from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from lplcore.data.data_files import stamp
from lplcore.errors import SpecError
from lplcore.models import Classifier
from lplcore.models.named.library import Body, Library
from lplcore.models.named.network import NamedNetwork, Neck
from lplcore.models.named.pretrained import PretrainedModel, fitting, read_weights
from lplcore.models.named.trial import Facts, Unfit, on_meta, quiet, tried


class NamedNetworkModel(PretrainedModel):
    """A library's network by name, its last layer replaced."""

    library: ClassVar[Library]

    architecture: str = Field(
        "resnet18", min_length=1, max_length=200, description="name within the library; see docs/networks.md"
    )
    frozen_stages: int = Field(
        0, ge=0, le=1000, description="stages that do not train, statistics included; see docs/networks.md"
    )
    backbone_lr_factor: float = Field(
        1.0, ge=0, le=1000, description="factor on the learning rate of all but neck and last layer"
    )
    neck: Neck | None = Field(
        None, description="linear, batch normalisation, ReLU and dropout before the last layer, which begins small"
    )

    def check(self, input_shape: tuple[int, ...]) -> list[tuple[str, str]]:
        problems = super().check(input_shape)
        if problems:
            return problems
        fit = self._tried(input_shape)
        if isinstance(fit, Unfit):
            return [fit]
        if self.frozen_stages > fit.num_stages:
            return [("frozen_stages", f"{self.architecture} has {fit.num_stages} stages; lower it")]
        return []

    def timing_dependent(self, input_shape: tuple[int, ...]) -> str | None:
        fit = None if super().check(input_shape) else self._tried(input_shape)
        return fit.timing_dependent if isinstance(fit, Facts) else None

    def check_files(self, weights_dir: Path, input_shape: tuple[int, ...]) -> None:
        path = self.resolved(weights_dir).weights_path
        if path is None or self.check(input_shape):
            return  # what does not fit is said without looking at files
        check_pretrained(self.library, self.architecture, shape_of_images(input_shape), Path(path), stamp([Path(path)]))

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        fit = self._tried(input_shape)
        if isinstance(fit, Unfit):
            raise SpecError([{"path": f"model.{fit.field}", "message": fit.message}])
        with quiet():
            body = self.library.body(self.architecture, input_shape[0], fit.size).module
        if self.weights_path is not None:
            load_pretrained(body, fit, Path(self.weights_path))
        neck, num_features = self._neck(fit.num_features)
        return NamedNetwork(
            body,
            neck,
            self.build_head(num_features, num_classes),
            num_features=num_features,
            dropout=self.dropout,
            frozen_stages=fit.num_stages if self.linear_probe else self.frozen_stages,
            frozen_statistics=self.frozen_statistics,
            body_rate=self.backbone_lr_factor,
        )

    def _neck(self, in_features: int) -> tuple[nn.Module | None, int]:
        """The neck, and the length of what it gives."""
        if self.neck is None:
            return None, in_features
        return self.neck.build(in_features), self.neck.features

    def _tried(self, input_shape: tuple[int, ...]) -> Facts | Unfit:
        return tried(self.library, self.architecture, shape_of_images(input_shape))


def shape_of_images(input_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """An example's shape as that of an image."""
    channels, height, width = input_shape
    return channels, height, width


@lru_cache(maxsize=64)
def check_pretrained(
    library: Library, architecture: str, input_shape: tuple[int, int, int], path: Path, stamped: str
) -> None:
    """Whether a file has weights for a network; `stamped` changes with it, and only what fits is remembered.

    Raises:
        SpecError: it has not.
    """
    facts = tried(library, architecture, input_shape)
    assert isinstance(facts, Facts)
    body: Body = on_meta(library, architecture, input_shape[0], facts.size)
    pretrained(body.module, facts, path)


def pretrained(body: nn.Module, facts: Facts, path: Path) -> dict[str, Tensor]:
    """A file's weights for a network.

    Raises:
        SpecError: it has none.
    """
    own, state = body.state_dict(), read_weights(path)
    return fitting(own, state, last_layers=facts.last_layers, first_layer=facts.first_layer)


def load_pretrained(body: nn.Module, facts: Facts, path: Path) -> None:
    """Put a file's weights into a network.

    Raises:
        SpecError: they are of another network.
    """
    body.load_state_dict(pretrained(body, facts, path))
