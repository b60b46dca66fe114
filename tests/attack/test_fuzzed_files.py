"""Files that nobody vouches for, damaged or hostile: they are read or refused, and nothing in them runs."""

import contextlib
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lplcore import plugin
from lplcore.data.arrays import pickles
from lplcore.data.arrays.archive import read_arrays
from lplcore.data.images.decoding import FORMATS
from lplcore.data.images.folder import check_images, labels_of
from lplcore.data.tables.table import read_table
from lplcore.errors import DatasetError
from lplcore.training.checkpoint import METADATA_KEY
from store.database.engine import Database
from tests.api.service import running
from tests.grids import campaign
from tests.lplcore_training.runs import DIGITS, checkpoints, end, run
from tests.lplcore_training.test_cifar import write_python10

pytestmark = pytest.mark.timeout(300)

MOST_BYTES = 1 << 30
QUIET = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
IMAGES = np.arange(2 * 3072, dtype=np.int64).astype(np.uint8).reshape(2, 3072)
BATCHES = [
    pickle.dumps({b"data": IMAGES, b"labels": [3, 7], b"batch_label": b"one"}, protocol=protocol)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]
PARTS = (
    *(
        b"(",
        b")",
        b"]",
        b"}",
        b"0",
        b"2",
        b"N",
        b"t",
        b"l",
        b"d",
        b"a",
        b"e",
        b"s",
        b"u",
        b"b",
        b"R",
        b"o",
        b"\x81",
        b"\x85",
    ),
    *(b"q\x00", b"h\x00", b"r\x00\x00\x00\x01", b"\x94", b"\x93", b"K\x07", b"J\xff\xff\xff\xff", b"I99999999999\n"),
    *(b"cposix\nsystem\n", b"cos\nmkdir\n", b"cbuiltins\neval\n", b"cbuiltins\ngetattr\n", b"cnumpy\nload\n"),
    *(b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"),
    *(b"\x8c\x05posix", b"\x8c\x06system", b"S'touched'\n", b"S'u1'\n", b"U\x04data", b"C\x06labels", b"."),
)


@st.composite
def damaged(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """A file with a few bytes changed, cut out, doubled or put in."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, min(400, len(content))) | st.integers(0, len(content)))
        length = draw(st.integers(0, 40))
        content[at : at + draw(st.integers(0, 40))] = draw(
            st.binary(max_size=8) | st.just(bytes(content[at : at + length])) | st.just(b"\xff" * length)
        )
    return bytes(content)


def npy(array: Any, **options: Any) -> bytes:
    """The content of an `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_header(text: str, body: bytes = b"") -> bytes:
    """An `.npy` file that says this of itself."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin1") + body


X = npy(np.random.default_rng(0).random((6, 4), dtype=np.float32))
Y = npy(np.array([0, 1, 2, 0, 1, 2]))
ARRAYS = {
    "x_train.npy": X,
    "y_train.npy": Y,
    "x_test.npy": X,
    "y_test.npy": Y,
    "classes.npy": npy(np.array(["a", "b", "c"])),
}


def picture(kind: str) -> bytes:
    """A small image."""
    file = io.BytesIO()
    Image.fromarray(IMAGES[0].reshape(32, 32, 3)).save(file, format=kind)
    return file.getvalue()


def read_or_refused(work: Callable[[], Any]) -> Any:
    """What was read, None where it was refused as documented."""
    with contextlib.suppress(DatasetError):
        return work()
    return None


@QUIET
@given(content=damaged(BATCHES))
def test_damaged_cifar_batches(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cifar")
    write_python10(folder, first=content)
    raw = read_or_refused(lambda: plugin.get("dataset", "cifar10")(allow_modified=True).read(folder, {}))
    assert raw is None or (raw.x_train.shape[1:] == (3, 32, 32) and len(raw.x_train) == len(raw.y_train))


@settings(QUIET, max_examples=1500)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=40))
def test_programs_in_pickles_do_nothing(parts: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(Exception):  # the reader of data sets refuses whatever is raised
        pickles.load(b"\x80\x04" + b"".join(parts) + b".")
    assert os.listdir(tmp_path) == []


@QUIET
@given(content=damaged([zipped(ARRAYS), zipped(ARRAYS, zipfile.ZIP_DEFLATED)]))
def test_damaged_archives(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    read_or_refused(lambda: read_arrays(tmp_path / "a.npz"))


@settings(QUIET, max_examples=400)
@given(name=st.sampled_from(sorted(ARRAYS)), data=st.data())
def test_damaged_arrays_in_sound_archives(name: str, data: st.DataObject, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(zipped(ARRAYS | {name: data.draw(damaged([ARRAYS[name]]))}))
    read_or_refused(lambda: read_arrays(tmp_path / "a.npz"))


@QUIET
@given(
    text=damaged([b"split,file,labels\ntrain,a.png,cat|dog\ntrain,a.png,dog\nval,a.png,\n"]),
    listed=st.none() | st.binary(),
)
def test_damaged_labels(text: bytes, listed: bytes | None, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("labels")
    (folder / "a.png").write_bytes(picture("PNG"))
    (folder / "labels.csv").write_bytes(text)
    if listed is not None:
        (folder / "classes.txt").write_bytes(listed)
    read_or_refused(lambda: check_images(labels_of(folder, task=None)))


@QUIET
@given(content=damaged([b"split,a,b,y\ntrain,1,x,0\ntrain,2,y,1\ntest,,x,1\n", b"a;b;y\n1;2;0\n3;4;1\n5;6;1\n"]))
def test_damaged_tables(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    table = tmp_path_factory.mktemp("tables") / "a.csv"
    table.write_bytes(content)
    read_or_refused(lambda: read_table(table))


@settings(QUIET, max_examples=400)
@given(content=damaged([picture(kind) for kind in FORMATS]))
def test_damaged_images(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("images")
    (folder / "a.png").write_bytes(content)
    (folder / "labels.csv").write_text("split,file,labels\ntrain,a.png,cat|dog\n")
    read_or_refused(lambda: check_images(labels_of(folder, task=None)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a run that is half done."""
    steps = iter(range(100))
    events = run(DIGITS, tmp_path_factory.mktemp("written"), should_stop=lambda: next(steps) > 5)
    path = Path(checkpoints(events)[-1].path)
    assert end(run(DIGITS, resume_from=path)).outcome == "succeeded"
    return path


EXAMPLES = pytest.mark.parametrize("examples", [50, campaign(300)])


@EXAMPLES
def test_damaged_checkpoints_end_a_run_with_the_reason(examples: int, written: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"

    @settings(QUIET, max_examples=examples)
    @given(content=damaged([written.read_bytes()]))
    def resumed(content: bytes) -> None:
        path.write_bytes(content)
        last = end(run(DIGITS, resume_from=path))
        assert last.reason in (None, "bad_checkpoint", "diverged"), last  # flipped bits may be good weights, or none

    resumed()


ODD: tuple[Any, ...] = (None, -1, 1e300, 2**70, "x", [], {}, [[]], True, "\ud800")


@EXAMPLES
def test_checkpoints_that_lie_end_a_run_with_the_reason(examples: int, written: Path, tmp_path: Path) -> None:
    path = tmp_path / "lying.safetensors"

    @settings(QUIET, max_examples=examples)
    @given(data=st.data())
    def resumed(data: st.DataObject) -> None:
        write_lies(data, written, path)
        last = end(run(DIGITS, resume_from=path))
        assert last.reason in (None, "bad_checkpoint", "diverged"), last

    resumed()


def write_lies(data: st.DataObject, written: Path, path: Path) -> None:
    """The checkpoint with one thing in it that cannot be."""
    tensors = safetensors.torch.load_file(written)
    with safetensors.safe_open(written, framework="pt") as file:
        metadata = json.loads(file.metadata()[METADATA_KEY])
    if data.draw(st.booleans()):
        metadata[data.draw(st.sampled_from(sorted(metadata)))] = data.draw(st.sampled_from(ODD))
    else:
        name = data.draw(st.sampled_from(sorted(tensors)))
        odd = [torch.zeros(3, 1), torch.tensor(7), torch.zeros(0), torch.zeros(2, dtype=torch.bool), None]
        chosen = data.draw(st.sampled_from(odd))
        tensors |= {f"{name}.more": torch.zeros(1)} if chosen is None else {name: chosen}
    safetensors.torch.save_file(tensors, path, metadata={METADATA_KEY: json.dumps(metadata)})


def bombs() -> dict[str, bytes]:
    """Small files that ask for more than any machine has."""
    deep = b")" + b"\x85" * 2_000_000
    laughs = [0] * 10
    for _ in range(10):
        laughs = [laughs] * 10  # type: ignore[list-item]  # as deep as it is meant to be
    zeros = np.zeros((1, 300 << 20), dtype=np.uint8)
    huge = "{'descr': '|u1', 'fortran_order': False, 'shape': (100000000000, 4), }"
    nested = "{'descr': " + "[" * 4000 + "]" * 4000 + ", 'fortran_order': False, 'shape': (1,), }"
    header = struct.pack("<Q", 2**62) + b"{}"
    deeply = json.dumps({"__metadata__": {METADATA_KEY: "[" * 200_000}}).encode()
    return {
        "memo.pickle": b"\x80\x02]r\xff\xff\xff\x7f.",
        "bytes.pickle": b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".",
        "bytearray.pickle": b"\x80\x05\x96" + struct.pack("<Q", 2**36) + b".",
        "frame.pickle": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b".",
        "tuples.pickle": b"\x80\x02}" + deep + b"Ns.",
        "lists.pickle": b"\x80\x02" + b"]" * 2_000_000 + b"a" * 1_999_999 + b".",
        "laughs.pickle": pickle.dumps({b"data": laughs, b"labels": [1]}, protocol=2),
        "number.pickle": b"L" + b"9" * 1_000_000 + b"L\n.",
        "array.pickle": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\x8a\x06"
        + (10**12).to_bytes(6, "little")
        + b"\x85C\x01b\x87R.",
        "kind.pickle": b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R(K\x03X\x01\x00\x00\x00>NNNK\x07K\x01K\x00tb.",
        "zeros.npz": zipped({"x_train.npy": npy(zeros), "y_train.npy": Y}, zipfile.ZIP_DEFLATED),
        "shape.npz": zipped({"x_train.npy": with_header(huge), "y_train.npy": Y}),
        "nested.npz": zipped({"x_train.npy": with_header(nested), "y_train.npy": Y}),
        "objects.npz": zipped({"x_train.npy": npy(np.array([{}], dtype=object), allow_pickle=True), "y_train.npy": Y}),
        "outside.npz": zipped({"../x_train.npy": X, "/tmp/y_train.npy": Y}),
        "twice.npz": zipped({f"x_train.npy{'/' * n}": X for n in range(3)}),
        "many.npz": zipped({**ARRAYS, **{f"{n}.npy": b"" for n in range(20_000)}}),
        "header.safetensors": header,
        "deep.safetensors": struct.pack("<Q", len(deeply)) + deeply,
        "json.safetensors": struct.pack("<Q", 2_000_000) + b"[" * 2_000_000,
    }


@pytest.mark.campaign
@pytest.mark.slow
def test_bombs_take_little_memory(tmp_path: Path) -> None:
    for name, content in bombs().items():
        (tmp_path / name).write_bytes(content)
    wide = tmp_path / "wide"
    wide.mkdir()
    head = struct.pack(">II", 60_000, 60_000) + b"\x08\x02\x00\x00\x00"
    (wide / "a.png").write_bytes(picture("PNG")[:16] + head + picture("PNG")[29:])
    (wide / "labels.csv").write_text("split,file,labels\ntrain,a.png,cat|dog\n")
    asked = [sys.executable, "-m", "tests.attack.open_script", str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["bytes"] < MOST_BYTES, said
    assert said["files"].pop("many.npz") == "read"
    allowed = ("refused", "UnpicklingError", "ValueError", "TypeError")  # CIFAR's reader refuses whatever is raised
    assert not {name: text for name, text in said["files"].items() if text.split(":")[0] not in allowed}
    assert np.dtype("u1").itemsize == 1


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (np.array(["a\ud800", "b", "c"]), ["0", "1", "2"]),
        (np.array(["a", "a", "b"]), ["0", "1", "2"]),
        (np.array(["x" * 10_000, "b", "c"]), ["0", "1", "2"]),
        (np.array(["a\x00b", "b\n", "c"]), ["0", "1", "2"]),
        (np.array([b"caf\xc3\xa9", b"b", b"c"]), ["café", "b", "c"]),
    ],
    ids=["half a character", "twice", "long", "control", "bytes"],
)
def test_odd_names_of_classes_are_left_out(classes: Any, names: list[str], tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    database.migrate()
    with running(database, tmp_path) as service:
        (tmp_path / "datasets" / "odd.npz").write_bytes(zipped(ARRAYS | {"classes.npy": npy(classes)}))
        answer = service.http.post("/v1/datasets", json={"name": "odd", "path": "odd.npz"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["classes"] == names
    database.dispose()
