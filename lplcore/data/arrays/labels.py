"""Labels in the forms that people save: columns, one-hot rows, numbers from 1, names of classes.

N examples, C classes. What is not recognised stays as it is, for the checks that follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lplcore.data.class_names import MAX_NAME, fits, in_natural_order, tidy
from lplcore.data.rules import MOSTLY_SINGLE
from lplcore.errors import DatasetError
from lplcore.frame.labels import UNKNOWN
from lplcore.plugin import quoted

Array = npt.NDArray[Any]
LARGEST_LABEL = 1_000_000
UNLABELLED = 255
"""What files of bytes mark examples without label with; a class only where 254 is one too."""
MOST_NAMED = 10
COLUMN = "labels of shape [N, 1] are read as [N]"
ONE_HOT = (
    "each row of the labels has one 1: read as one-hot rows of a single-label set; "
    "register it with the task multi_label to have it as one"
)
FROM_ONE = "labels run from 1 to {high}: read as classes 0 to {last}"
TEXT = "labels are text: read as names of classes, in natural order"
TEXT_IN_ORDER = "labels are text: read as names of classes, in the order of the array classes"


class Labels(NamedTuple):
    """Labels by split, the names of the classes where they are known, and notes."""

    by_split: dict[str, Array]
    names: tuple[str, ...] | None
    notes: tuple[str, ...]


def recognised(labels: Mapping[str, Array], classes: Array | None, *, task: str | None) -> Labels:
    """Labels as class indices [N] wherever they can be, else as they are.

    Args:
        labels: by split; `train` is one.
        classes: names of the classes as the archive has them.
        task: what the labels must be; None lets them say it.

    Raises:
        DatasetError: labels and names contradict each other, or numbers are left out; the message has the remedy.
    """
    names, notes = readable_names(classes)
    by_split = dict(labels)
    single = task != "multi_label"
    if single and any(is_column(y) for y in labels.values()):
        by_split = {split: y[:, 0] if is_column(y) else y for split, y in labels.items()}
        notes = (*notes, COLUMN)
    if any(y.dtype.kind in "US" for y in by_split.values()):
        read = from_text(by_split, names)
    elif single and by_split["train"].ndim == 2 and all(map(is_one_hot, by_split.values())):
        read = from_one_hot(by_split, names)
    elif all(y.ndim == 1 and are_indices(y) for y in by_split.values()):
        read = from_numbers(by_split, names)
    elif by_split["train"].ndim == 2:
        refuse_other_length(names, by_split["train"].shape[1])
        if task == "multi_label":
            by_split = {split: whole_rows(y) for split, y in by_split.items()}
        else:
            refuse_shares(by_split)
        read = Labels(by_split, names, odd_rows(by_split) if task is None else ())
    else:
        read = Labels(by_split, names, ())
    return Labels(read.by_split, read.names, (*notes, *read.notes))


def readable_names(classes: Array | None) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The names in an archive, None where there are none that can be used; and a note where they cannot."""
    if classes is None:
        return None, ()
    try:
        names = [tidy(name) for name in as_texts(classes.ravel())]
    except (SystemError, TypeError, ValueError):  # no text, or numbers that stand for no character
        return None, ("classes is left out: it is no array of texts; classes have numbers for names",)
    if not all(map(fits, names)) or len(set(names)) < len(names):
        reason = f"its names must differ and have 1 to {MAX_NAME} printable characters"
        return None, (f"classes is left out: {reason}; classes have numbers for names",)
    return tuple(names), ()


def as_texts(values: Array) -> list[str]:
    """Texts [N], bytes taken as UTF-8 and whole numbers as they are written.

    Raises:
        TypeError: neither texts nor whole numbers.
        ValueError, SystemError: they stand for no characters.
    """
    if values.dtype.kind not in "USiu":
        raise TypeError(f"{values.dtype} is no text")
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values.tolist()]


