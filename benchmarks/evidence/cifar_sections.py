"""The report's sections on CIFAR: 200 epochs beside published figures, and the short version of a CPU."""

import json
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.evidence.cells import DATA, in_order_of_worth
from benchmarks.evidence.records import ERROR, Key, Record
from benchmarks.evidence.references import INDEPENDENT, OFFICIAL, papers
from benchmarks.evidence.service import DATA as SHORT_DATA
from benchmarks.evidence.service import EPOCHS, METHODS, SEEDS, SETTING
from benchmarks.evidence.tables import MISSING, apart, by_seed, difference, figure, published, table

Records = Mapping[Key, Record]
FIELD_EPOCHS = 200
IN_THE_FIELDS_TIME = """## ResNet-32 in the field's 200 epochs

Top-1 test errors of the last epoch in per cent, mean ± standard deviation over seeds; five seeds are asked for.
Training is LDAM's: 200 epochs, the rate dropped at 160 and 180. LPL and LA+LPL have the paper's options for these rows
(tau 0.4 C, delta_epsilon 2 of its grid, head_scale 0.6 on CIFAR-10-LT and 0.2 on CIFAR-100-LT as released).

- *paper*: Tables III, IV and IX, whose own rows take 1,241 (CIFAR-10-LT) and 1,419 epochs of another ResNet-32;
- *official*: the repository of logit adjustment's authors, trained as long;
- *independent*: Zhang et al., AAAI 2021, 200 epochs; balanced softmax, the same method, for logit adjustment.
"""
SHORT = f"""## CIFAR-10-LT, 100:1, only {EPOCHS} epochs on a CPU: nothing to set beside published figures

Trained through the service in the background. Per cent, mean ± standard deviation over seeds; differences by seed in
points with their 95 % interval (Student's, wide where there are few seeds). *medium* are the two rarest classes, of 83
and 50 examples. 20 of the 10,000 test images are near-lossless copies of the published ones.
"""
BY_CLASS = """By class, head first: test error in per cent, and the relative loss variation of the last epoch (below 0:
the loss is lowered in training, above 0: raised), means over the seeds that are there.
"""


def in_the_fields_time(records: Records) -> list[str]:
    """A table for each data set."""
    lines = [IN_THE_FIELDS_TIME]
    for data, described in DATA.items():
        lines += [f"### {described.title}", "", *long_table(records, data)]
    return lines


def long_table(records: Records, data: str) -> list[str]:
    """A data set's methods beside published figures."""
    methods = list(dict.fromkeys(cell.method for cell in in_order_of_worth() if cell.data == data))
    official, independent, paper = OFFICIAL.get(data, {}), INDEPENDENT.get(data, {}), papers(data)
    base = by_seed(records, data, FIELD_EPOCHS, "logit_adjustment")
    rows = []
    for method in methods:
        seeds = [cell.key.seed for cell in in_order_of_worth() if (cell.data, cell.method) == (data, method)]
        values = by_seed(records, data, FIELD_EPOCHS, method)
        printed = [published(source.get(method)) for source in (paper, official, independent)]
        against = "-" if method == "logit_adjustment" else difference(values, base)
        rows.append([f"`{method}`", figure(values, seeds), *printed, apart(values, paper.get(method)), against])
    titles = ["method", "here", "paper", "official", "independent", "here - paper", "here, to logit_adjustment"]
    return table(titles, rows)


def short(records: Records) -> list[str]:
    """What a CPU can do."""
    rows = []
    for method in METHODS:
        values = by_seed(records, SHORT_DATA, EPOCHS, method)
        groups = [by_seed(records, SHORT_DATA, EPOCHS, method, f"{ERROR}.{name}") for name in ("many", "medium")]
        levels = [f"{100 * statistics.fmean(group.values()):.1f}" if group else MISSING for group in groups]
        others = [by_seed(records, SHORT_DATA, EPOCHS, other) for other in METHODS[:2]]
        against = [
            "-" if method == name else difference(values, other) for name, other in zip(METHODS, others, strict=False)
        ]
        rows.append([f"`{method}`", figure(values, SEEDS), *levels, *against])
    titles = ["method, the alias' defaults", "top-1 error", "many", "medium", *(f"to {name}" for name in METHODS[:2])]
    setting = [f"- {field}: `{json.dumps(value)}`" for field, value in SETTING.items()]
    return [SHORT, *setting, "", *table(titles, rows), *by_class(records)]


def by_class(records: Records) -> list[str]:
    """Test errors and relative loss variations by class, means over seeds."""
    of_short = [record for record in records.values() if (record.data, record.epochs) == (SHORT_DATA, EPOCHS)]
    groups = {method: [record for record in of_short if record.method == method] for method in METHODS}
    present = {method: group for method, group in groups.items() if group}
    if not present:
        return []
    counts = next(iter(present.values()))[0].class_counts
    rows = [
        [f"`{method}`, error", *(f"{100 * (1 - value):.0f}" for value in means([r.class_accuracy for r in group]))]
        for method, group in present.items()
    ]
    rows += [
        [f"`{method}`, loss variation", *(f"{value:+.2f}" for value in means([r.loss_variation for r in group]))]
        for method, group in present.items()
        if method != "cross_entropy"
    ]
    return [BY_CLASS, *table(["training examples", *map(str, counts)], rows)]


def means(rows: Sequence[Sequence[float | None]]) -> list[float]:
    """Means of each column, of what is defined."""
    columns = ([value for value in column if value is not None] for column in zip(*rows, strict=True))
    return [statistics.fmean(column) if column else float("nan") for column in columns]
