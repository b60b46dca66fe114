"""Exports: a zip whose `load.py` predicts as the run does, where nothing of this project can be imported."""

import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from lplcore.data.raw import RegisteredDataset
from lplcore.data.tables import Preprocessing
from lplcore.data.tables.rows import table_at
from lplcore.errors import CheckpointError, DatasetError
from lplcore.export.made import Format, export_checkpoint
from lplcore.export.network import Predicted, Unexportable, check_agreement
from lplcore.export.restored import restored
from lplcore.export.scripts.table import features_of, rows_in, tidy
from lplcore.spec.identity import stored_spec
from lplcore.training import checkpoint as checkpoints
from lplcore.training.predictor import Predictor
from tests.lplcore_training import photographs
from tests.lplcore_training.multi_label_runs import long_tailed
from tests.lplcore_training.runs import Spec, end, run
from tests.lplcore_training.runs import checkpoints as announced

Registered = dict[str, RegisteredDataset]
FORMATS: tuple[Format, ...] = get_args(Format)
MODELS = {"safetensors": "model.safetensors", "torch_export": "model.pt2", "onnx": "model.onnx"}
BESIDE = ["card.md", "classes.json", "load.py", "preprocessing.json"]
TOLERANCE = {"safetensors": 1e-5, "torch_export": 1e-5, "onnx": 1e-4}
ALONE = """
import json, runpy, sys
for name in ("lplcore", "api", "store", "client", "worker", "safetensors", "PIL", *json.loads(sys.argv[1])):
    sys.modules[name] = None  # importing it fails
for folder in sys.argv[2:]:
    loaded = runpy.run_path(folder + "/load.py")
    predict = loaded["load"]()
    if "torch" in sys.modules and sys.modules["torch"] is not None:
        import torch
        given = torch.load(folder + "/inputs.pt")
        torch.save([predict(given), predict(given[:1])], folder + "/outputs.pt")
    else:
        import numpy
        given = numpy.load(folder + "/inputs.npy")
        numpy.savez(folder + "/outputs.npz", *predict(given), *predict(given[:1]))
"""
MLP: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16], "head": "cosine"},
    "method": {"loss": {"name": "cross_entropy"}, "posthoc": {"name": "logit_adjustment"}},
    "epochs": 1,
}
RESNET: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 70},
    "model": {"name": "resnet32", "head": "cosine"},
    "method": "cross_entropy",
    "augmentation": {"name": "pad_crop_flip", "padding": 1},
    "epochs": 1,
    "batch_size": 150,
}
OTHERS: dict[str, Spec] = {
    "linear_resnet": {**RESNET, "model": {"name": "resnet32", "head": "linear"}},
    "cosine_resnet": RESNET,
    "squeezed": {**RESNET, "model": {"name": "se_resnet110"}},
    "wide": {**RESNET, "model": {"name": "wide_resnet_16_8"}, "batch_size": 32},
    "tau": {
        **MLP,
        "model": "mlp",
        "method": {"loss": {"name": "cross_entropy"}, "posthoc": {"name": "tau_normalisation"}},
    },
    "oltr": {**RESNET, "model": "resnet32", "method": "oltr", "epochs": 2},
    "shufflenet": {**RESNET, "model": {"name": "torchvision", "architecture": "shufflenet_v2_x0_5"}},
    "mobilenet": {
        **RESNET,
        "optimizer": {"name": "sgd", "lr": 0.001},
        "model": {"name": "torchvision", "architecture": "mobilenet_v3_small"},
    },
}


def trained(spec: Spec, folder: Path, datasets: Registered | None = None) -> Path:
    """The last checkpoint of a run."""
    events = run(spec, folder, datasets=datasets or {})
    assert end(events).outcome == "succeeded", end(events).message
    return Path(announced(events)[-1].path)


def exported(checkpoint: Path, format: Format, *, datasets: Registered | None = None, **options: Any) -> Path:
    """The unpacked folder of an export."""
    out = checkpoint.parent / f"{checkpoint.parent.name}-{format}.zip"
    export_checkpoint(checkpoint, out, format=format, datasets=datasets, **options)
    folder = checkpoint.parent / format
    with zipfile.ZipFile(out) as archive:
        archive.extractall(folder)
    return folder


