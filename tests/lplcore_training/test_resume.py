"""A run that stops at any step and goes on equals one that never stopped."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch

from lplcore.events import LogLine, RunStart
from lplcore.training import checkpoint
from lplcore.training.checkpoint import METADATA_KEY
from tests.grids import campaign
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


def last_file(events: list[Any]) -> Path:
    """The checkpoint that was announced last."""
    return Path(checkpoints(events)[-1].path)


def assert_resumes_exactly(spec: Spec, steps: int, folder: Path) -> None:
    """Stop after `steps` steps, go on, and compare everything with an uninterrupted run."""
    whole = run(spec, folder / "whole")
    first = run(spec, folder / "first", should_stop=stop_after(steps))
    assert end(first).outcome == "stopped"
    second = run(spec, folder / "second", resume_from=last_file(first))
    assert end(second).outcome == "succeeded"
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    assert last_file(second).read_bytes() == last_file(whole).read_bytes()


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 5, 6, 8])
def test_digits_resume_is_exact_at_every_kind_of_step(steps: int, tmp_path: Path) -> None:
    # 4 steps an epoch and a question before each and after the last: 4 is after the last step, 5 the epoch's end.
    assert_resumes_exactly(DIGITS, steps, tmp_path)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_resume_is_exact_with_adamw_within_a_warmup_by_steps(steps: int, tmp_path: Path) -> None:
    spec = DIGITS | {"optimizer": "adamw", "schedule": {"name": "cosine", "warmup_steps": 6}}
    assert_resumes_exactly(spec, steps, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [campaign(1), 3, campaign(6)])
def test_resnet_resume_is_exact(steps: int, tmp_path: Path) -> None:
    assert_resumes_exactly(IMAGES, steps, tmp_path)


def test_a_resume_of_a_resume_is_exact(tmp_path: Path) -> None:
    whole = run(DIGITS, tmp_path / "whole")
    events = run(DIGITS, tmp_path / "0", should_stop=stop_after(2))
    collected = epochs(events)
    for part in range(1, 4):
        events = run(DIGITS, tmp_path / str(part), resume_from=last_file(events), should_stop=stop_after(2))
        collected += epochs(events)
    events = run(DIGITS, tmp_path / "end", resume_from=last_file(events))
    assert_same_epochs(collected + epochs(events), epochs(whole))
    assert last_file(events).read_bytes() == last_file(whole).read_bytes()


def test_a_finished_run_resumes_to_its_end_with_the_last_checkpoint(tmp_path: Path) -> None:
    whole = run(DIGITS, tmp_path / "whole")
    again = run(DIGITS, tmp_path / "again", resume_from=last_file(whole))
    assert end(again).outcome == "succeeded"
    assert epochs(again) == []
    assert last_file(again).read_bytes() == last_file(whole).read_bytes()


def test_two_runs_of_one_spec_and_seed_write_the_same_bytes(tmp_path: Path) -> None:
    first = run({**DIGITS, "name": "one", "tags": ["a"]}, tmp_path / "first")
    torch.default_generator.manual_seed(12345)
    second = run({**DIGITS, "name": "other", "priority": 9}, tmp_path / "second")
    files = [Path(event.path) for event in checkpoints(first)]
    others = [Path(event.path) for event in checkpoints(second)]
    assert [file.name for file in files] == [file.name for file in others]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in others]
    assert run(DIGITS, tmp_path / "third", seed=1) != first
    assert last_file(first).read_bytes() != (tmp_path / "third" / last_file(first).name).read_bytes()


def test_a_checkpoint_holds_sorted_json_under_one_key_and_no_times(tmp_path: Path) -> None:
    path = last_file(run(DIGITS, tmp_path))
    with safetensors.safe_open(path, framework="pt") as file:
        assert list(file.metadata()) == [METADATA_KEY]
        text = file.metadata()[METADATA_KEY]
        names = list(file.keys())
    metadata = json.loads(text)
    assert text == json.dumps(metadata, sort_keys=True)
    assert metadata["epoch"] == 2
    assert metadata["step"] == 0
    assert metadata["class_counts"] == [114, 84, 60, 43, 31, 22, 16, 11, 8, 5]
    assert not {"name", "tags"} & metadata["spec"].keys()
    assert {name.split(".")[0] for name in names} == {"model", "criterion", "optimizer"}


def test_a_run_leaves_the_callers_random_state_and_settings_alone() -> None:
    torch.default_generator.manual_seed(7)
    expected = torch.rand(3)
    torch.default_generator.manual_seed(7)
    run(DIGITS)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model": {"name": "mlp", "widths": [32], "dropout": 0.1}}, "spec.model.widths"),
        ({"batch_size": 64}, "spec.batch_size is 128 in the checkpoint, 64 here"),
        ({"method": "cross_entropy"}, "spec.method"),
        ({"seeds": [3]}, "spec.seeds"),
        ({"dataset": {"name": "digits", "imbalance_factor": 10, "validation_fraction": 0.2}}, "imbalance_factor"),
    ],
)
def test_a_checkpoint_of_another_experiment_is_refused_by_name(change: Spec, named: str, tmp_path: Path) -> None:
    path = last_file(run(DIGITS, tmp_path / "one"))
    found = end(run({**DIGITS, **change}, tmp_path / "other", resume_from=path))
    assert (found.outcome, found.reason) == ("failed", "bad_checkpoint")
    assert found.message is not None
    assert named in found.message


def test_checkpoint_settings_and_device_may_change_on_resume(tmp_path: Path) -> None:
    stopped = run(DIGITS, tmp_path / "one", should_stop=stop_after(2))
    change = {"checkpoints": {"every_epochs": 5}, "device": "cpu"}
    assert end(run({**DIGITS, **change}, tmp_path / "two", resume_from=last_file(stopped))).outcome == "succeeded"


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = last_file(run(DIGITS, tmp_path))
    damaged = tmp_path / "damaged.safetensors"
    for content in (b"", b"junk" * 100, path.read_bytes()[:-10]):
        damaged.write_bytes(content)
        found = end(run(DIGITS, resume_from=damaged))
        assert (found.outcome, found.reason) == ("failed", "bad_checkpoint")
    assert end(run(DIGITS, resume_from=tmp_path / "absent")).reason == "bad_checkpoint"


def test_other_conditions_are_noted_on_resume(tmp_path: Path) -> None:
    stopped = run(DIGITS, tmp_path / "one", should_stop=stop_after(2))
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        start = run(DIGITS, resume_from=last_file(stopped))[0]
    finally:
        torch.set_num_threads(threads)
    assert isinstance(start, RunStart)
    assert any("conditions.threads" in note for note in start.notes)


def test_an_unwritable_checkpoint_folder_ends_the_run_with_its_path(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file, no folder")
    events = run(DIGITS, blocked)
    assert (end(events).outcome, end(events).reason) == ("failed", "error")
    assert str(blocked) in (end(events).message or "")
    assert any(isinstance(event, LogLine) and event.level == "error" for event in events)
    assert len(epochs(events)) == 1


def test_a_checkpoint_from_before_a_field_existed_goes_on_with_its_default(tmp_path: Path) -> None:
    whole = run(DIGITS, tmp_path / "whole")
    stopped = run(DIGITS, tmp_path / "one", should_stop=stop_after(2))
    saved = checkpoint.load(last_file(stopped))
    del saved.metadata["spec"]["dataset"]["meta_per_class"]
    del saved.metadata["spec"]["method"]["loss"]["form"]
    del saved.metadata["prepared"]
    older = tmp_path / "older.safetensors"
    checkpoint.save(older, checkpoint.Checkpoint(saved.tensors, saved.metadata))
    events = run(DIGITS, tmp_path / "two", resume_from=older)
    assert last_file(events).read_bytes() == last_file(whole).read_bytes()
