"""Specs from files, presets and overrides."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from client.errors import SpecFileError
from client.specs import overridden, preset_spec, read_spec


def test_yaml_numbers_with_exponents_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("optimizer: {lr: 1e-3, weight_decay: 5E-4}\nname: 1e-3 of it\nseeds: [0, 1]\nversion: 10e\n")
    spec = read_spec(str(file))
    assert spec["optimizer"] == {"lr": 0.001, "weight_decay": 0.0005}
    assert spec["name"] == "1e-3 of it"
    assert spec["version"] == "10e"
    assert spec["seeds"] == [0, 1]


def test_json_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "spec.json"
    file.write_text('{"epochs": 3}')
    assert read_spec(str(file)) == {"epochs": 3}
    monkeypatch.setattr("sys.stdin", io.StringIO("epochs: 4"))
    assert read_spec("-") == {"epochs": 4}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "epochs: [1", "line 1, column 11"),
        ("a.yaml", "epochs: 1\nepochs: 2", "line 2, column 1: the key 'epochs' stands twice"),
        ("a.yaml", "!!python/object/apply:os.system [true]", "line 1"),
        ("a.json", '{"epochs": }', "line 1, column 12"),
        ("a.yaml", "- 1", "a spec is a mapping"),
        ("a.yaml", "", "a spec is a mapping"),
        ("a.yaml", "\x00", "neither YAML nor JSON"),
        ("a.yaml", "[" * 100_000, "neither YAML nor JSON"),
    ],
)
def test_a_file_that_is_no_spec_says_where(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(SpecFileError) as caught:
        read_spec(str(file))
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_absent_and_binary_files_and_folders_are_named(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, message in ((tmp_path / "absent.yaml", "No such file"), (tmp_path, "directory"), (binary, "UTF-8")):
        with pytest.raises(SpecFileError, match=message):
            read_spec(str(path))


def test_overrides_reach_fields_list_positions_and_sweeps() -> None:
    spec: dict[str, Any] = {"method": {"perturbations": [{"name": "lpl"}]}, "model": "mlp", "epochs": 5}
    overrides = [
        "epochs=7",
        "method.perturbations.0.epsilon=0.5",
        "model.width=64",
        "seeds=[3, 4]",
        "sweep.method.perturbations.0.epsilon=[0, 1]",
        "optimizer.clip_norm=null",
    ]
    assert overridden(spec, overrides) == {
        "method": {"perturbations": [{"name": "lpl", "epsilon": 0.5}]},
        "model": {"name": "mlp", "width": 64},
        "epochs": 7,
        "seeds": [3, 4],
        "sweep": {"method.perturbations.0.epsilon": [0, 1]},
        "optimizer": {"clip_norm": None},
    }


def test_a_method_by_its_alias_takes_parameters() -> None:
    assert overridden({"method": "lpl"}, ["method.step_size=2e-1"]) == {"method": {"alias": "lpl", "step_size": 0.2}}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epochs", "path=value"),
        ("=3", "path=value"),
        ("a..b=3", "path=value"),
        ("epochs=[", "line 1"),
        ("seeds.5=1", "'5' does not exist in a list of 2"),
        ("seeds.x=1", "'x' does not exist in a list of 2"),
        ("epochs.more=1", "'more' does not exist in the value 5"),
    ],
)
def test_an_override_that_fits_nowhere_is_refused(override: str, message: str) -> None:
    with pytest.raises(SpecFileError) as caught:
        overridden({"seeds": [0, 1], "epochs": 5}, [override])
    assert message in str(caught.value)


def test_a_preset_is_overridden_by_name_or_on_the_complete_spec() -> None:
    asked: list[Mapping[str, Any]] = []

    def complete(spec: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(spec)
        return {"method": {"perturbations": [{"name": "lpl", "epsilon": 0.0}]}}

    assert preset_spec("p", [], complete=complete) == {"preset": "p"}
    nested = preset_spec("p", ["dataset.name=cifar10", "epochs=2"], complete=complete)
    assert nested == {"preset": "p", "override": {"dataset": {"name": "cifar10"}, "epochs": 2}}
    assert not asked
    positioned = preset_spec("p", ["method.perturbations.0.epsilon=1"], complete=complete)
    assert positioned == {"method": {"perturbations": [{"name": "lpl", "epsilon": 1}]}}
    assert asked == [{"preset": "p"}]


@pytest.mark.parametrize("text", ["2026-01-15", "2026-01-15 10:00:00", "12:30", "12:30:15.5", "2026-01-15T10:00:00Z"])
def test_dates_and_times_in_yaml_are_text(text: str, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(f"name: {text}\n")
    assert read_spec(str(file)) == {"name": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("0", 0),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e-3", 1e-3),
        ("1.5e3", 1500.0),
        ("-.inf", float("-inf")),
        ("1_000", 1000),
        ("true", True),
        ("null", None),
    ],
)
def test_numbers_in_yaml_are_numbers(text: str, value: Any, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(f"value: {text}\n")
    found = read_spec(str(file))["value"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("name", ["spec.json", "spec.yaml", "-"])
def test_a_byte_order_mark_is_read_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '\ufeff{"dataset": "digits"}'
    file = tmp_path / name
    if name == "-":
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
    else:
        file.write_text(text, encoding="utf-8")
    assert read_spec(name if name == "-" else str(file)) == {"dataset": "digits"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.json", '{"epochs": 1, "epochs": 2}'),
        ("spec.json", '{"optimizer": {"lr": 1, "lr": 2}}'),
        ("spec.json", '[{"a": 1, "a": 1}]'),
        ("spec.yaml", "epochs: 1\nepochs: 2\n"),
        ("spec.yaml", "optimizer: {lr: 1, lr: 2}\n"),
        ("spec.yaml", "1: a\n1: b\n"),
    ],
)
def test_a_key_that_stands_twice_is_refused(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(SpecFileError, match="stands twice"):
        read_spec(str(file))