def held_inputs(checkpoint: Path, datasets: Registered | None = None) -> tuple[Tensor, Tensor]:
    """Test examples as the data set holds them, and the run's logits for them after its correction."""
    back = restored(checkpoint, data_dir="data", weights_dir=None, datasets=datasets or {})
    split = back.data.test or back.data.train
    inputs = split.x[torch.arange(min(len(split.y), 200))]
    with torch.no_grad():
        logits = back.state.model(back.network_input(inputs)).logits
        return inputs, logits if back.posthoc is None else back.posthoc(logits, back.state.model.classifier)


def predicted_alone(folders: Mapping[Format, Path], inputs: Tensor) -> dict[Format, tuple[Predicted, Predicted]]:
    """What each export predicts for all inputs and for the first alone, in processes without this project."""
    for folder in folders.values():
        torch.save(inputs, folder / "inputs.pt")
        np.save(folder / "inputs.npy", inputs.numpy())
    by_torch = [str(folder) for format, folder in folders.items() if format != "onnx"]
    by_onnx = [str(folders["onnx"])] if "onnx" in folders else []
    for hidden, paths in ((["onnxruntime"], by_torch), (["torch"], by_onnx)):
        if paths:
            alone("-c", ALONE, json.dumps(hidden), *paths)
    return {format: outputs(folder) for format, folder in folders.items()}


def alone(*arguments: str, folder: Path | None = None) -> str:
    """The output of Python apart from the environment and this folder."""
    command = [sys.executable, "-I", *arguments]
    done = subprocess.run(command, cwd=folder or "/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def outputs(folder: Path) -> tuple[Predicted, Predicted]:
    """What a process left there."""
    if (folder / "outputs.pt").exists():
        whole, first = torch.load(folder / "outputs.pt")
        return Predicted(*whole), Predicted(*first)
    with np.load(folder / "outputs.npz") as arrays:
        parts = [torch.from_numpy(arrays[name]) for name in arrays.files]
    return Predicted(*parts[:2]), Predicted(*parts[2:])


def assert_agrees(checkpoint: Path, formats: tuple[Format, ...], datasets: Registered | None = None) -> None:
    """Every export of a checkpoint predicts as its run does."""
    inputs, logits = held_inputs(checkpoint, datasets)
    multi_label = stored_spec(checkpoints.load_metadata(checkpoint)["spec"])["dataset"]["name"] == "tail"
    wanted = Predicted(logits, logits.sigmoid() if multi_label else (logits / 1.25).softmax(dim=1))
    folders = {each: exported(checkpoint, each, datasets=datasets, temperature=1.25) for each in formats}
    for format, (whole, first) in predicted_alone(folders, inputs).items():
        check_agreement(whole, wanted, tolerance=TOLERANCE[format], what=format)
        check_agreement(first, Predicted(*(part[:1] for part in wanted)), tolerance=TOLERANCE[format], what=format)


@pytest.mark.slow
def test_every_format_predicts_as_the_run_does_without_this_project(tmp_path: Path) -> None:
    assert_agrees(trained(MLP, tmp_path), FORMATS)


@pytest.mark.campaign
@pytest.mark.parametrize("name", OTHERS)
def test_every_network_can_be_taken_away(name: str, tmp_path: Path) -> None:
    assert_agrees(trained(OTHERS[name], tmp_path), FORMATS)


@pytest.mark.campaign
@pytest.mark.parametrize("format", ["torch_export", "onnx"])
def test_other_formats_are_the_same_bytes_every_time_too(format: Format, tmp_path: Path) -> None:
    checkpoint = trained(MLP, tmp_path)
    content = []
    for name in ("one.zip", "other.zip"):
        export_checkpoint(checkpoint, tmp_path / name, format=format)
        content.append((tmp_path / name).read_bytes())
    assert content[0] == content[1]
    assert str(Path.cwd()).encode() not in content[0]


@pytest.mark.campaign
def test_multi_label_networks_can_be_taken_away(tmp_path: Path) -> None:
    datasets = long_tailed(tmp_path)
    for method in ("r_bce_focal", "ml_gcn"):
        folder = tmp_path / method
        folder.mkdir()
        spec = {"dataset": "tail", "method": method, "epochs": 1, "decision_threshold": 0.4}
        checkpoint = trained(spec, folder, datasets)
        assert_agrees(checkpoint, FORMATS, datasets)
        told = json.loads((folder / "onnx" / "preprocessing.json").read_text())
        assert (told["probabilities"], told["temperature"], told["decision_threshold"]) == ("sigmoid", None, 0.4)


@pytest.mark.slow
def test_a_zip_has_what_it_should_and_the_same_bytes_every_time(tmp_path: Path) -> None:
    checkpoint = trained(MLP, tmp_path)
    folder = exported(checkpoint, "safetensors", temperature=1.5, card="# Card\n")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*BESIDE, "model.safetensors", "network.py"])
    assert json.loads((folder / "classes.json").read_text()) == [str(c) for c in range(10)]
    told = json.loads((folder / "preprocessing.json").read_text())
    assert (told["input"], told["shape"], told["temperature"]) == ("images", [1, 8, 8], 1.5)
    assert told["posthoc"] == {"name": "logit_adjustment", "strength": 1.0}
    assert len(told["normalization"]["mean"]) == len(told["normalization"]["scale"]) == 1
    assert (folder / "card.md").read_text().startswith("# Card\n\n## Export\n")
    content = (tmp_path / f"{tmp_path.name}-safetensors.zip").read_bytes()
    assert str(Path.cwd()).encode() not in content
    export_checkpoint(checkpoint, tmp_path / "again.zip", format="safetensors", temperature=1.5, card="# Card\n")
    assert (tmp_path / "again.zip").read_bytes() == content
    assert not list(tmp_path.glob(".export-*"))


