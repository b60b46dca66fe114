"""Presets: complete experiments that say whose settings they follow, and have them."""

from typing import Any, NamedTuple, get_args

import pytest

import lplcore
from lplcore.frame.preset import Follows, Preset
from lplcore.plugin import plugins

PRESETS = sorted(plugins("preset"))
CIFAR_LT = [name for name in PRESETS if "CIFAR" in plugins("preset")[name].title]
SHORT = [name for name in CIFAR_LT if name.endswith("_short")]
FIELD_ALSO = [name for name in CIFAR_LT if name.endswith("_200")]
ROWS = {"table3": "cifar100", "table4": "cifar10"}


Fields = dict[str, Any]


class Training(NamedTuple):
    """What a source trains with."""

    epochs: int
    milestones: list[int]
    gamma: float
    warmup_epochs: int
    nesterov: bool
    weight_decay: float
    batch_size: int = 128
    padding: int = 4
    padding_mode: str = "zero"
    model: str = "resnet32"
    meta_per_class: int = 0
    blocks_per_stage: int | None = None
    initialization: str | None = None
    one_epoch_early: bool = False
    input_range: list[float] | None = None


LA: Fields = {"padding": 2, "model": "la_resnet32", "blocks_per_stage": 5, "initialization": "official"}
LA_10 = Training(1241, [604, 926, 1128], 0.1, 20, True, 2e-4, **LA)
LA_100 = Training(1419, [691, 1059, 1290], 0.1, 22, True, 2e-4, **LA)
SHALLOW: Fields = {"model": "la_resnet32", "blocks_per_stage": 5, "initialization": "released"}
DEEP: Fields = {**SHALLOW, "blocks_per_stage": 18}
TWICE_CENTRED: Fields = {**SHALLOW, "input_range": [-1.0, 0.0]}
LDAM = Training(200, [160, 180], 0.01, 5, False, 2e-4)
META_WEIGHT_NET = Training(
    100,
    [80, 90],
    0.1,
    0,
    True,
    5e-4,
    batch_size=100,
    padding_mode="reflect",
    meta_per_class=10,
    one_epoch_early=True,
)
PRINTED = {
    "class_balanced": ("Class-balanced CE loss", 61.23, 27.32),
    "class_balanced_finetune": ("Class-balanced fine-tuning", 58.50, 28.66),
    "meta_weight_net": ("Meta-weight net", 58.39, 26.43),
    "focal": ("Focal Loss", 61.59, 29.62),
    "class_balanced_focal": ("Class-balanced focal loss", 60.40, 25.43),
    "ldam": ("LDAM", 59.40, 26.45),
    "ldam_drw": ("LDAM-DRW", 57.11, 25.88),
    "isda_dropout": ("ISDA + Dropout", 62.60, 26.45),
    "la": ("LA", 56.11, 22.33),
    "lpl_fixed": ("LPL (varied tau + fixed epsilon)", 58.03, 23.97),
    "lpl_varied": ("LPL (varied tau + varied epsilon)", 55.75, 22.05),
}
"""Method -> row and top-1 errors (per cent) at 100:1 of Table III (CIFAR-100-LT) and IV (CIFAR-10-LT)."""
AT_100: dict[str, tuple[Follows, Training]] = {
    "cifar10_lt_la_official": ("official", LA_10),
    "cifar10_lt_la_posthoc_official": ("official", LA_10),
    "cifar100_lt_la_official": ("official", LA_100),
    "cifar100_lt_la_posthoc_official": ("official", LA_100),
    **{f"table4_{row}": ("paper", LA_10) for row in ("la", "lpl_varied", "lpl_fixed")},
    **{f"table3_{row}": ("paper", LA_100) for row in ("la", "lpl_varied", "lpl_fixed")},
    "table9_cifar10_la_lpl": ("paper", LA_10),
    "table9_cifar100_la_lpl": ("paper", LA_100),
    "table4_lpl_released": ("released", Training(1240, [604, 824], 0.1, 0, True, 3e-4, **DEEP)),
    "table3_lpl_released": ("released", Training(1420, [80, 120, 160], 0.1, 0, True, 3e-4, **DEEP)),
    "table9_cifar10_la_lpl_released": (
        "released",
        Training(1241, [604, 926, 1128], 0.1, 0, True, 3e-4, **TWICE_CENTRED),
    ),
    "table9_cifar100_la_lpl_released": (
        "released",
        Training(1419, [691, 1059, 1290], 0.1, 0, True, 3e-4, **TWICE_CENTRED),
    ),
    **{f"{table}_meta_weight_net": ("official", META_WEIGHT_NET) for table in ROWS},
    **{
        f"{table}_{row}": ("official", LDAM)
        for table in ROWS
        for row in ("class_balanced", "class_balanced_focal", "ldam", "ldam_drw")
    },
    **{
        f"{table}_{row}": ("field", LDAM)
        for table in ROWS
        for row in ("cross_entropy", "class_balanced_finetune", "focal", "isda_dropout")
    },
    **{f"{table}_{row}_200": ("field", LDAM) for table in ROWS for row in ("la", "lpl_varied", "lpl_fixed")},
    "table9_cifar10_la_lpl_200": ("field", LDAM),
    "table9_cifar100_la_lpl_200": ("field", LDAM),
}
FOLLOWED = AT_100 | {
    f"{name}_ratio10": source
    for name, source in AT_100.items()
    if name.removeprefix("table3_").removeprefix("table4_") in PRINTED
}
"""Preset -> whose settings it has, and which: Section 1.4 and 3.1 to 3.7 of METHODS.md; the official repositories.

Of the paper's rows and what is set beside them; other presets follow nobody's settings that a test could know.
"""
CHECKED = [name for name in CIFAR_LT if name.removesuffix("_short") in FOLLOWED]
BOTTLENECK = {name for name, (_, training) in FOLLOWED.items() if training.model == "la_resnet32"}


