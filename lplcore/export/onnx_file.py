"""A program as an ONNX file, checked by onnxruntime."""

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.export import ExportedProgram

from lplcore.export.network import Predicted, Unexportable, check_agreement
from lplcore.export.program import first_line

OPSET: Final = 20
TOLERANCE: Final = 1e-4
NEEDED: Final = ("onnx", "onnxscript", "onnxruntime")
ABSENT: Final = "needs {}, which is not installed on the service; install lpl-service[export], or take another format"
LARGEST_BYTES: Final = 2_000_000_000
"""Of weights in one file: Protocol Buffers hold no more than 2 GiB."""
BATCH: Final = "examples"


def refuse_absent() -> None:
    """See that what writes and checks ONNX files is installed.

    Raises:
        Unexportable: it is not.
    """
    absent = next((name for name in NEEDED if find_spec(name) is None), None)
    if absent is not None:
        raise Unexportable(ABSENT.format(absent))


def write_onnx(program: ExportedProgram, path: Path, *, examples: Tensor, wanted: Predicted) -> float:
    """Write the file, once it predicts the same; returns the largest difference.

    Args:
        examples: [N, ...] inputs as the network takes them.
        wanted: what torch predicts for them.

    Raises:
        Unexportable: an operation is not in ONNX, the file would be too large, or it predicts otherwise.
    """
    refuse_absent()
    if sum(tensor.nbytes for tensor in program.state_dict.values()) > LARGEST_BYTES:
        raise Unexportable("its weights take more than one ONNX file holds (2 GB); take torch_export")
    path.write_bytes(content_of(program))
    runtime: Any = import_module("onnxruntime")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers = session.run(None, {"input": examples.numpy()})
    made = Predicted(*(torch.from_numpy(answer) for answer in answers))
    return check_agreement(made, wanted, tolerance=TOLERANCE, what="ONNX")


def content_of(program: ExportedProgram) -> bytes:
    """The bytes of the file, without what the exporter notes: it names files of this machine."""
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            written = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=["input"],
                output_names=list(Predicted._fields),
                external_data=False,
                verbose=False,
            )
    except (MemoryError, OSError):
        raise
    except Exception as error:  # the exporter raises what it likes
        raise Unexportable(f"ONNX cannot hold this network: {first_line(error)}") from error
    assert written is not None
    model: Any = written.model_proto
    for noted in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.functions):
        noted.ClearField("metadata_props")
        noted.ClearField("doc_string")
    for value in (*model.graph.input, *model.graph.output):
        value.ClearField("metadata_props")
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    content: bytes = model.SerializeToString(deterministic=True)
    return content
