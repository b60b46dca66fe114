"""Pretrained weights of torchvision's and timm's networks come from local files of the libraries' own names."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

import lplcore
from lplcore import plugin
from lplcore.models.timm import timm
from lplcore.models.torchvision import models
from tests.lplcore_training.named_networks import Listed, each, images, spec_of

FIXED_SIZE = ("vit", "swin", "mixer")
"""Their tables of positions are made for one size of images."""


def published(row: Listed) -> nn.Module:
    """The library's own network with 1000 classes."""
    torch.default_generator.manual_seed(1)
    if row.library == "torchvision":
        network: nn.Module = models().get_model(row.architecture, weights=None)
        return network.eval()
    network = timm().create_model(row.architecture, pretrained=False)
    return network.eval()


def last_input(network: nn.Module, x: Tensor) -> Tensor:
    """What the last linear layer takes."""
    seen: list[Tensor] = []
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    handle = last.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    with torch.inference_mode():
        network(x)
    handle.remove()
    return seen[-1]


def loaded(library: str, path: Path, side: int, channels: int = 3, **fields: Any) -> Any:
    record = plugin.get("model", library)(weights_path=str(path), **fields)
    return record.build(input_shape=(channels, side, side), num_classes=2).eval()


@pytest.mark.parametrize("row", each())
def test_a_librarys_own_file_gives_its_features(row: Listed, tmp_path: Path) -> None:
    source = published(row)
    side = 224 if row.architecture.startswith(FIXED_SIZE) else 64
    x = torch.randn(1, 3, side, side)
    for name, save in (("w.safetensors", safetensors.torch.save_file), ("w.pt", torch.save)):
        save(source.state_dict(), tmp_path / name)
        model = loaded(row.library, tmp_path / name, side, architecture=row.architecture)
        (tmp_path / name).unlink()
        with torch.inference_mode():
            torch.testing.assert_close(model(x).features, last_input(source, x), rtol=0, atol=0)


def shufflenet(folder: Path, change: Any = None) -> tuple[nn.Module, Path]:
    """A small network and a file of its weights."""
    source = published(Listed("torchvision", "shufflenet_v2_x1_0", 0, 0, 0, 0))
    state = source.state_dict()
    torch.save(state if change is None else change(state), folder / "w.pth")
    return source, folder / "w.pth"


def without_counters(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"module.{name}": value for name, value in state.items() if "num_batches_tracked" not in name}


def test_old_files_without_counters_are_read(tmp_path: Path) -> None:
    source, path = shufflenet(tmp_path, without_counters)
    x = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        features = loaded("torchvision", path, 32, architecture="shufflenet_v2_x1_0")(x).features
    assert torch.equal(features, last_input(source, x))


def test_densenets_published_names_are_read(tmp_path: Path) -> None:
    state = published(Listed("torchvision", "densenet121", 0, 0, 0, 0)).state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): value for name, value in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "w.pth")
    model = loaded("torchvision", tmp_path / "w.pth", 32, architecture="densenet121")
    name = "features.denseblock4.denselayer16.conv2.weight"
    assert torch.equal(model.body.get_parameter(name), state[name])


@pytest.mark.parametrize(("library", "architecture"), [("torchvision", "regnet_y_400mf"), ("timm", "regnety_004")])
@pytest.mark.parametrize("channels", [1, 6])
def test_the_first_layer_takes_the_mean_of_the_channels(
    library: str, architecture: str, channels: int, tmp_path: Path
) -> None:
    source = published(Listed(library, architecture, 0, 0, 0, 0))
    torch.save(source.state_dict(), tmp_path / "w.pth")
    model = loaded(library, tmp_path / "w.pth", 32, channels, architecture=architecture)
    grey = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        features = model(grey.expand(-1, channels, -1, -1)).features
    torch.testing.assert_close(features, last_input(source, grey.expand(-1, 3, -1, -1)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "change", "says"),
    [
        ("shufflenet_v2_x1_0", None, None),
        ("shufflenet_v2_x1_0", without_counters, None),
        ("shufflenet_v2_x1_5", None, "another network; the first difference is "),
        ("resnet18", None, "another network"),
        ("shufflenet_v2_x1_0", lambda state: {"state_dict": state}, "holds more than tensors"),
        ("shufflenet_v2_x1_0", lambda state: {k: v for k, v in state.items() if "stage3" not in k}, "is stage3."),
    ],
)
def test_a_wrong_file_is_refused_before_a_run(architecture: str, change: Any, says: str | None, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    shufflenet(tmp_path / "weights", change)
    data = images(tmp_path)
    model = {"name": "torchvision", "architecture": architecture, "weights_path": "w.pth"}
    plan = lplcore.parse_spec(spec_of(model), datasets=data).plan()
    check = partial(lplcore.check_plan, plan, info_of=partial(lplcore.dataset_info, datasets=data), data_dir=tmp_path)
    if says is None:
        assert check()
        return
    with pytest.raises(lplcore.SpecError, match=r"^model\.weights_path: ") as refusal:
        check()
    assert says in str(refusal.value)