def is_column(y: Array) -> bool:
    """Whether the shape is [N, 1]."""
    return y.ndim == 2 and y.shape[1] == 1


def are_indices(y: Array) -> bool:
    """Whether these are numbers that class indices can be."""
    return y.dtype.kind in "iub" and y.size > 0 and int(y.min()) >= 0 and int(y.max()) <= LARGEST_LABEL


def is_one_hot(y: Array) -> bool:
    """Whether every row [C] has one 1 and zeros; indices [N] beside such rows may stay."""
    if y.ndim != 2:
        return y.ndim == 1 and are_indices(y)
    if y.dtype.kind not in "iubf" or y.size == 0:
        return False
    return bool(((y == 0) | (y == 1)).all() and (np.count_nonzero(y, axis=1) == 1).all())


def are_shares(y: Array) -> bool:
    """Whether these are rows [N, C] of numbers from 0 to 1, and -1 for what is unknown."""
    return y.ndim == 2 and y.dtype.kind == "f" and bool(((y >= 0) & (y <= 1) | (y == UNKNOWN)).all())


def refuse_shares(by_split: Mapping[str, Array]) -> None:
    """Rows of fractions, of which nobody has said what they are."""
    for split, y in by_split.items():
        if are_shares(y):
            message = f"y_{split}: labels are whole numbers, got {y.dtype}; save y.astype(int)"
            raise DatasetError("name", f"{message}, or register shares of 0 to 1 with the task multi_label")


def whole_rows(y: Array) -> Array:
    """Shares that are all 0, 1 or unknown as whole numbers."""
    return y.astype(np.int64) if are_shares(y) and bool((y == np.rint(y)).all()) else y


def from_one_hot(by_split: Mapping[str, Array], names: tuple[str, ...] | None) -> Labels:
    """Class indices of one-hot rows."""
    columns = by_split["train"].shape[1]
    refuse_other_length(names, columns)
    indices = {split: y.argmax(axis=1) if y.ndim == 2 else y for split, y in by_split.items()}
    for split, y in by_split.items():
        width = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
        if width > columns or (y.ndim == 2 and width < columns):
            raise DatasetError("name", f"y_{split}: {width} classes beside the {columns} columns of y_train; mend one")
    return Labels(indices, names or numbered(0, columns), (ONE_HOT,))


def odd_rows(by_split: Mapping[str, Array]) -> tuple[str, ...]:
    """A note where a few rows make a set multi label.

    Raises:
        DatasetError: a row has no label where none has more than one.
    """
    rows = {split: y for split, y in by_split.items() if y.ndim == 2 and y.dtype.kind in "iub" and y.size}
    ones = {split: (y == 1).sum(axis=1) for split, y in rows.items()}
    if any((y == UNKNOWN).any() for y in rows.values() if y.dtype.kind == "i"):
        return ()
    most = max((int(number.max()) for number in ones.values()), default=0)
    total, odd = sum(map(len, ones.values())), sum(int((number != 1).sum()) for number in ones.values())
    if most == 1 and odd:
        split, row = next((split, int(np.flatnonzero(n == 0)[0])) for split, n in ones.items() if (n == 0).any())
        message = f"row {row} has no label, though no row has more than one; give it one, leave it out, or register "
        raise DatasetError("name", f"y_{split}: {message}the file with the task multi_label, where a row may have none")
    if not odd or odd > (1 - MOSTLY_SINGLE) * total:
        return ()
    reason = f"{odd} of {total} rows have not one label"
    return (f"multi label, since {reason}; register it with the task single_label to have them refused",)


