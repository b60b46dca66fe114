"""Pickled dictionaries of arrays, numbers and texts, as CIFAR's python files are, from files that nobody vouches for.

A pickle is a program. Only the instructions that such files need are let through, all of them checked before the first
is carried out: no length beyond the file, no place in the memo beyond it, few tuples (they nest, and are hashed
recursively). Names lead to the stand-ins below and nowhere else, so that numpy's own constructors are never called.
"""

import io
import pickle
import pickletools
from typing import Any

import numpy as np
import numpy.typing as npt

OPCODES = (
    *("PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET"),
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
)
KINDS = frozenset(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))
MAX_TUPLES = 1000


def load(content: bytes) -> Any:
    """What the pickle holds; texts of Python 2 are bytes, arrays are of integers.

    Raises:
        pickle.UnpicklingError: it asks for anything else.
        Exception: of many kinds, where it is damaged.
    """
    check(content)
    return Restricted(io.BytesIO(content), encoding="bytes").load()


def check(content: bytes) -> None:
    """Look at every instruction, none of which is carried out."""
    tuples = 0
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name not in OPCODES:
            raise pickle.UnpicklingError(f"the instruction {opcode.name} is not allowed in a data file")
        if opcode.name.endswith("PUT") and not 0 <= int(argument or 0) <= len(content):
            raise pickle.UnpicklingError("a place in the memo lies beyond the file")
        tuples += "TUPLE" in opcode.name
    if tuples > MAX_TUPLES:
        raise pickle.UnpicklingError(f"more than {MAX_TUPLES} tuples are not allowed in a data file")


class StandIn:
    """What a name in a pickle leads to; nothing can be set on it."""

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("an unexpected state")


class Array(StandIn):
    """A pickled array; `value` is what it holds, [0] before it is told."""

    def __init__(self, *_: Any) -> None:
        self.value: npt.NDArray[Any] = np.empty(0, dtype=np.uint8)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, raw = state
        self.value = from_bytes(raw, kind, shape, "F" if by_columns else "C")


class Kind(StandIn):
    """A pickled `numpy.dtype`."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name, self.order = as_text(name), "<"

    def __setstate__(self, state: Any) -> None:
        self.order = as_text(state[1])


class ArrayOfBytes(Array):
    """An array as protocol 5 pickles it."""

    def __init__(self, raw: Any, kind: Any, shape: Any, order: Any) -> None:
        self.value = from_bytes(raw, kind, shape, as_text(order))


class Latin1(StandIn):
    """Bytes as protocol 2 pickles them."""

    def __new__(cls, text: Any, encoding: Any) -> Any:
        if not isinstance(text, str) or as_text(encoding) not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError("only texts in latin1 are allowed in a data file")
        return text.encode("latin1")


def from_bytes(raw: Any, kind: Any, shape: Any, order: str) -> npt.NDArray[Any]:
    """Integers of this kind and shape; the bytes must be exactly theirs."""
    if not isinstance(kind, Kind) or kind.name not in KINDS or not isinstance(raw, bytes | bytearray):
        raise pickle.UnpicklingError("only arrays of integers are allowed in a data file")
    dtype = np.dtype(f">{kind.name}" if kind.order == ">" else f"<{kind.name}")
    return np.frombuffer(bytes(raw), dtype).reshape(shape, order="F" if order == "F" else "C")


def as_text(name: Any) -> str:
    """Text, also where Python 2 wrote it."""
    return name.decode("ascii") if isinstance(name, bytes) else str(name)


STAND_INS: dict[tuple[str, str], type[StandIn]] = {
    ("numpy", "ndarray"): Array,
    ("numpy", "dtype"): Kind,
    ("multiarray", "_reconstruct"): Array,
    ("numeric", "_frombuffer"): ArrayOfBytes,
    ("_codecs", "encode"): Latin1,
}


class Restricted(pickle.Unpickler):
    """Finds the stand-ins only."""

    def find_class(self, module: str, name: str) -> Any:
        loaded = STAND_INS.get((module.rpartition(".")[2], name))
        if loaded is None or module.partition(".")[0] not in ("numpy", "_codecs"):
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a data file")
        return loaded
