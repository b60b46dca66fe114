"""Makes an export of a checkpoint: its network, what predicting needs beside it, a card, all in one zip."""

import hashlib
import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, get_args

import safetensors.torch
import torch
from torch import Tensor
from torch.export import ExportedProgram

from lplcore.data.images.stream import ImageStream
from lplcore.data.raw import RegisteredDataset
from lplcore.export.network import ExportedNetwork, Predicted, check_agreement, predicted
from lplcore.export.onnx_file import refuse_absent, write_onnx
from lplcore.export.preprocessing import preprocessing_of
from lplcore.export.program import program_of
from lplcore.export.restored import restored
from lplcore.export.source import source_of, weights_of
from lplcore.training.run import TrainingRun

Format = Literal["safetensors", "torch_export", "onnx"]
EXACT: Final = 1e-5
CHECKED: Final = 8
"""Examples that both predict before the export is given out."""
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
PACKAGES: Final = {"safetensors": "torch", "torch_export": "torch", "onnx": "onnxruntime and numpy"}
PARTS: Final = {
    "safetensors": ("inputs", "table", "open_safetensors", "predict_by_torch"),
    "torch_export": ("inputs", "table", "open_torch_export", "predict_by_torch"),
    "onnx": ("inputs", "table", "predict_by_onnx"),
}
"""Of `load.py`, in `lplcore.export.scripts`."""
OWN: Final = "from lplcore."


@dataclass(frozen=True)
class Checked:
    """Inputs as the network takes them, and what it predicts for them."""

    examples: Tensor
    wanted: Predicted


def export_checkpoint(
    checkpoint: str | Path,
    out: str | Path,
    *,
    format: Format,
    data_dir: str | Path = "data",
    weights_dir: str | Path | None = None,
    datasets: Mapping[str, RegisteredDataset] | None = None,
    temperature: float | None = None,
    card: str = "",
) -> None:
    """Write the zip of a checkpoint's network; the same checkpoint gives the same bytes by the same torch.

    The run's data set is read: inputs are normalised by it. What is written predicts as the network does here, which is
    looked at before the zip is.

    Args:
        checkpoint: of a run.
        out: the zip.
        format: of the network in it.
        data_dir: as for `lplcore.train`.
        weights_dir: the same.
        datasets: the same.
        temperature: by which logits are divided before the softmax; None for none.
        card: `card.md`, Markdown; what is known here is added at its end.

    Raises:
        CheckpointError: the checkpoint is damaged, or of other data.
        DatasetError: the data set is absent or has changed.
        SpecError: the experiment cannot be read any more, or a file that it names is absent.
        Unexportable: the format cannot hold the network.
        OSError: the zip cannot be written.
    """
    if format == "onnx":
        refuse_absent()
    run = restored(checkpoint, data_dir=data_dir, weights_dir=weights_dir, datasets=datasets or {})
    single = run.info.task == "single_label"
    temperature = temperature if single else None
    network = ExportedNetwork(run.state.model, run.posthoc, multi_label=not single, temperature=temperature or 1.0)
    network.eval()
    examples = some_examples(run)
    with tempfile.TemporaryDirectory(dir=Path(out).parent, prefix=".export-") as name:
        folder = Path(name)
        checked = Checked(examples, predicted(network, examples))
        difference = WRITERS[format](program_of(network, run.info.input_shape), folder, checked)
        write_json(folder / "classes.json", list(run.info.classes))
        write_json(folder / "preprocessing.json", preprocessing_of(run, temperature=temperature))
        (folder / "load.py").write_text(loader(format), encoding="utf-8")
        made = export_section(format, difference, data_hash=data_hash(run))
        (folder / "card.md").write_text(card + made, encoding="utf-8")
        pack(folder, Path(out))


def some_examples(run: TrainingRun) -> Tensor:
    """A few examples of the run's data as the network takes them, test examples where there are any."""
    split = run.data.test or run.data.train
    places = torch.arange(min(CHECKED, len(split.y)))
    return run.network_input(split.x[places]).contiguous()


def write_safetensors(program: ExportedProgram, folder: Path, checked: Checked) -> float:
    """The weights, and the network as a function of them."""
    source, weights = source_of(program), weights_of(program)
    held = {name: weight.clone(memory_format=torch.contiguous_format) for name, weight in sorted(weights.items())}
    safetensors.torch.save_file(held, folder / "model.safetensors")
    (folder / "network.py").write_text(source, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(source, "network.py", "exec"), names)  # noqa: S102 - our own text, as users will run it
    with torch.no_grad():
        made = Predicted(*names["forward"](*(weights[name] for name in names["WEIGHTS"]), checked.examples))
    return check_agreement(made, checked.wanted, tolerance=EXACT, what="source")


def write_program(program: ExportedProgram, folder: Path, checked: Checked) -> float:
    """The program of torch.export."""
    program.example_inputs = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tensors that are parts of others; what is saved is compared
        torch.export.save(program, folder / "model.pt2")
    made = predicted(torch.export.load(folder / "model.pt2").module(), checked.examples)
    return check_agreement(made, checked.wanted, tolerance=EXACT, what="a program of torch.export")


def write_onnx_file(program: ExportedProgram, folder: Path, checked: Checked) -> float:
    """The ONNX file."""
    return write_onnx(program, folder / "model.onnx", examples=checked.examples, wanted=checked.wanted)


WRITERS: Final[Mapping[Format, Callable[[ExportedProgram, Path, Checked], float]]] = {
    "safetensors": write_safetensors,
    "torch_export": write_program,
    "onnx": write_onnx_file,
}
assert set(WRITERS) == set(get_args(Format))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def loader(format: Format) -> str:
    """The text of `load.py`: its parts without what they import from each other."""
    folder = files("lplcore.export.scripts")
    first, *others = (folder.joinpath(f"{name}.py").read_text("utf-8") for name in PARTS[format])
    told = [text.partition('"""\n')[2].strip() for text in others]
    lines = "\n\n\n".join([first.strip(), *told]).splitlines()
    own = "\n".join(line for line in lines if not line.startswith(OWN))
    return own.replace("PACKAGES", PACKAGES[format], 1) + "\n"


def data_hash(run: TrainingRun) -> str:
    """sha256 of all examples and labels of a run's splits, of image files of their names."""
    digest = hashlib.sha256()
    for split in (run.data.train, run.data.validation, run.data.test):
        if split is None:
            continue
        if isinstance(split.x, ImageStream):
            files = split.x.files
            digest.update(
                "\n".join(files.name(place) for place in range(len(files))).encode("utf-8", "surrogateescape")
            )
        else:
            digest.update(split.x.contiguous().numpy().data)
        digest.update(split.y.contiguous().numpy().data)
    return digest.hexdigest()


def export_section(format: Format, difference: float, *, data_hash: str) -> str:
    """What the card says of the export itself."""
    return (
        f"\n## Export\n\nFormat {format}, made by torch {torch.__version__}. Of {CHECKED} examples its predictions "
        f"differ from the run's network in float32 by at most {difference:.1g} (relative above 1).\n"
        f"The run's training, validation and test examples as read for it (of image files the names) and their labels: "
        f"sha256 {data_hash}.\n"
        f"`load.py` needs {PACKAGES[format]}, and Pillow where it is given image files.\n"
    )


def pack(folder: Path, out: Path) -> None:
    """Put the files of a folder into a zip, in order and without their times."""
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
