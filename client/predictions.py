"""Predictions, and in which requests examples are sent."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, TypeVar, cast

from client.errors import ApiError, FieldError
from client.notebook import data_frame
from client.record import Answer

T = TypeVar("T")
MOST_INPUTS, MOST_BYTES = 256, 60_000_000
"""Of a request; the service takes 64 MiB, with what is around the inputs."""
PLACE = re.compile(r"(inputs|files)\.(\d+)(.*)", re.DOTALL)


class Prediction(Answer):
    """What is predicted of an example: its class, or for several labels all of them, and a probability per class."""

    label: str | None = None
    labels: list[str] | None = None
    probabilities: list[float]

    @property
    def text(self) -> str:
        """Its class, or its labels."""
        return self.label if self.label is not None else ", ".join(self.labels or [])


class Predictions(Answer):
    """Predictions in the order of the examples."""

    classes: list[str]
    predictions: list[Prediction]

    def to_pandas(self) -> Any:
        """A DataFrame with a row per example: what is predicted, and a column per class."""
        rows = [[each.text, *each.probabilities] for each in self.predictions]
        return data_frame(rows, columns=["predicted", *self.classes])


@dataclass(frozen=True)
class Part(Sequence[T]):
    """What is sent in one request."""

    first: int
    """Place of its first item among all."""
    items: list[T]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: Any) -> Any:
        return self.items[place]

    def moved(self, error: ApiError) -> ApiError:
        """An error about the part as one about all."""
        errors = [FieldError(self._moved(each.path), each.message) for each in error.errors]
        return ApiError(
            error.status,
            error.title,
            detail=error.detail,
            errors=errors,
            retry_after_seconds=error.retry_after_seconds,
        )

    def _moved(self, path: str) -> str:
        match = PLACE.fullmatch(path)
        return f"{match[1]}.{self.first + int(match[2])}{match[3]}" if match else path


def examples_of(inputs: Any) -> Iterable[Any]:
    """Examples one by one; a DataFrame's are rows by column."""
    if not hasattr(inputs, "to_dict"):
        return cast("Iterable[Any]", inputs)
    rows: list[Any] = inputs.astype(object).where(inputs.notna(), None).to_dict("records")
    return rows


def plain(example: Any) -> Any:
    """An example in JSON types; arrays and tensors become lists, a row's missing values (NaN) null."""
    if isinstance(example, Mapping):
        row = {str(name): plain(value) for name, value in example.items()}
        return {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
    return example.tolist() if hasattr(example, "tolist") else example


def bytes_of(example: Any) -> int:
    """About how long an example is in a request.

    Raises:
        ApiError: it is not JSON-able.
    """
    try:
        return len(json.dumps(example))
    except (TypeError, ValueError, RecursionError) as error:
        raise ApiError(400, "Invalid request", detail=f"an example cannot be written as JSON: {error}") from error


def in_parts(items: Iterator[tuple[T, int]]) -> Iterator[Part[T]]:
    """Items with their sizes, in as few requests as may be; one that is too large alone is sent alone."""
    first, size = 0, 0
    held: list[T] = []
    for item, length in items:
        if held and (len(held) == MOST_INPUTS or size + length > MOST_BYTES):
            yield Part(first, held)
            first, held, size = first + len(held), [], 0
        held.append(item)
        size += length
    yield Part(first, held)