@pytest.mark.slow
def test_an_image_file_is_seen_as_in_evaluation_by_the_command_line(tmp_path: Path) -> None:
    datasets = photographs.written(tmp_path, train=12, test=4)
    name = next(iter(datasets))
    dataset = {"name": name, "image_size": 16, "view": "center_crop", "resize": 20}
    spec = {"dataset": dataset, "model": {"name": "mlp", "widths": [8]}, "method": "cross_entropy", "epochs": 1}
    checkpoint = trained(spec, tmp_path, datasets)
    folder = exported(checkpoint, "safetensors", datasets=datasets)
    back = restored(checkpoint, data_dir="data", weights_dir=None, datasets=datasets)
    assert back.data.test is not None
    files = [str(back.data.test.x.files.path(place)) for place in range(3)]  # type: ignore[union-attr]
    printed = alone(str(folder / "load.py"), *files).splitlines()
    with torch.no_grad():
        logits = back.state.model(back.network_input(back.data.test.x[torch.arange(3)])).logits
    classes = json.loads((folder / "classes.json").read_text())
    for line, row in zip(printed, logits.softmax(dim=1), strict=True):
        top = int(row.argmax())
        assert f": {classes[top]} {row[top]:.4f}" in line


TABLE_ROWS = """age;city;note;target
31;Bonn;x;no
?;  Köln ;x;yes
-4.5e1;;x;no
77;Elsewhere;x;no
40;true;x;yes
"""
ROWS_ALONE = """
import json, runpy, sys
loaded = runpy.run_path(sys.argv[1] + "/load.py")
rows = json.loads(sys.argv[2])
print(json.dumps([each.tolist() for each in loaded["load"]()(rows)[1]]))
try:
    loaded["load"]()([{"age": 1, "note": ""}])
except ValueError as error:
    print(error)
"""


def table(folder: Path) -> Registered:
    """A table with numbers, categories, what is missing, and a column that is constant; 40 rows."""
    random = np.random.default_rng(3)
    lines = ["age;city;note;target"]
    for place in range(40):
        age = "" if place % 7 == 0 else f"{random.normal(40, 12):.3f}"
        city = ["Bonn", "Ko\u0308ln", "true", ""][place % 4]  # an o and its dots, which are one letter
        lines.append(f"{age};{city};x;{'yes' if random.random() < 0.3 else 'no'}")
    path = folder / "clients.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return {"clients": RegisteredDataset(name="clients", path=str(path), format="table", target="target")}


