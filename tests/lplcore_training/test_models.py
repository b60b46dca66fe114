"""Networks: published sizes, heads, features, dropout, frozen stages and pretrained weights."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from lplcore import plugin
from lplcore.models import Classifier
from tests.grids import campaign

IMAGE = (3, 32, 32)
SIZES = {
    "resnet32": 464_154,
    "resnet110": 1_727_962,
    "se_resnet110": 1_742_200,
    "wide_resnet_16_8": 10_961_370,
    "wide_resnet_28_10": 36_479_194,
}
"""Parameters at 10 classes: 0.46, 1.7, 1.7, 11.0 and 36.5 million, as published."""
CONVOLUTIONAL = [*SIZES, "la_resnet32", "resnet50", "resnet101"]
LARGE = ("wide_resnet_28_10", "resnet101")
VARIANTS: list[tuple[str, dict[str, Any], int, int]] = [
    ("la_resnet32", {}, 10, 300_762),
    ("la_resnet32", {}, 100, 306_612),
    ("la_resnet32", {"blocks_per_stage": 18}, 10, 1_078_266),
    ("la_resnet32", {"blocks_per_stage": 18, "initialization": "released"}, 100, 1_084_116),
    # Projections: 16 x 32 and 32 x 64 weights, and two numbers for each of the 96 channels' normalisation.
    ("resnet32", {"shortcut": "project"}, 10, 464_154 + 16 * 32 + 32 * 64 + 192),
    ("resnet110", {"shortcut": "project"}, 10, 1_727_962 + 2752),
    # 18 layers of each width lose channels / 16 + channels biases.
    ("se_resnet110", {"se_bias": False}, 10, 1_742_200 - 18 * (17 + 34 + 68)),
    ("se_resnet110", {"se_bias": False, "shortcut": "project"}, 10, 1_742_200 - 18 * 119 + 2752),
]
"""Networks of published code: 0.301 and 0.307, 1.078 and 1.084 million for logit adjustment's and LPL's."""


def build(name: str, shape: tuple[int, ...] = IMAGE, num_classes: int = 10, **fields: Any) -> Classifier:
    model: Classifier = plugin.get("model", name)(**fields).build(input_shape=shape, num_classes=num_classes)
    return model


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_networks_have_the_published_number_of_parameters(name: str, size: int) -> None:
    assert parameters(build(name)) == size


@pytest.mark.parametrize(("name", "fields", "classes", "size"), VARIANTS)
def test_networks_of_published_code_have_its_number_of_parameters(
    name: str, fields: dict[str, Any], classes: int, size: int
) -> None:
    assert parameters(build(name, num_classes=classes, **fields)) == size


def test_logit_adjustments_network_is_as_its_code_has_it() -> None:
    torch.default_generator.manual_seed(0)
    model = build("la_resnet32").eval()
    images = torch.randn(2, *IMAGE)
    assert model.get_submodule("conv")(images).shape[2:] == (36, 36)
    assert model.feature_maps(images).shape == (2, 64, 9, 9)
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 1 + 3 * 15 + 3
    for module in convolutions[1:]:
        fan_in = module.weight[0].numel()
        assert module.bias is None
        assert module.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.25)
        assert module.weight.abs().max() <= 2.28 * (2 / fan_in) ** 0.5
    last = model.classifier
    assert last.get_parameter("weight").std().item() == pytest.approx(0.01, rel=0.15)
    assert not last.get_parameter("bias").any()
    # The last normalisation has no ReLU after it.
    assert (model.train().feature_maps(images) < 0).any()


@pytest.mark.parametrize("shortcut", ["pad", "project"])
def test_only_projections_turn_the_shortcut_where_the_shape_changes(shortcut: str) -> None:
    model = build("resnet32", shortcut=shortcut)
    ones = [module for module in model.modules() if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)]
    assert [(m.in_channels, m.out_channels, m.stride) for m in ones] == (
        [] if shortcut == "pad" else [(16, 32, (2, 2)), (32, 64, (2, 2))]
    )


@pytest.mark.parametrize(("name", "size"), [("resnet50", 25_557_032), ("resnet101", 44_549_160)])
def test_torchvision_networks_have_torchvisions_number_of_parameters(name: str, size: int) -> None:
    assert parameters(build(name, num_classes=1000)) == size


def test_networks_have_as_many_layers_as_their_name_says() -> None:
    counted = [m for m in build("resnet110").modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(counted) == 110
    for name, layers in (("wide_resnet_16_8", 16), ("wide_resnet_28_10", 28)):
        # Zagoruyko and Komodakis count the three convolutions of the shortcuts and leave the last layer out.
        assert sum(isinstance(m, nn.Conv2d) for m in build(name).modules()) == layers


@pytest.mark.parametrize(
    ("head", "name"),
    [
        *(("linear", name) if name not in LARGE else campaign("linear", name) for name in CONVOLUTIONAL),
        *(("cosine", name) for name in CONVOLUTIONAL if name not in LARGE),
    ],
)
def test_logits_come_from_features_and_features_from_maps(head: str, name: str) -> None:
    model = build(name, num_classes=7, head=head).eval()
    inputs = torch.randn(2, *IMAGE)
    with torch.inference_mode():
        output = model(inputs)
        assert output.logits.shape == (2, 7)
        assert output.features.shape == (2, model.num_features)
        assert torch.equal(model.classifier(output.features), output.logits)
        torch.testing.assert_close(model.feature_maps(inputs).mean(dim=(2, 3)), output.features)


@pytest.mark.parametrize("name", ["resnet110", "se_resnet110", "la_resnet32", "wide_resnet_16_8", "resnet50"])
def test_other_shapes_of_images_train(name: str) -> None:
    shape = (1, 32, 32) if name == "resnet50" else (1, 8, 8)
    model = build(name, shape, 3)
    torch.autograd.backward(model(torch.randn(3, *shape)).logits.sum())
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("name", ["resnet32", "la_resnet32", "wide_resnet_16_8", "resnet50"])
def test_dropout_acts_in_training_only(name: str) -> None:
    model, inputs = build(name, dropout=0.5), torch.randn(2, *IMAGE)
    with torch.no_grad():
        quiet = model.eval()
        assert torch.equal(quiet(inputs).logits, quiet(inputs).logits)
        for module in model.train().modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        assert not torch.equal(model(inputs).logits, model(inputs).logits)


def test_dropout_adds_no_weights_and_changes_no_other() -> None:
    torch.default_generator.manual_seed(0)
    plain = build("resnet32")
    torch.default_generator.manual_seed(0)
    dropping = build("resnet32", dropout=0.3)
    assert plain.state_dict().keys() == dropping.state_dict().keys()
    assert all(torch.equal(value, dropping.state_dict()[name]) for name, value in plain.state_dict().items())


def test_frozen_stages_neither_learn_nor_count() -> None:
    model = build("resnet50", frozen_stages=1).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    torch.autograd.backward(model(torch.randn(4, *IMAGE)).logits.square().mean())
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert not {name for name in changed if name.startswith(("body.conv1", "body.bn1", "body.layer1"))}
    assert {"body.layer2.0.conv1.weight", "body.layer4.0.bn1.running_mean", "classifier.weight"} <= changed


def test_frozen_statistics_stay_in_stages_that_learn() -> None:
    model = build("resnet50", frozen_stages=1, frozen_statistics=True).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    torch.autograd.backward(model(torch.randn(4, *IMAGE)).logits.square().mean())
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert not {name for name in changed if "running" in name or "num_batches" in name}
    assert {"body.layer2.0.bn1.weight", "body.layer4.0.conv1.weight", "classifier.weight"} <= changed


def test_pretrained_weights_come_from_a_local_file(tmp_path: Path) -> None:
    source = build("resnet50")
    state = {name.removeprefix("body."): v for name, v in source.state_dict().items() if name.startswith("body.")}
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, 2048), torch.zeros(1000)
    safetensors.torch.save_file(state, tmp_path / "weights.safetensors")
    torch.save(state, tmp_path / "weights.pth")
    inputs = torch.randn(1, *IMAGE)
    for name in ("weights.safetensors", "weights.pth"):
        loaded = build("resnet50", num_classes=4, weights_path=str(tmp_path / name)).eval()
        with torch.inference_mode():
            assert torch.equal(loaded(inputs).features, source.eval()(inputs).features)
    grey = build("resnet50", (1, 32, 32), weights_path=str(tmp_path / "weights.pth")).eval()
    with torch.inference_mode():
        one = torch.randn(1, 1, 32, 32)
        torch.testing.assert_close(grey(one).features, source(one.expand(-1, 3, -1, -1)).features, rtol=1e-3, atol=1e-4)


class Harmful:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return print, ("this must not be printed",)


@pytest.mark.parametrize("content", ["absent", "junk", "code", "foreign", "not tensors"])
def test_other_files_are_refused_with_the_field(content: str, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "weights.pth"
    if content == "junk":
        path.write_bytes(b"junk" * 100)
    elif content == "code":
        path.write_bytes(pickle.dumps(Harmful()))
    elif content == "foreign":
        torch.save({"conv1.weight": torch.zeros(3, 3)}, path)
    elif content == "not tensors":
        torch.save({"conv1.weight": 3}, path)
    with pytest.raises(ValueError, match=r"^model\.weights_path: "):
        build("resnet50", weights_path=str(path))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret.pth", "a/../../../b.pth"])
def test_a_path_out_of_the_weights_folder_is_refused(path: str, tmp_path: Path) -> None:
    record = plugin.get("model", "resnet50")(weights_path=path)
    with pytest.raises(ValueError, match=r"model\.weights_path: must lie in the folder `weights`"):
        record.resolved(tmp_path / "weights")
    assert plugin.get("model", "resnet50")(weights_path="a/b.pth").resolved(tmp_path / "weights").weights_path == str(
        tmp_path / "weights" / "a" / "b.pth"
    )