def spec_of(name: str) -> lplcore.ExperimentSpec:
    return lplcore.parse_spec({"preset": name})


def record_of(name: str) -> Preset:
    record: Preset = plugins("preset")[name]
    return record


def training_of(spec: lplcore.ExperimentSpec) -> Training:
    """What a spec trains with, and a check of what all sources have in common."""
    values = spec.model_dump(mode="json")
    assert (values["optimizer"]["lr"], values["optimizer"]["momentum"]) == (0.1, 0.9)
    assert values["schedule"]["name"] == "multistep"
    parts = (values, *(values[part] for part in ("optimizer", "schedule", "augmentation", "dataset", "model")))
    fields = {key: value for part in reversed(parts) for key, value in part.items() if key in Training._fields}
    return Training(**{**fields, "model": values["model"]["name"]})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_experiment(name: str) -> None:
    spec, record = spec_of(name), record_of(name)
    assert spec.plan()
    assert spec.name
    milestones = spec.schedule.model_dump().get("milestones", [])
    assert milestones == sorted(milestones)
    assert all(1 <= milestone < spec.epochs for milestone in milestones)
    assert all(0 < value < 1 for value in record.published.values())
    assert record.citation or not record.published
    assert record.settings_of
    assert record.follows in get_args(Follows)
    if record.published:
        assert record.follows != "project"
        assert record.settings_of != "this project"


@pytest.mark.parametrize("name", sorted(FOLLOWED))
def test_a_preset_has_the_settings_that_it_says_it_follows(name: str) -> None:
    follows, training = FOLLOWED[name]
    spec, record = spec_of(name), record_of(name)
    assert record.follows == follows
    assert training_of(spec) == training
    assert spec.seeds == [0, 1, 2, 3, 4]
    ten = name == "table3_lpl_released" or name.endswith("_ratio10")
    assert spec.dataset.imbalance_factor == (10 if ten else 100)
    assert spec.dataset.name == ("cifar10" if "cifar10_" in name or "table4" in name else "cifar100")


@pytest.mark.parametrize("name", CHECKED)
def test_the_title_says_which_kind_it_is(name: str) -> None:
    endings = {
        "paper": "the paper's settings",
        "official": "official settings",
        "released": "as released",
        "field": "200 epochs",
        "project": "short",
    }
    record = record_of(name)
    assert record.title.endswith(f", {endings[record.follows]}")
    assert record.title == spec_of(name).name


