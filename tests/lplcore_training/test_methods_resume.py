"""Every single-label method trains and resumes exactly."""

from pathlib import Path

import pytest

from lplcore.plugin import plugins
from tests.grids import every
from tests.lplcore_training.runs import assert_same_epochs, checkpoints, end, epochs, run, stop_after
from tests.lplcore_training.test_methods_train import SMALL, small

ALIASES = [name for name, record in plugins("method").items() if "single_label" in record.tasks]

VARIANTS = {"meta_weight_net by sgd": {"alias": "meta_weight_net", "meta_optimizer": "sgd", "meta_lr": 1e-5}}


@pytest.mark.slow
@pytest.mark.parametrize("name", every(2, [*ALIASES, *VARIANTS]))
def test_every_method_trains_and_resumes_exactly_in_both_stages(name: str, tmp_path: Path) -> None:
    spec = {**SMALL, "method": VARIANTS[name]} if name in VARIANTS else small(name)
    whole = run(spec, tmp_path / "whole")
    assert end(whole).outcome == "succeeded", end(whole).message
    assert all(event.metrics["test/loss"] is not None for event in epochs(whole))
    collected, last = [], None
    # Questions are asked before every step and at the end of an epoch: 6 is in the second epoch, 6 + 9 in the last.
    for part, steps in enumerate((6, 9, 1000)):
        events = run(spec, tmp_path / str(part), resume_from=last, should_stop=stop_after(steps))
        collected += epochs(events)
        last = checkpoints(events)[-1].path
    assert_same_epochs(collected, epochs(whole))
    assert last is not None
    assert Path(last).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()
