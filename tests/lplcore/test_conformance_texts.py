"""The conformance suite of what plug-ins say in words: formulas, effects, advice, and the fields of their schemas."""

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

import lplcore
from lplcore.plugin import FOLDERS, names

CATALOG = lplcore.catalog()
EVERY = [(kind, name) for kind in FOLDERS for name in names(kind)]
COMMANDS = {
    "alpha", "arg", "begin", "beta", "bar", "cases", "cos", "delta", "Delta", "ell", "end", "epsilon", "eta",
    "exp", "frac", "gamma", "ge", "hat", "kappa", "lambda", "le", "left", "leftarrow", "lfloor", "log", "max",
    "mathrm", "mid", "min", "mu", "nabla", "ne", "odot", "phi", "pi", "propto", "psi", "qquad", "quad",
    "rfloor", "rho", "right", "Sigma", "sigma", "sim", "sin", "sum", "tanh", "tau", "theta", "tilde", "top",
    "xi",
}  # fmt: skip
"""Commands that every renderer of TeX has, without packages and macros."""
ENVIRONMENTS = {"aligned", "cases"}
LONGEST = 500
"""Characters of a text."""


def entry(kind: str, name: str) -> dict[str, Any]:
    """The catalogue's entry of a plug-in."""
    return next(each for each in CATALOG[FOLDERS[kind]] if each["name"] == name)


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(record.field, schema) of every property, those of records within included."""
    for title, part in {"": schema, **schema.get("$defs", {})}.items():
        for name, field in part.get("properties", {}).items():
            yield f"{title}.{name}", field


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_formula_is_simple_tex(kind: str, name: str) -> None:
    formula = entry(kind, name)["formula"]
    assert set(re.findall(r"\\([a-zA-Z]+)", formula)) <= COMMANDS
    assert set(re.findall(r"\\([^a-zA-Z])", formula)) <= {"\\", "|", ";", ",", " "}
    assert not re.search(r"[$%#~\"\n]", formula)
    assert formula.count(r"\left") - formula.count(r"\leftarrow") == formula.count(r"\right")
    opened = re.findall(r"\\begin\{(\w+)\}", formula)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", formula))
    assert set(opened) <= ENVIRONMENTS
    depth = [formula[: i + 1].count("{") - formula[: i + 1].count("}") for i in range(len(formula))]
    assert not formula or (min(depth) >= 0 and depth[-1] == 0)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_effect_and_advice_are_short_sentences_and_stand_beside_a_formula(kind: str, name: str) -> None:
    texts = [entry(kind, name)[field] for field in ("effect", "advice")]
    assert not entry(kind, name)["formula"] or all(texts)
    for text in filter(None, texts):
        assert text.endswith(".")
        assert text == " ".join(text.split())
        assert len(text) <= LONGEST


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_field_of_the_schema_is_described(kind: str, name: str) -> None:
    missing = [path for path, field in fields(entry(kind, name)["schema"]) if not field.get("description")]
    assert [path for path in missing if not path.endswith(".name")] == []


def test_every_field_of_an_experiment_is_described() -> None:
    missing = [
        path for path, field in fields(lplcore.ExperimentSpec.model_json_schema()) if not field.get("description")
    ]
    assert [path for path in missing if not path.endswith(".name")] == []


SLIDERS = [
    (f"{kind}.{name}{path}", field)
    for kind, name in EVERY
    for path, field in fields(entry(kind, name)["schema"])
    if "slider" in field
]


@pytest.mark.parametrize("field", [field for _, field in SLIDERS], ids=[path for path, _ in SLIDERS])
def test_a_slider_lies_within_what_is_accepted_and_its_steps_meet_the_default(field: dict[str, Any]) -> None:
    lowest, highest, step = (field["slider"][key] for key in ("min", "max", "step"))
    bounds = next((each for each in field.get("anyOf", []) if each.get("type") == "number"), field)
    assert bounds.get("minimum", bounds.get("exclusiveMinimum", -math.inf)) <= lowest < highest
    assert highest <= bounds.get("maximum", bounds.get("exclusiveMaximum", math.inf))
    assert lowest != bounds.get("exclusiveMinimum")
    assert highest != bounds.get("exclusiveMaximum")
    assert lowest <= field["default"] <= highest
    for steps in ((field["default"] - lowest) / step, (highest - lowest) / step):
        assert steps == pytest.approx(round(steps))


def test_the_parameters_of_lpl_have_sliders() -> None:
    properties = entry("perturbation", "lpl")["schema"]["properties"]
    sliding = {name for name, field in properties.items() if "slider" in field}
    assert sliding == {"threshold", "epsilon", "delta_epsilon", "step_size", "head_scale"}
