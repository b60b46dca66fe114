"""The committed report on methods is made of the committed results; a method is on it once it was trained."""

import json

import pytest

import lplcore
from benchmarks.evidence_page import page
from benchmarks.evidence_settings import EXPERIMENTS
from benchmarks.method_evidence import FILE, PAGE
from lplcore.plugin import plugins


def test_the_page_is_that_of_the_results() -> None:
    assert PAGE.read_text() == page(json.loads(FILE.read_text())), "run: python -m benchmarks.method_evidence"


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_method_that_was_trained_is_in_it_with_as_many_seeds(name: str) -> None:
    experiment, results = EXPERIMENTS[name], json.loads(FILE.read_text())["results"][name]
    assert {alias for family in experiment.families.values() for alias in family} <= set(plugins("method"))
    assert set(results) == set(experiment.methods())
    assert {len(values) for row in results.values() for values in row.values()} == {5}


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_comparisons_are_of_what_was_trained(name: str) -> None:
    experiment = EXPERIMENTS[name]
    for each in experiment.comparisons:
        assert {each.method, each.other} <= set(experiment.methods())
        assert len(each.published) in (0, 2)
    for claim in experiment.claims:
        assert set(claim.points) <= set(experiment.grid)


@pytest.mark.parametrize(
    "folder",
    [
        "methods",
        "losses",
        "perturbations",
        "weightings",
        "targets",
        "samplers",
        "regularizers",
        "procedures",
        "posthoc",
    ],
)
def test_what_changes_a_training_has_its_formula_effect_and_advice(folder: str) -> None:
    silent = [
        entry["name"] for entry in lplcore.catalog()[folder] if not all(map(entry.get, ("formula", "effect", "advice")))
    ]
    assert silent == []
