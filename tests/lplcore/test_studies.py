"""Studies: the paper's tables and figures, with the figures that it prints, at both scales."""

from collections.abc import Mapping
from typing import Any

import pytest

import lplcore
from lplcore.frame.study import Column, Difference, Source, Study, StudyRow
from lplcore.plugin import get, plugins
from lplcore.studies.plan import Scale, StudyPlan, plan
from tests.lplcore.paper_tables import figures, label, repeated
from tests.shared_data import shared_page

STUDIES: Mapping[str, Study] = plugins("study")
TABLES = {
    "I": "table1",
    "II": "table2",
    "III": "table3",
    "IV": "table4",
    "V": "table5",
    "VI": "table6",
    "VIII": "table8",
    "IX": "table9",
    "X": "table10",
}
SCALES: tuple[Scale, ...] = ("full", "cpu")


def planned(name: str, scale: Scale) -> StudyPlan:
    return plan(STUDIES[name], scale)


def parsed(name: str, scale: Scale) -> dict[str, lplcore.ExperimentSpec]:
    """Key of a job -> its complete spec."""
    return {key: lplcore.parse_spec(spec) for key, spec in planned(name, scale).jobs.items()}


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_all_experiments_of_a_study_can_be_planned_at_both_scales(name: str) -> None:
    for scale in SCALES:
        for spec in parsed(name, scale).values():
            assert len(spec.plan()) == len(spec.seeds)


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_a_study_on_the_cpu_fits_its_data_and_has_other_names_for_its_jobs(name: str) -> None:
    specs = parsed(name, "cpu")
    for spec in specs.values():
        if spec.dataset.name.startswith("digit"):
            spec.check(lplcore.dataset_info(spec.dataset))
    experiments = [spec.model_dump_json(exclude={"name"}) for spec in specs.values()]
    if name not in ("table5", "fig11", "fig2", "table10"):
        assert len(set(experiments)) == len(experiments)


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_rows_columns_and_jobs_of_a_study_have_names_of_their_own(name: str) -> None:
    study = STUDIES[name]
    keys, labels = [column.key for column in study.columns], [row.label for row in study.rows]
    assert len(set(keys)) == len(keys)
    assert len(set(labels)) == len(labels)
    for row in study.rows:
        assert row.method in plugins("method")
        assert set(row.cells) <= set(keys)
        for key, cell in row.cells.items():
            if isinstance(cell, Difference):
                others = [other.cells.get(key) for other in study.rows if other.label in (cell.row, cell.minus)]
                assert len(others) == 2
                assert all(isinstance(other, Source) for other in others)
    assert study.sources


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_cell_of_a_plan_has_its_job(name: str) -> None:
    for scale in SCALES:
        table = planned(name, scale)
        cells = [cell for row in table.rows for cell in row.cells.values()]
        assert {cell.job for cell in cells if cell.derived is None} == set(table.jobs)
        assert all(cell.job is None for cell in cells if cell.derived is not None)
        assert StudyPlan.model_validate_json(table.model_dump_json(), strict=False) == table


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_both_scales_of_a_study_have_the_same_table(name: str) -> None:
    full, cpu = (planned(name, scale) for scale in SCALES)
    assert (full.columns, full.rows) == (cpu.columns, cpu.rows)
    assert set(full.jobs) == set(cpu.jobs)


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_a_job_of_a_study_has_its_presets_experiment_but_for_what_the_study_changes(name: str) -> None:
    full, cpu = parsed(name, "full"), parsed(name, "cpu")
    for source in STUDIES[name].sources:
        preset = lplcore.parse_spec({"preset": source.preset})
        whole = full[source.job]
        if not source.method:
            assert whole == preset
        else:
            differing = {field for field in type(whole).model_fields if getattr(whole, field) != getattr(preset, field)}
            assert differing == {"name", "method"}
        assert cpu[source.job].method.alias == whole.method.alias
        small, large = (spec.method.model_dump() for spec in (cpu[source.job], whole))
        assert without_covariance(small["perturbations"]) == without_covariance(large["perturbations"])
        assert small["loss"] == large["loss"]
        assert small["weighting"] == large["weighting"]
        assert small["targets"] == large["targets"]


