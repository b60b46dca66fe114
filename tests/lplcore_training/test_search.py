"""Searches whose trials are trained."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lplcore
from lplcore.search.metrics import METRICS
from tests.lplcore_training.runs import DIGITS, epochs, run

ROOT = Path(__file__).parents[2]
KNOWN = '''
"""A network whose error is a known function of its parameters, whatever is trained."""

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor

from lplcore.models import Classifier, Model, ModelOutput


class KnownError(Model):
    """Wrong on the share |a - 0.7| + |log10(b / 0.1)| / 3 of the examples."""

    title: ClassVar[str] = "Known error"

    name: Literal["known_error"] = "known_error"
    a: float = 0.0
    b: float = 1.0

    def build(self, *, input_shape: tuple[int, ...], num_classes: int) -> Classifier:
        return Known(self)


class Known(Classifier):
    """The classifier: an example [label, place] is wrong where its place is below the error."""

    def __init__(self, options: KnownError) -> None:
        super().__init__()
        self.num_features = 2
        self.classifier = options.build_head(2, 2)
        self.error = abs(options.a - 0.7) + abs(math.log10(options.b / 0.1)) / 3

    def forward(self, inputs: Tensor) -> ModelOutput:
        place = inputs[:, 1] / math.sqrt(12) + 0.5  # as it was before it was standardised
        sign = torch.where(place < self.error, -inputs[:, 0], inputs[:, 0])
        return ModelOutput(torch.stack([-sign, sign], dim=1) + 0 * self.classifier(inputs), inputs)
'''
SEARCHED = """
import json, sys
import numpy as np
import lplcore
from lplcore.search.trials import Trial

examples = 4000
y = np.arange(examples) % 2
x = np.stack([2.0 * y - 1, np.arange(examples) // 2 / (examples // 2)], axis=1).astype(np.float32)
data = {"made": lplcore.in_memory("made", (x, y), validation=(x, y))}

def needed(sampler, seed, most=60):
    space = {"model.a": {"low": 0, "high": 1}, "model.b": {"low": 0.001, "high": 1.0, "log": True}}
    search = {"sampler": sampler, "space": space, "trials": most, "seed": seed}
    spec = {"dataset": "made", "model": "known_error", "method": "cross_entropy", "epochs": 1, "batch_size": 4000}
    spec = lplcore.parse_spec({**spec, "search": search}, datasets=data)
    trials = []
    while not (decision := spec.decide(trials)).over:
        for number, point in decision.ask:
            events = lplcore.train(spec.at(point, 0).spec, datasets=data)
            *_, metrics = (event.metrics for event in events if isinstance(event, lplcore.EpochEnd))
            value = metrics["validation/top1_error"]
            known = min(1.0, abs(point["model.a"] - 0.7) + abs(np.log10(point["model.b"] / 0.1)) / 3)
            assert abs(value - known) < 0.01, (value, known)
            trials.append(Trial(number, point, "succeeded", {0: value}))
            if value <= 0.05:
                return number + 1
    return most + 1

print(json.dumps([needed("random", seed) - needed("tpe", seed) for seed in range(int(sys.argv[1]))]))
"""


def saved_trials(folder: Path, *, seeds: int) -> list[int]:
    """Per seed the trials that tpe needs less than random ones, by a Python that has the network as a plug-in."""
    shutil.copytree(ROOT / "lplcore", folder / "lplcore", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "lplcore" / "models" / "known_error.py").write_text(KNOWN)
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-c", SEARCHED, str(seeds)]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    saved: list[int] = json.loads(answer.stdout)
    return saved


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_tpe_finds_the_optimum_of_a_known_validation_error_in_fewer_trials_than_random(tmp_path: Path) -> None:
    saved = saved_trials(tmp_path, seeds=20)
    error = statistics.stdev(saved) / len(saved) ** 0.5
    assert statistics.mean(saved) - 2.09 * error > 10, saved  # the 95 % interval of the mean difference


@pytest.mark.parametrize("task", ["single_label", "multi_label"])
def test_trials_can_be_compared_by_every_metric_that_validation_reports(task: str) -> None:
    spec: dict[str, Any] = {**DIGITS, "method": "cross_entropy", "epochs": 1}
    data = {}
    if task == "multi_label":
        generator = np.random.default_rng(0)
        x, y = generator.normal(size=(60, 3)).astype(np.float32), generator.integers(0, 2, size=(60, 4))
        data = {"labels": lplcore.in_memory("labels", (x, y), validation=(x, y), test=(x, y))}
        spec = {"dataset": "labels", "method": "binary_cross_entropy", "epochs": 1}
    metrics = epochs(run(spec, datasets=data))[-1].metrics
    reported = {name for name in metrics if name.startswith("validation/")}
    assert set(METRICS[task]) <= reported
    assert reported - set(METRICS[task]) <= {
        "validation/temperature", "validation/classes_without_positives",
    }  # fmt: skip
