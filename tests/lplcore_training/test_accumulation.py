"""Batches that are computed in parts: the same step, in less memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lplcore.errors import SpecError
from lplcore.plugin import plugins
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info
from tests.lplcore_training.multi_label_runs import last, long_tailed, trained
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after

SMALL: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16]},
    "method": "cross_entropy",
    "epochs": 2,
    "batch_size": 128,
}


def losses(**changes: Any) -> list[float]:
    found = [event.metrics["train/loss"] for event in epochs(run({**SMALL, **changes}))]
    return [value for value in found if value is not None]


@pytest.mark.parametrize("parts", [2, 3, 128])
def test_the_step_is_that_of_the_whole_batch(parts: int) -> None:
    # Cross entropy and an mlp look at single examples, so that only rounding differs; 543 examples make an odd batch.
    assert losses(accumulation_steps=parts) == pytest.approx(losses(), rel=1e-4)


def test_one_part_is_exactly_the_ordinary_step() -> None:
    assert_same_epochs(epochs(run({**SMALL, "accumulation_steps": 1})), epochs(run(SMALL)))


@pytest.mark.slow
def test_every_method_that_takes_parts_trains_in_them(tmp_path: Path) -> None:
    data = long_tailed(tmp_path, number=300)
    for name in ("r_bce_focal_lpl", "oltr", "ml_gcn", "two_way"):
        trained(name, data, epochs=2, accumulation_steps=3)
    for name in ("lpl", "isda_lpl", "ldam_drw", "mixup", "oltr", "class_balanced_finetune", "center"):
        events = run({**SMALL, "method": name, "accumulation_steps": 3})
        assert end(events).outcome == "succeeded", (name, end(events).message)


def test_observations_are_of_the_classes_that_a_part_has_seen() -> None:
    event = epochs(run({**SMALL, "method": {"alias": "lpl", "split": "performance"}, "accumulation_steps": 16}))[-1]
    assert np.isfinite(event.series["lpl/q"]).all()


def test_a_run_may_go_on_in_more_parts(tmp_path: Path) -> None:
    first = run(SMALL, tmp_path / "first", should_stop=stop_after(3))
    file = checkpoints(first)[-1].path
    events = run({**SMALL, "accumulation_steps": 2}, tmp_path / "second", resume_from=file)
    assert end(events).outcome == "succeeded"
    assert len(epochs(events)) == 2


def test_methods_that_need_whole_batches_refuse() -> None:
    whole = [name for name, record in plugins("procedure").items() if not record.accumulates]
    assert whole == ["acgan", "cgan", "infogan", "meta_weighted"]
    for changes, path in (
        ({"method": "meta_weight_net", "accumulation_steps": 2}, "accumulation_steps"),
        ({"method": "cgan", "on_out_of_memory": "halve_batch"}, "on_out_of_memory"),
        ({"accumulation_steps": 129}, "accumulation_steps"),
    ):
        spec = parse_spec({**SMALL, **changes})
        with pytest.raises(SpecError) as caught:
            spec.check(dataset_info(spec.dataset))
        assert caught.value.errors[0]["path"] == path


def test_multi_label_losses_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    data = long_tailed(tmp_path, number=300)
    whole, parts = (last(trained("focal", data, epochs=2, accumulation_steps=n)) for n in (1, 4))
    assert parts.metrics["train/loss"] == pytest.approx(whole.metrics["train/loss"], rel=1e-4)