def test_rows_of_a_table_are_predicted_by_its_columns(tmp_path: Path) -> None:
    datasets = table(tmp_path)
    spec: Spec = {"dataset": "clients", "model": {"name": "mlp", "widths": [8]}, "method": "cross_entropy", "epochs": 2}
    checkpoint = trained(spec, tmp_path / "run", datasets)
    rows: list[dict[str, Any]] = list(csv.DictReader(TABLE_ROWS.splitlines(), delimiter=";"))
    given = [*rows, {"age": None, "city": True, "note": "x", "more": 1}, {"age": 3, "city": None, "note": ""}]
    known = [{name: row[name] for name in ("age", "city", "note")} for row in given]
    wanted = Predictor.load(checkpoint, data_dir="data", datasets=datasets).predict(known)
    probabilities = np.array([each.probabilities.tolist() for each in wanted])
    by_torch_and_by_numpy: tuple[Format, ...] = ("safetensors", "onnx")
    for format in by_torch_and_by_numpy:
        folder = exported(checkpoint, format, datasets=datasets)
        (folder / "rows.csv").write_text(TABLE_ROWS, encoding="utf-8-sig")
        found, refused = alone("-c", ROWS_ALONE, str(folder), json.dumps(given)).splitlines()
        np.testing.assert_allclose(json.loads(found), probabilities, atol=1e-5)
        assert refused == "column 'city' is absent; leave its value empty where it is unknown"
        lines = alone("load.py", "rows.csv", folder=folder).splitlines()
        assert [line.partition(":")[0] for line in lines] == [f"rows.csv row {place}" for place in range(1, 6)]
        assert float(lines[1].split()[4].strip(",")) == pytest.approx(probabilities[1].max(), abs=1e-4)
    (folder / "odd.csv").write_text("age,city,note\n1_000,Bonn,x\n")
    told = subprocess.run(
        [sys.executable, "load.py", "odd.csv"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr.strip()) == (
        1, "odd.csv: column 'age': expected a finite number, got '1_000'"
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'age, city\n31, "Köln"\n-4, "Bonn, Germany"\n',
        '"city, or town";age\n"Bonn";3\n',
        "\n\nage\tcity\n\n3\t\n\tBonn\n",
        'age,city\r\n3,"two\r\nlines"\r\n4,"a ""b"""\r\n',
        "\ufeffage,city\n3,x\u2028y\n",
    ],
)
def test_files_of_rows_are_read_as_training_reads_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8", newline="")
    table = table_at(path)
    columns = [
        dict(zip(table.names, row, strict=True)) for block in table.blocks() for row in zip(*block.columns, strict=True)
    ]
    assert [{tidy(name): value for name, value in row.items()} for row in rows_in(path)] == columns


COLUMNS: dict[str, Any] = {
    "columns": [
        {"kind": "number", "name": "age", "mean": 40.0, "deviation": 10.0, "indicator": True},
        {"kind": "category", "name": "city", "categories": ["Bonn", "true"], "indicator": False},
    ],
    "left_out": ["target"],
}


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=6), st.lists(st.just(1))),
    st.one_of(st.none(), st.booleans(), st.sampled_from([" Bonn", "?", "", "true"]), st.text(max_size=4), st.just({})),
)
@example("1e300", "Bonn")
@example("1_0", None)
@example(" 31 ", True)
def test_rows_become_the_features_of_training_or_are_refused_as_there(age: Any, city: Any) -> None:
    row = {"age": age, "city": city}
    wanted, unfit = Preprocessing.from_json(COLUMNS).read([row])
    if unfit:
        with pytest.raises(ValueError, match="column '"):
            features_of(row, COLUMNS)
    else:
        assert list(features_of(row, COLUMNS)) == wanted[0].tolist()


def test_rows_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("age,city\n40,5,3\n")
    with pytest.raises(ValueError, match="line 2 has 3 fields, the header 2"):
        rows_in(tmp_path / "ragged.csv")
    for row in ([31, 20], "age", 3):
        with pytest.raises(ValueError, match="a row is a dict"):
            features_of(row, COLUMNS)  # type: ignore[arg-type]


def test_another_network_s_predictions_are_noticed() -> None:
    one = Predicted(torch.tensor([[1.0, -torch.inf]]), torch.tensor([[1.0, 0.0]]))
    assert check_agreement(one, one, tolerance=0, what="itself") == 0
    for other in (torch.tensor([[1.1, -torch.inf]]), torch.tensor([[1.0, 5.0]]), torch.tensor([[torch.nan, 0.0]])):
        with pytest.raises(Unexportable, match="predicts otherwise"):
            check_agreement(one._replace(logits=other), one, tolerance=1e-2, what="it")


@pytest.mark.slow
def test_damaged_checkpoints_and_data_that_changed_are_refused(tmp_path: Path) -> None:
    datasets = long_tailed(tmp_path)
    checkpoint = trained({"dataset": "tail", "method": "binary_cross_entropy", "epochs": 1}, tmp_path, datasets)
    changed = {"tail": RegisteredDataset("tail", datasets["tail"].path, sha256="0" * 64)}
    with pytest.raises(DatasetError, match="has changed"):
        export_checkpoint(checkpoint, tmp_path / "x.zip", format="safetensors", datasets=changed)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        export_checkpoint(checkpoint, tmp_path / "x.zip", format="safetensors", datasets=datasets)
    assert not (tmp_path / "x.zip").exists()