def from_text(by_split: Mapping[str, Array], names: tuple[str, ...] | None) -> Labels:
    """Class indices of labels that are names of classes."""
    distinct: dict[str, list[str]] = {}
    inverse: dict[str, Array] = {}
    for split, y in by_split.items():
        if y.ndim != 1 or y.dtype.kind not in "US":
            message = f"{y.dtype} of shape {list(y.shape)} beside labels that are text; save [N] texts in every split"
            raise DatasetError("name", f"y_{split}: {message}")
        values, inverse[split] = np.unique(y, return_inverse=True)
        distinct[split] = [class_name(value, split) for value in texts_of(values, split)]
    ordered = names or in_natural_order({name for each in distinct.values() for name in each})
    place = {name: index for index, name in enumerate(ordered)}
    for split, each in distinct.items():
        for name in each:
            if name not in place:
                raise DatasetError("name", f"y_{split}: label {quoted(name)} is not in classes; add it or correct it")
    indices = {split: np.array([place[name] for name in distinct[split]])[inverse[split]] for split in by_split}
    occurring = np.unique(np.concatenate(list(indices.values())))
    return Labels(indices, ordered, (TEXT_IN_ORDER if names else TEXT, *empty_note(ordered, occurring)))


def texts_of(values: Array, split: str) -> list[str]:
    """The distinct labels of a split."""
    try:
        return as_texts(values)
    except (SystemError, ValueError) as error:
        raise DatasetError("name", f"y_{split}: holds text that is not Unicode; save it anew") from error


def class_name(label: str, split: str) -> str:
    """A label as the name of its class."""
    name = tidy(label)
    if not fits(name):
        message = f"a label has 1 to {MAX_NAME} printable characters, got {quoted(label)}; rename it"
        raise DatasetError("name", f"y_{split}: {message}")
    return name


def from_numbers(by_split: Mapping[str, Array], names: tuple[str, ...] | None) -> Labels:
    """Class indices of numbers, which may run from 1."""
    indices: dict[str, Array] = {split: y.astype(np.int64) for split, y in by_split.items()}
    occurring = np.unique(np.concatenate(list(indices.values())))
    notes: tuple[str, ...] = ()
    high = int(occurring[-1])
    if occurring[0] == 1 and (names is None or len(names) == high):
        names = names or numbered(1, high)
        indices, occurring = {split: y - 1 for split, y in indices.items()}, occurring - 1
        notes, high = (FROM_ONE.format(high=high, last=high - 1),), high - 1
        refuse_gaps(occurring + 1)
    elif names is None:
        refuse_gaps(occurring)
        names = numbered(0, high + 1)
    refuse_other_length(names, high + 1)
    return Labels(indices, names, (*notes, *empty_note(names, occurring)))


def numbered(first: int, number: int) -> tuple[str, ...]:
    """Numbers as names."""
    return tuple(str(c) for c in range(first, first + number))


def refuse_gaps(occurring: npt.NDArray[np.int64]) -> None:
    """Numbers most of which stand for no class; numbers that leave out a few are those of empty classes."""
    high, lowest = int(occurring[-1]), min(int(occurring[0]), 1)
    mark = high == UNLABELLED and UNLABELLED - 1 not in occurring
    if not mark and 2 * len(occurring) >= high + 1 - lowest:
        return
    why = (
        f"{UNLABELLED} often marks examples without a label: leave those out or give them -100"
        if mark
        else "number the classes from 0"
    )
    message = f"labels are {listed(occurring.tolist())}: of the numbers up to {high} most or the last ones do not occur"
    raise DatasetError("name", f"{message}; {why}, or name all {high + 1} classes in classes")


def refuse_other_length(names: tuple[str, ...] | None, num_classes: int) -> None:
    """Names that do not fit the labels."""
    if names is not None and len(names) != num_classes:
        message = f"classes names {len(names)} classes, the labels have {num_classes}"
        raise DatasetError("name", f"{message}; give one name for each class, in the order of the labels")


def empty_note(names: Sequence[str], occurring: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """A note on classes without any example in any split."""
    empty = [names[c] for c in np.setdiff1d(np.arange(len(names)), occurring)]
    return (f"without any example: {listed(empty)}",) if empty else ()


def listed(values: Sequence[Any]) -> str:
    """Some values for a message."""
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return ", ".join(map(str, values[:MOST_NAMED])) + more
