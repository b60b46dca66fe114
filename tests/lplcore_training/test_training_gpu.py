"""Training on a GPU: every method to its end, exactly resumed, and about as on the CPU."""

from pathlib import Path
from typing import Any

import pytest
import torch

from lplcore.plugin import plugins
from tests.lplcore_training.multi_label_runs import long_tailed, spec_of
from tests.lplcore_training.runs import (
    DIGITS,
    IMAGES,
    Spec,
    assert_same_epochs,
    checkpoints,
    end,
    epochs,
    run,
    stop_after,
)

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
QUICK_GAN = {"generator_epochs": 1}
OPTIONS: dict[str, dict[str, Any]] = {"cgan": QUICK_GAN, "acgan": QUICK_GAN, "infogan": QUICK_GAN}


def aliases(task: str) -> list[str]:
    """Names of the methods for a task."""
    return [name for name, record in plugins("method").items() if task in record.tasks]


def assert_trains_and_resumes_exactly(spec: Spec, folder: Path, *, steps: int, **options: Any) -> None:
    """Twice on the GPU, once in one go and once stopped in mid-epoch."""
    whole = run(spec, folder / "whole", device="cuda", **options)
    assert end(whole).outcome == "succeeded", end(whole).message
    first = run(spec, folder / "first", device="cuda", should_stop=stop_after(steps), **options)
    second = run(spec, folder / "second", device="cuda", resume_from=checkpoints(first)[-1].path, **options)
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    last = Path(checkpoints(whole)[-1].path), Path(checkpoints(second)[-1].path)
    assert last[0].read_bytes() == last[1].read_bytes()


@pytest.mark.parametrize("name", aliases("single_label"))
def test_every_single_label_method_trains_and_resumes_exactly(name: str, tmp_path: Path) -> None:
    spec = {
        "dataset": {"name": "digits", "imbalance_factor": 20},
        "model": {"name": "mlp", "widths": [16]},
        "method": {"alias": name, **OPTIONS.get(name, {})},
        "epochs": 4,
        "batch_size": 128,
    }
    assert_trains_and_resumes_exactly(spec, tmp_path, steps=6)


@pytest.mark.parametrize("name", aliases("multi_label"))
def test_every_multi_label_method_trains_and_resumes_exactly(name: str, tmp_path: Path) -> None:
    spec = spec_of(name, epochs=3, batch_size=256)
    assert_trains_and_resumes_exactly(spec, tmp_path, steps=7, datasets=long_tailed(tmp_path))


@pytest.mark.parametrize("precision", ["bf16", "float32"])
@pytest.mark.parametrize("model", ["resnet32", "wide_resnet_16_8", "se_resnet110"])
def test_images_train_and_resume_exactly(model: str, precision: str, tmp_path: Path) -> None:
    spec = {**IMAGES, "model": {"name": model}, "precision": precision}
    assert_trains_and_resumes_exactly(spec, tmp_path, steps=1)


def test_the_gpu_learns_what_the_cpu_learns(tmp_path: Path) -> None:
    spec = {**DIGITS, "epochs": 15, "model": {"name": "mlp", "widths": [16]}}
    there, here = (epochs(run(spec, device=device))[-1].metrics for device in ("cuda", "cpu"))
    for name in ("train/loss", "test/loss", "test/top1_error"):
        assert there[name] == pytest.approx(here[name], abs=0.02)