@pytest.mark.parametrize("row", sorted(PRINTED))
def test_figures_at_100_are_those_that_the_paper_prints(row: str) -> None:
    printed, *errors = PRINTED[row]
    for table, roman, error in zip(ROWS, ("III", "IV"), errors, strict=True):
        record = record_of(f"{table}_{row}")
        assert record.published == {"test/top1_error": pytest.approx(error / 100)}
        assert record.table_row == f"Table {roman}, {printed}, 100:1"


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_both_sets_have_the_papers_the_baselines_and_a_short_version(dataset: str) -> None:
    methods: dict[str, set[str | None]] = {kind: set() for kind in ("short", *get_args(Follows))}
    for name in CHECKED:
        spec = spec_of(name)
        if spec.dataset.name == dataset:
            methods["short" if name in SHORT else record_of(name).follows].add(spec.method.alias)
    assert methods["paper"] == {"logit_adjustment", "lpl", "la_lpl"}
    assert methods["released"] == {"lpl", "la_lpl"}
    assert methods["official"] >= {"logit_adjustment", "ldam", "ldam_drw", "meta_weight_net"}
    assert methods["official"] >= {"class_balanced", "class_balanced_focal"}
    assert methods["short"] == {"cross_entropy", "logit_adjustment", "ldam_drw", "lpl", "la_lpl"}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_version_differs_in_its_schedule_alone(name: str) -> None:
    short, long = (spec_of(n).model_dump(mode="json") for n in (name, name.removesuffix("_short")))
    differing = {field for field in short if short[field] != long[field]}
    assert differing <= {"name", "epochs", "schedule", "seeds"}
    assert (short["epochs"], short["seeds"]) == (6, [0])
    assert not record_of(name).published


@pytest.mark.parametrize("name", FIELD_ALSO)
def test_a_version_of_200_epochs_has_the_method_of_the_papers_settings(name: str) -> None:
    shorter, papers = (spec_of(n).model_dump(mode="json") for n in (name, name.removesuffix("_200")))
    differing = {field for field in shorter if shorter[field] != papers[field]}
    assert differing == {"name", "epochs", "schedule", "optimizer", "augmentation", "model"}


@pytest.mark.parametrize("table", ["3", "4"])
def test_the_papers_configuration_is_that_of_logit_adjustment(table: str) -> None:
    papers, official = spec_of(f"table{table}_la"), spec_of(f"{ROWS[f'table{table}']}_lt_la_official")
    assert papers.model_copy(update={"name": ""}) == official.model_copy(update={"name": ""})


def test_class_balanced_loss_has_its_authors_parameters() -> None:
    for table in ROWS:
        plain, focal = (spec_of(f"{table}_{row}").method for row in ("class_balanced", "class_balanced_focal"))
        for method in (plain, focal):
            assert method.weighting is not None
            assert method.weighting.model_dump()["beta"] == 0.9999
        loss = focal.loss.model_dump()
        assert (loss["form"], loss["gamma"]) == ("sigmoid", 1)


def test_ldam_defers_the_weights_that_its_authors_use() -> None:
    for table in ROWS:
        method = spec_of(f"{table}_ldam_drw").method
        assert method.weighting is not None
        assert method.weighting.model_dump()["beta"] == 0.9999
        assert method.procedure.second_stage() == 160 / 200
        margins = method.model_dump()["perturbations"][0]
        assert (margins["max_margin"], margins["scale"]) == (0.5, 30)


def test_meta_weight_net_steps_as_its_authors_code_does() -> None:
    for table in ROWS:
        procedure: Any = spec_of(f"{table}_meta_weight_net").method.procedure
        assert (procedure.meta_optimizer, procedure.meta_lr, procedure.meta_batch_size) == ("sgd", 1e-5, 100)
        assert (procedure.meta_augmented, procedure.meta_replacement, procedure.detach_loss) == (True, False, False)
    plain: Any = lplcore.parse_spec({"dataset": "digits", "method": "meta_weight_net"}).method.procedure
    assert (plain.meta_augmented, plain.meta_replacement, plain.detach_loss) == (False, True, True)


def test_a_released_preset_says_where_the_script_differs_from_its_row() -> None:
    assert "CIFAR-100 at 10:1" in record_of("table4_lpl_released").settings_of
    assert spec_of("table4_lpl_released").dataset.imbalance_factor == 100
    for name in PRESETS:
        if record_of(name).follows == "released":
            assert "la_resnet32" in record_of(name).settings_of
        if name.startswith("table9") and name.endswith("_released"):
            assert "[-1, 0]" in record_of(name).settings_of


def test_presets_of_logit_adjustments_code_have_its_network() -> None:
    for name in CHECKED:
        spec, record = spec_of(name), record_of(name)
        if "la_resnet32" in record.settings_of:
            assert spec.model.name == "la_resnet32"
        assert (spec.model.name == "la_resnet32") is (name.removesuffix("_short") in BOTTLENECK)


def test_the_catalogue_says_whose_settings_a_preset_has() -> None:
    listed = {entry["name"]: entry for entry in lplcore.catalog()["presets"]}
    assert {name: entry["follows"] for name, entry in listed.items()} == {
        name: record_of(name).follows for name in PRESETS
    }
    assert listed["table3_la"]["grid"] == {"method.perturbations.0.strength": [0.5, 1, 1.5, 2, 2.5]}
