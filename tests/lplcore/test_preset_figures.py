"""Every figure of the paper's Tables I to X is a preset's, and every preset's figure is printed there."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import torch

import lplcore
from lplcore.plugin import plugins
from tests.lplcore.paper_tables import GROUPS, figures, label, repeated
from tests.shared_data import shared_page

PRESETS: Mapping[str, Any] = plugins("preset")
METRIC_ENDS = dict(zip(GROUPS, ("", ".many", ".medium", ".few"), strict=True))
TWICE = {
    "Table IX, LA, CIFAR10-LT100": "Table IV, LA, 100:1",
    "Table IX, LA, CIFAR100-LT100": "Table III, LA, 100:1",
    "Table IX, LPL, CIFAR10-LT100": "Table IV, LPL (varied tau + varied epsilon), 100:1",
    "Table IX, LPL, CIFAR100-LT100": "Table III, LPL (varied tau + varied epsilon), 100:1",
}
"""Figures that repeat another table's, whose preset is that one's."""


@pytest.fixture(scope="module")
def printed() -> dict[str, float | None]:
    """Row and column -> figure, as the paper prints it."""
    return figures(shared_page("paper.txt"))


DATASETS = {"I": "cifar10", "II": "cifar100", "III": "cifar100", "IV": "cifar10"}
RATIOS = {"100:1": 100, "10:1": 10}
COLUMNS = {
    "VOC-MLT": ("voc_mlt", 1),
    "COCO-MLT": ("coco_mlt", 1),
    "iNat2017": ("inaturalist2017", 1),
    "iNat2018": ("inaturalist2018", 1),
    "CIFAR10": ("cifar10", 1),
    "CIFAR100": ("cifar100", 1),
    "CIFAR10-LT100": ("cifar10", 100),
    "CIFAR100-LT100": ("cifar100", 100),
    "MS-COCO": ("ms_coco", 1),
}
"""Column -> data set and imbalance factor."""


def own_figures() -> dict[str, dict[str, float]]:
    """Preset -> row and column -> its figure."""
    return {
        name: {place(preset.table_row, metric): value for metric, value in preset.published.items()}
        for name, preset in PRESETS.items()
        if preset.table_row and preset.published
    }


def place(row: str, metric: str) -> str:
    """Where a metric of a row stands, as the tables' test names it."""
    roman, words, column = split_row(row)
    groups = [group for group, end in METRIC_ENDS.items() if metric == f"test/mean_average_precision{end}"]
    ending = f", {groups[0]}" if roman == "V" else ""
    return f"Table {roman}, {label(words)}, {column}{ending}"


def split_row(row: str) -> tuple[str, str, str]:
    """Table, row and column of a preset's `table_row`."""
    parts = re.fullmatch(r"Table (\w+), (.+), ([^,]+)", row)
    assert parts is not None, row
    return parts[1], parts[2], parts[3]


def test_the_paper_prints_what_the_presets_have(printed: dict[str, float | None]) -> None:
    for name, values in own_figures().items():
        assert values == {where: printed.get(where) for where in values}, name


def test_every_printed_figure_is_a_presets(printed: dict[str, float | None]) -> None:
    owned = {where for values in own_figures().values() for where in values}
    assert {where for where, value in printed.items() if value is not None} - owned == set(TWICE)
    for where, original in TWICE.items():
        assert printed[where] == printed[original]


def test_a_dash_is_nobodys(printed: dict[str, float | None]) -> None:
    rows = {where.rpartition(",")[0] for where, value in printed.items() if value is None}
    assert rows == {f"Table VI, {row}" for row in ("Class-balanced fine-tuning", "Meta-weight net", "Focal Loss")}


def test_table_vii_subtracts_figures_of_tables_iii_and_iv(printed: dict[str, float | None]) -> None:
    columns = repeated(shared_page("paper.txt"))
    for (la, lpl, difference), table, ratio in zip(
        columns, ("III", "IV") * 2, ("100:1", "100:1", "10:1", "10:1"), strict=True
    ):
        assert printed[f"Table {table}, LA, {ratio}"] == pytest.approx(la / 100)
        assert printed[f"Table {table}, LPL (varied tau + varied epsilon), {ratio}"] == pytest.approx(lpl / 100)
        assert lpl - la == pytest.approx(difference)


@pytest.mark.parametrize("name", sorted(own_figures()))
def test_a_figure_is_of_the_data_of_its_column(name: str) -> None:
    roman, _, column = split_row(PRESETS[name].table_row)
    dataset, factor = (
        COLUMNS.get(column, (None, 1)) if roman not in DATASETS else (DATASETS[roman], RATIOS.get(column, 1))
    )
    data = PRESETS[name].spec["dataset"]
    assert (data["name"], data.get("imbalance_factor", 1)) == (dataset, factor)


def test_all_tables_are_read_whole(printed: dict[str, float | None]) -> None:
    assert len(printed) == 26 + 26 + 22 + 22 + 152 + 22 + 18 + 6 + 3


def test_networks_of_table_viii_have_the_printed_numbers_of_parameters() -> None:
    text = shared_page("paper.txt")
    millions = dict(re.findall(r"\n(\S+)\+ISDA (\d+\.\d)M", text))
    for name, preset in PRESETS.items():
        if name.startswith("table8_cifar10_isda"):
            network = re.fullmatch(r"Table VIII, (\S+) \+ .*", preset.table_row)
            assert network is not None
            assert f"{parameters_of(preset) / 1e6:.1f}" == millions[network[1]]


def parameters_of(preset: Any) -> int:
    """Numbers that the preset's network learns, on CIFAR-10."""
    model = lplcore.parse_spec({"preset": preset.name}).model
    with torch.device("meta"):
        network = model.build(input_shape=(3, 32, 32), num_classes=10)
    return sum(parameter.numel() for parameter in network.parameters())
