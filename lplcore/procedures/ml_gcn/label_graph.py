"""The graph of the labels that ML-GCN works on. N examples, C classes, E length of a label vector."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from lplcore.data.weights_folder import PLACE
from lplcore.errors import SpecError

FIELD = "method.procedure.word_vectors"
READ_IN_PASSING = 64 * 2**20
"""Bytes of the largest file that is read to check a spec: less than a second."""


def correlation(labels: Tensor, *, threshold: float, neighbour_weight: float) -> Tensor:
    """[C, C] normalised edges from multi-hot training labels [N, C] (Chen et al., Eq. 6 to 8, as in their code).

    A pair of classes counts where both are known, that is not -1. Shares count as much as they are.
    """
    positive, labelled = labels.cpu().clamp(min=0).double(), (labels.cpu() >= 0).double()
    together = positive.T @ positive
    counts = (positive.T @ labelled).clamp(min=1)
    edges = (together / counts >= threshold).to(torch.float64) * (together > 0)
    edges.fill_diagonal_(0)
    weighted = neighbour_weight * edges / (edges.sum(dim=0, keepdim=True) + 1e-6)
    graph = weighted + torch.eye(len(together), dtype=torch.float64)
    scale = graph.sum(dim=1) ** -0.5
    return (scale[:, None] * graph.T * scale).float()


def one_hot_vectors(num_classes: int) -> Tensor:
    """[C, C]."""
    return torch.eye(num_classes)


def word_vectors(path: Path, classes: Sequence[str]) -> Tensor:
    """[C, E] mean of the vectors of each class name's words, from a text file with a word and its numbers per line.

    Raises:
        SpecError: no such file, a line that is not like that, or a word that it lacks.
    """
    words = {name: [word for word in re.split(r"[\W_]+", name.lower()) if word] for name in classes}
    wanted = {word for name_words in words.values() for word in name_words}
    vectors: dict[str, Tensor] = {}
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                word, _, rest = line.partition(" ")
                if word in wanted and word not in vectors:
                    vectors[word] = parsed(rest, number)
    except OSError as error:
        raise unreadable(path, error) from error
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise refused(f"{path.name} holds vectors of several lengths")
    for name, name_words in words.items():
        lacking = [word for word in name_words if word not in vectors]
        if lacking or not name_words:
            raise refused(f"{path.name} has no vector for {(lacking or [name])[0]!r} of class {name!r}; add a line")
    return torch.stack([torch.stack([vectors[word] for word in words[name]]).mean(dim=0) for name in classes])


@lru_cache(maxsize=64)
def check_word_vectors(path: Path, classes: tuple[str, ...], stamped: str) -> None:
    """Whether a file has vectors for the classes; `stamped` changes with it, and only what fits is remembered.

    A file too large to be read in passing is only opened.

    Raises:
        SpecError: it has not.
    """
    try:
        with path.open("rb"):
            large = path.stat().st_size > READ_IN_PASSING
    except OSError as error:
        raise unreadable(path, error) from error
    if not large:
        word_vectors(path, classes)


def unreadable(path: Path, error: OSError) -> SpecError:
    """What is wrong with a file that cannot be read."""
    place = f"put it into {PLACE}"
    return refused(f"{path.name} cannot be read ({error.strerror}); {place}")


def parsed(text: str, number: int) -> Tensor:
    """The numbers of a line."""
    try:
        vector = torch.tensor([float(part) for part in text.split()])
    except ValueError as error:
        raise refused(f"line {number} is not a word and its numbers") from error
    if not len(vector) or not vector.isfinite().all():
        raise refused(f"line {number} is not a word and its numbers")
    return vector


def refused(message: str) -> SpecError:
    """What is wrong with the file."""
    return SpecError([{"path": FIELD, "message": message}])