def without_covariance(perturbations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Perturbations but for what ISDA keeps of covariances."""
    return [{name: value for name, value in each.items() if name != "covariance"} for each in perturbations]


def own_figures(study: Study, roman: str) -> dict[str, float | None]:
    """Row and column -> the study's printed figure, None for a dash; named as the paper's figures are."""
    return {
        f"Table {roman}, {label(row.label)}, {column.key}": published(row.cells.get(column.key))
        for row in study.rows
        for column in study.columns
    }


def published(cell: Source | Difference | None) -> float | None:
    """The printed figure of a cell."""
    return None if cell is None else cell.published


@pytest.mark.parametrize("roman", sorted(TABLES))
def test_a_table_has_the_rows_columns_and_figures_that_the_paper_prints(roman: str) -> None:
    printed = figures(shared_page("paper.txt"))
    table = [(where, value) for where, value in printed.items() if where.startswith(f"Table {roman}, ")]
    own = list(own_figures(STUDIES[TABLES[roman]], roman).items())
    assert [(label(where), value) for where, value in own] == [(label(where), value) for where, value in table]


def test_table_vii_has_the_printed_errors_and_differences() -> None:
    la, lpl, reduction = STUDIES["table7"].rows
    columns = repeated(shared_page("paper.txt"))
    for column, (first, second, difference) in zip(STUDIES["table7"].columns, columns, strict=True):
        assert published(la.cells[column.key]) == pytest.approx(first / 100)
        assert published(lpl.cells[column.key]) == pytest.approx(second / 100)
        assert published(reduction.cells[column.key]) == pytest.approx(difference / 100)
        cell = reduction.cells[column.key]
        assert isinstance(cell, Difference)
        assert (cell.row, cell.minus) == (lpl.label, la.label)


def test_every_table_and_figure_is_a_study() -> None:
    paper = {*(f"table{n}" for n in range(1, 11)), "fig1", "fig2", "fig11", "sensitivity"}
    assert paper <= set(STUDIES)
    assert {name for name in paper if STUDIES[name].figure} == {"fig1", "fig2", "fig11"}


def test_what_is_missing_is_said_in_its_cells_and_the_others_are_trained() -> None:
    def without_cifar100(spec: Mapping[str, Any]) -> str | None:
        name = lplcore.parse_spec(spec).dataset.name
        return "put cifar-100-python.tar.gz there" if name == "cifar100" else None

    table = plan(STUDIES["table9"], "full", missing=without_cifar100)
    assert set(table.jobs) == {"table4_la", "table4_lpl_varied", "table9_cifar10_la_lpl"}
    for row in table.rows:
        here, missing = row.cells["CIFAR10-LT100"], row.cells["CIFAR100-LT100"]
        assert (here.missing, here.job in table.jobs) == (None, True)
        assert (missing.missing, missing.job) == ("put cifar-100-python.tar.gz there", None)
        assert missing.published == STUDIES["table9"].rows[table.rows.index(row)].cells["CIFAR100-LT100"].published


def test_registered_multi_label_data_stand_in_for_images() -> None:
    made, real = (plan(STUDIES["table5"], "cpu", registered=names) for names in ((), ("scene", "yeast", "other")))
    assert {spec["dataset"]["name"] for spec in made.jobs.values()} == {"digit_sets"}
    assert {spec["dataset"]["name"] for spec in real.jobs.values()} == {"scene", "yeast"}
    assert any("scene for VOC-MLT" in note for note in real.notes)


def test_a_parameter_that_the_preset_has_already_is_the_presets_job() -> None:
    keys = {source.job for source in STUDIES["sensitivity"].sources}
    assert {"table4_lpl_varied", "table4_lpl_varied.delta_epsilon_3.0", "table4_lpl_varied.threshold_0.6"} <= keys
    swept = lplcore.parse_spec(planned("sensitivity", "full").jobs["table4_lpl_varied.delta_epsilon_3.0"])
    assert swept.method.model_dump()["perturbations"][0]["delta_epsilon"] == 3.0
    assert swept.name.endswith("delta_epsilon 3.0")


def test_the_catalogue_says_what_a_study_trains_and_needs() -> None:
    listed = {entry["name"]: entry for entry in lplcore.catalog()["studies"]}
    assert set(listed) == set(STUDIES)
    assert listed["table5"]["scales"] == {
        "full": {
            "jobs": 38,
            "runs": 190,
            "datasets": ["coco_mlt", "voc_mlt"],
            "weights": ["resnet50-0676ba61.pth"],
        },
        "cpu": {"jobs": 38, "runs": 114, "datasets": ["digit_sets"], "weights": []},
    }
    assert listed["table4"]["columns"] == ["100:1", "10:1"]
    assert listed["table4"]["rows"][-1] == "LPL (varied tau + varied epsilon)"


def test_a_job_that_two_cells_share_is_trained_once() -> None:
    columns = tuple(Column(key=key, title=key) for key in "ab")
    source = Source(preset=next(iter(plugins("preset"))), method={})
    row = StudyRow(label="one", method="lpl", cells={"a": source, "b": source})
    assert len(plan(Study(name="two", columns=columns, rows=(row,)), "full").jobs) == 1
    assert get("preset", source.preset).name == source.job
