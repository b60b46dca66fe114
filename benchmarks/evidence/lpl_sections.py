"""The report's sections on LPL beside logit adjustment: one change at a time, and why."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.evidence.lpl_changes import FACTORS, METRICS, specs
from benchmarks.evidence.records import Key, Record
from benchmarks.evidence.service import CHANGES, EPOCHS, LONG
from benchmarks.evidence.service import DATA as SHORT_DATA
from benchmarks.evidence.tables import MISSING, by_seed, difference, table

Records = Mapping[Key, Record]
Results = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]
MARGIN_ROWS = 10
CHANGED = f"""## LPL, one thing changed at a time

`lpl` is the alias with its defaults: tau 0.4 C, delta_epsilon 2, head_scale 1, bounds from counts, detached. Top-1
errors in per cent. CIFAR-10-LT: ResNet-32, {EPOCHS} epochs on a CPU, number of seeds in brackets; `-`: not asked for.
Digits: an mlp, 60 epochs, ten seeds that also draw the subset; differences by seed in points with their 95 % interval.
"""
WHY = """## Why: the margins of LPL beside log(n_k / n_c)

By arithmetic from the methods' own perturbations (`benchmarks/evidence/margins.py`); no network is trained. m(c, k) is
by how much an example of class c must lie above class k to have the loss that it would have without perturbation at
equal logits. The boundary between class c and the most frequent one, 1, is shifted in favour of c by
(m(c, 1) - m(1, c)) / 2; logit adjustment shifts it by log(n_1 / n_c), which is what a balanced test set asks for.
"""
SAYS_NOTHING = """
*What is left of the prior*: the slope over log n_c of the logits at which training comes to rest if the inputs say
nothing. Cross entropy rests at log n_c (1), logit adjustment at equal logits (0), so that at test no class is
favoured. *Pull*: with every logit equal, by how much the examples of other classes push the logit of the rarest, and of
the most frequent, class down for each unit that its own push it up; 1 is balance.
"""


def changes(records: Records, digits: Results, margins: Mapping[str, Any]) -> list[str]:
    """Every change with its errors and what is left of the prior."""
    left = margins.get("digits_lt_100", {}).get("methods", {})
    titles = ["changed", f"CIFAR-10-LT 100, {EPOCHS} epochs", *(f"digits {factor}" for factor in FACTORS)]
    titles += ["to `lpl`, digits 100", "to `lpl`, digits 50", "left of the prior, digits 100"]
    rows = []
    for label in [*specs(), *(f"{name} {LONG['epochs']} epochs" for name in ("logit_adjustment", "lpl"))]:
        row = [f"`{label}`", on_cifar(records, label)]
        row += [mean(digits, f"digits_lt_{factor}", label) for factor in FACTORS]
        row += [against(digits, f"digits_lt_{factor}", label, "lpl") for factor in FACTORS[:2]]
        rows.append([*row, f"{left[label]['slope']:.2f}" if label in left else "-"])
    return [CHANGED, *table(titles, rows)]


def on_cifar(records: Records, label: str) -> str:
    """`41.2 (2)`: mean and number of seeds."""
    epochs = LONG["epochs"] if label.endswith("epochs") else EPOCHS
    values = by_seed(records, SHORT_DATA, epochs, label)
    asked = any(key.method == label for key in records) or label.removeprefix("lpl ") in CHANGES
    if not values:
        return MISSING if asked or label.endswith(("epochs", "lpl decayed twice")) else "-"
    return f"{100 * statistics.fmean(values.values()):.1f} ({len(values)})"


def mean(digits: Results, data: str, label: str) -> str:
    """Mean over seeds."""
    values = digits.get(data, {}).get(label, {}).get(METRICS[0], [])
    if label.endswith("epochs"):
        return "-"
    return f"{100 * statistics.fmean(values):.1f}" if values else MISSING


def against(digits: Results, data: str, label: str, base: str) -> str:
    """Difference by seed."""
    of_data = digits.get(data, {})
    if label == base or label not in of_data or base not in of_data:
        return "-"
    sides = [dict(enumerate(of_data[each][METRICS[0]])) for each in (label, base)]
    return difference(sides[0], sides[1])


def reasons(margins: Mapping[str, Any]) -> list[str]:
    """Margins by class, and what is left of the prior."""
    lines = [WHY]
    for data, title in (("cifar10_lt_100", "CIFAR-10-LT, 100:1"), ("cifar100_lt_100", "CIFAR-100-LT, 100:1")):
        if data in margins:
            lines += [f"### {title}", "", *margin_table(margins[data])]
    lines += ["### What is left of the prior, and who pulls", SAYS_NOTHING, *prior_table(margins)]
    return lines


def margin_table(of_data: Mapping[str, Any]) -> list[str]:
    """Shifts by class of some methods; every tenth class of a hundred, and the last."""
    counts, methods = of_data["class_counts"], of_data["methods"]
    step = max(1, len(counts) // MARGIN_ROWS)
    places = sorted({*range(0, len(counts), step), len(counts) - 1})
    labels = ["logit_adjustment", "lpl", "lpl delta_epsilon 5", "lpl delta_epsilon 10", "lpl fixed epsilon 2.5"]
    labels += ["lpl, the paper's options"]
    rows = [
        [f"`{label}`, {name}", *(f"{methods[label][name][place]:+.2f}" for place in places)]
        for name in ("margin", "shift")
        for label in labels
    ]
    return [
        "*margin* of each class against the most frequent one, then *shift* of the boundary between the two:",
        "",
        *table(["n_c", *(str(counts[place]) for place in places)], rows),
    ]


def prior_table(margins: Mapping[str, Any]) -> list[str]:
    """Slope and pulls, a data set a pair of columns."""
    titles = ["method"]
    for data in margins:
        titles += [f"{data}: left", "pull, rarest / first"]
    labels = list(dict.fromkeys(label for of_data in margins.values() for label in of_data["methods"]))
    rows = []
    for label in labels:
        row = [f"`{label}`"]
        for of_data in margins.values():
            each = of_data["methods"].get(label)
            row += ["-", "-"] if each is None else [f"{each['slope']:.2f}", pulls(each["pull"])]
        rows.append(row)
    return table(titles, rows)


def pulls(pull: Sequence[float]) -> str:
    """Of the rarest and the most frequent class."""
    return f"{pull[-1]:.1f} / {pull[0]:.1f}"
