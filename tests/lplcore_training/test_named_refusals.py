"""Networks by name that cannot be used are refused before a run, with the field and a remedy."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import lplcore
from lplcore.models.timm import ABSENT
from lplcore.training.checkpoint import load_metadata
from tests.lplcore_training.named_networks import images, spec_of
from tests.lplcore_training.runs import checkpoints, end, run

OFFLINE = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise SystemExit(f"asked the network: {event} {arguments}")
sys.addaudithook(refuse)
from lplcore.plugin import get
for name in ("torchvision", "timm"):
    record = get("model", name)(architecture="resnet18")
    assert record.check((3, 32, 32)) == []
    record.build(input_shape=(3, 32, 32), num_classes=2)
import os
assert os.environ["HF_HUB_OFFLINE"] == "1"
"""
WITHOUT_TIMM = """
import sys
sys.modules["timm"] = None
from lplcore.plugin import get
print(get("model", "timm")().check((3, 32, 32)))
"""


def problems(model: dict[str, Any], folder: Path, **shape: int) -> dict[str, str]:
    """What checking a plan says, by path."""
    data = images(folder, **shape)
    plan = lplcore.parse_spec(spec_of(model), datasets=data).plan()
    info_of = partial(lplcore.dataset_info, data_dir=folder, datasets=data)
    try:
        lplcore.check_plan(plan, info_of=info_of, data_dir=folder)
    except lplcore.SpecError as error:
        return {item["path"]: item["message"] for item in error.errors}
    return {}


@pytest.mark.parametrize(
    ("library", "architecture", "side", "says"),
    [
        ("torchvision", "resnet19", 32, "near names: resnet18"),
        ("torchvision", "fasterrcnn_resnet50_fpn", 32, "torchvision has no"),
        ("timm", "resnet50.a1_in1k", 32, "resnet50"),
        ("timm", "hf-hub:timm/resnet18", 32, "timm has no"),
        ("torchvision", "-", 32, "no name is near"),
        ("torchvision", "squeezenet1_0", 32, "no linear last layer"),
        ("torchvision", "googlenet", 32, "more than one output"),
        ("torchvision", "vgg11", 32, "no gradient on CUDA that is the same every time (adaptive_avg_pool2d)"),
        ("torchvision", "alexnet", 64, "no gradient on CUDA"),
        ("timm", "vgg11", 32, "no gradient on CUDA"),
        ("torchvision", "vit_b_16", 28, "takes no images of 28 x 28"),
        ("torchvision", "vit_b_16", 28, "it takes 16 x 16"),
        ("torchvision", "densenet121", 16, "it takes 32 x 32"),
        ("torchvision", "vit_b_16", 32, None),
        ("torchvision", "mobilenet_v2", 32, None),
        ("torchvision", "mnasnet0_5", 16, None),
        ("timm", "ghostnet_100", 32, None),
    ],
)
def test_an_architecture_is_tried_before_a_run(
    library: str, architecture: str, side: int, says: str | None, tmp_path: Path
) -> None:
    found = problems({"name": library, "architecture": architecture}, tmp_path, side=side)
    assert set(found) == (set() if says is None else {"model.architecture"})
    assert says is None or says in found["model.architecture"]


def test_more_stages_than_there_are_cannot_be_frozen(tmp_path: Path) -> None:
    found = problems({"name": "torchvision", "frozen_stages": 5}, tmp_path)
    assert found == {"model.frozen_stages": "resnet18 has 4 stages; lower it"}
    assert not problems({"name": "torchvision", "frozen_stages": 4}, tmp_path)


def test_a_swept_architecture_is_named_with_its_field(tmp_path: Path) -> None:
    data = images(tmp_path)
    spec = spec_of({"name": "torchvision"}, sweep={"model.architecture": ["resnet18", "vgg11"]})
    info_of = partial(lplcore.dataset_info, data_dir=tmp_path, datasets=data)
    with pytest.raises(lplcore.SpecError, match=r"^sweep\.model\.architecture: .*no gradient"):
        lplcore.check_plan(lplcore.parse_spec(spec, datasets=data).plan(), info_of=info_of)


def test_vectors_are_refused_without_trying(tmp_path: Path) -> None:
    (problem,) = lplcore.parse_spec({"dataset": "digits", "model": "timm", "method": "lpl"}).model.check((64,))
    assert problem[0] == "name"
    assert "needs images" in problem[1]


def test_a_run_says_what_is_wrong_without_a_check_before(tmp_path: Path) -> None:
    events = run(spec_of({"name": "torchvision", "architecture": "vgg11"}), datasets=images(tmp_path))
    assert end(events).outcome == "failed"
    assert "model.architecture" in str(end(events).message)


@pytest.mark.campaign
def test_a_network_without_deterministic_gradients_trains_where_the_spec_allows_it(tmp_path: Path) -> None:
    spec = spec_of({"name": "torchvision", "architecture": "alexnet"}, deterministic=False, epochs=1)
    events = run(spec, tmp_path / "out", datasets=images(tmp_path, side=64))
    assert end(events).outcome == "succeeded", end(events)
    conditions = load_metadata(Path(checkpoints(events)[-1].path))["conditions"]
    assert conditions["deterministic"] is False


@pytest.mark.slow
@pytest.mark.campaign
def test_no_network_is_asked_for_weights() -> None:
    subprocess.run([sys.executable, "-c", OFFLINE], check=True, timeout=120)


@pytest.mark.slow
@pytest.mark.campaign
def test_without_timm_the_extra_is_named() -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TIMM], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == str([("name", ABSENT)]) or ABSENT in result.stdout
