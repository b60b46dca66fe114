"""A report by class of runs that belong together: means and standard deviations over them. C classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from api.services.class_report.confusions import Cells, Floats, Places, cells_of, pooled, ratio
from api.services.series import array
from store import comparison
from store.comparison import Facts, Side
from store.database.engine import Session
from store.metrics import CALIBRATION, CONFUSION, LABEL_COUNTS

PRECISION_OF_RANKING, F1 = "test/average_precision", "test/f1"
NAMES = (*CONFUSION, LABEL_COUNTS, CALIBRATION, PRECISION_OF_RANKING, F1)
FIGURES = ("precision", "recall", "f1", "average_precision")
MOST_NUMBERS, MOST_ROWS = 50_000_000, 100_000
"""Numbers that are read, and rows of classes that are answered, at most."""
MOST_OF_A_MATRIX, CELLS_OF_A_CLASS = 1000, 50
"""Classes up to which a confusion is stored whole; about how many cells each has beyond."""
SINGLE_LABEL = "average precision is measured of multi-label data alone"
MULTI_LABEL = "a label counts as predicted from {threshold}"
NOT_KEPT = "precision, recall and test counts were not kept by the version that trained it"
NO_CONFUSION = "the confusion was not kept: no precision, no recall"


@dataclass
class Measured:
    """What one run has measured: figures [C] by name, and what is not of one value a class."""

    figures: dict[str, Floats] = field(default_factory=dict)
    cells: Cells | None = None
    examples: Places | None = None
    """[C] test examples of each class."""
    bins: Floats | None = None
    """[B, 3] examples, mean confidence and accuracy by confidence."""


@dataclass(frozen=True)
class Spread:
    """A figure over runs: mean and standard deviation [C] (with n - 1), NaN where undefined; n [C]."""

    mean: Floats
    std: Floats
    n: Floats


@dataclass(frozen=True)
class ClassReport:
    """The classes of the runs of a side, in the order of the data set."""

    side: Side
    label: str
    runs: list[str]
    multi_label: bool
    names: list[str]
    training_counts: list[int]
    figures: dict[str, Spread]
    """By those of `FIGURES` that there are."""
    test_counts: list[int | None]
    """[C] test examples of each class, None where that is not kept."""
    cells: Cells | None
    """Of all runs together."""
    calibration_errors: list[float]
    """Of each run that has one."""
    bins: Floats | None
    """Of all runs together."""
    notes: list[str]

    @property
    def seeds(self) -> list[int]:
        """Those of the runs."""
        seed = {member.id: member.seed for member in self.side.members}
        return [seed[run] for run in self.runs]


def reports(
    session: Session, sides: Sequence[tuple[str, Side]], *, succeeded: bool = True
) -> tuple[list[ClassReport], int]:
    """A report of every side that has one, as many from the first on as may be read; and how many sides are left out.

    Args:
        sides: with their labels.
        succeeded: whether runs count only once they have succeeded.
    """
    chosen = [(label, side, runs_of(side, succeeded=succeeded)) for label, side in sides]
    chosen = [each for each in chosen if each[2]]
    facts = comparison.class_facts(session, [runs[0] for *_, runs in chosen])
    found: list[ClassReport | None] = []
    numbers = rows = 0
    for label, side, runs in chosen:
        size = len(facts[runs[0]].get("class_names", []))
        runs_read = runs[: max(1, MOST_NUMBERS // numbers_of(size))]
        numbers, rows = numbers + len(runs_read) * numbers_of(size), rows + size
        if found and (numbers > MOST_NUMBERS or rows > MOST_ROWS):
            break
        found.append(report(session, label, side, runs_read, facts[runs[0]]))
    return [each for each in found if each is not None], len(chosen) - len(found)


def runs_of(side: Side, *, succeeded: bool) -> list[str]:
    """The runs of a side that count."""
    return [member.id for member in side.members if member.result or (not succeeded and member.epoch > 0)]


def numbers_of(classes: int) -> int:
    """About how many numbers are read of a run."""
    return max(1, classes**2 if classes <= MOST_OF_A_MATRIX else 3 * CELLS_OF_A_CLASS * classes)


def report(session: Session, label: str, side: Side, runs: Sequence[str], facts: Facts) -> ClassReport | None:
    """The report of runs of a side; None where they have measured nothing of classes."""
    names = [str(name) for name in facts.get("class_names", [])]
    measured = read(session, runs, len(names))
    if not any(each.figures for each in measured.values()):
        return None
    every = list(measured.values())
    cells = [each.cells for each in every if each.cells is not None]
    bins = [each.bins for each in every if each.bins is not None]
    multi_label = any("average_precision" in each.figures for each in every)
    examples = [each.examples for each in every if each.examples is not None]
    present = [name for name in FIGURES if any(name in each.figures for each in every)]
    return ClassReport(
        side,
        label,
        [run for run in runs if run in measured],
        multi_label,
        names,
        list(facts.get("class_counts", [])),
        {name: spread([each.figures[name] for each in every if name in each.figures]) for name in present},
        list(map(int, examples[0])) if examples else [None] * len(names),  # all seeds have the same test split
        pooled(cells),
        [calibration_error(each) for each in bins],
        pooled_bins(bins),
        notes_of(side, multi_label=multi_label, kept=bool(examples), read=len(runs)),
    )


def read(session: Session, runs: Sequence[str], classes: int) -> dict[str, Measured]:
    """What the newest epochs of runs have measured of so many classes."""
    measured: dict[str, Measured] = {}
    for run, name, series in comparison.class_arrays(session, runs, NAMES):
        each = measured.setdefault(run, Measured())
        if name in CONFUSION:
            each.cells = cells_of(name, series, classes)
            if each.cells is not None:
                each.examples, each.figures = each.cells.examples, each.figures | each.cells.figures()
        elif name == LABEL_COUNTS and series.shape == (classes, 3):
            each.examples, predicted, hits = array(series).astype(np.int64).T
            each.figures |= {"precision": ratio(hits, predicted), "recall": ratio(hits, each.examples)}
        elif name == CALIBRATION:
            each.bins = array(series).astype(np.float64)
        elif series.shape == (classes,):
            own = "f1" if name == F1 else "average_precision"
            each.figures[own] = finite(array(series).astype(np.float64))
    return measured


def finite(values: Floats) -> Floats:
    """The values, NaN for those that are infinite."""
    return np.where(np.isfinite(values), values, np.nan)


def spread(values: Sequence[Floats]) -> Spread:
    """Over runs, of each class those that have a value."""
    stacked = np.stack(values)
    defined = ~np.isnan(stacked)
    n = defined.sum(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(defined, stacked, 0.0).sum(axis=0) / n
        squares = np.where(defined, (stacked - mean) ** 2, 0.0).sum(axis=0)
        std = np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
    return Spread(mean, std, n)


def calibration_error(bins: Floats) -> float:
    """Expected calibration error of bins [B, 3]."""
    examples, confidence, right = bins.T
    distance = np.where(examples > 0, np.abs(np.nan_to_num(right) - np.nan_to_num(confidence)), 0.0)
    return float((examples * distance).sum() / max(examples.sum(), 1))


def pooled_bins(each: Sequence[Floats]) -> Floats | None:
    """The bins [B, 3] of all examples of all runs."""
    if not each:
        return None
    examples = np.sum([bins[:, 0] for bins in each], axis=0)
    sums = np.sum([bins[:, :1] * np.nan_to_num(bins[:, 1:]) for bins in each], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / examples[:, None]
    return np.column_stack([examples, means])


def notes_of(side: Side, *, multi_label: bool, kept: bool, read: int) -> list[str]:
    """What a reader must know."""
    counted = len(runs_of(side, succeeded=True))
    if multi_label:
        measured = [MULTI_LABEL.format(threshold=threshold_words(side)), *([] if kept else [NOT_KEPT])]
    else:
        measured = [SINGLE_LABEL if kept else NO_CONFUSION]
    return [*measured, *([f"the first {read} of {counted} runs"] if read < counted else [])]


def threshold_words(side: Side) -> str:
    """The probability from which a label of multi-label data counts as predicted."""
    threshold = side.spec.get("decision_threshold", 0.5)
    chosen = "its class's own threshold, which has the best F1 on the validation split"
    return chosen if isinstance(threshold, str) else f"a probability of {threshold:g}"
