"""Rows of a table are predicted as the run evaluates them."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import InputError
from lplcore.training.predictor import Predictor
from tests.lplcore_training.test_predict import Trained, assert_as_evaluated

SPEC: dict[str, Any] = {"dataset": "payments", "method": "lpl", "epochs": 2}
ROW = {"amount": 3.5, "country": "CH", "night": None}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with missing values, an identifier and, in test rows alone, an unknown category."""
    chance, path = random.Random(0), tmp_path_factory.mktemp("table") / "payments.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "amount", "country", "night", "fraud", "split"])
        for number in range(400):
            test = number % 4 == 0
            fraud = number % 10 == 1 or number % 20 == 0
            amount = "" if number % 7 == 0 else f"{chance.lognormvariate(6 if fraud else 3, 1):.2f}"
            country = chance.choice(["CH", "DE", "NA", *(["FR"] if test else [])])
            night = chance.choice(["yes", "no"])
            writer.writerow([f"p{number}", amount, country, night, int(fraud), "test" if test else "train"])
    return path


@pytest.fixture(scope="module")
def trained(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run on it."""
    datasets = {"payments": RegisteredDataset("payments", str(table), "table", target="fraud")}
    return Trained(SPEC, tmp_path_factory.mktemp("run"), datasets)


def rows(table: Path) -> list[dict[str, str]]:
    """The test rows as texts."""
    with table.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "test"]


def typed(row: dict[str, str]) -> dict[str, Any]:
    """A row in JSON types, without what is no feature."""
    amount = float(row["amount"]) if row["amount"] else None
    return {"amount": amount, "country": None if row["country"] == "NA" else row["country"], "night": row["night"]}


def test_rows_by_column_are_predicted_as_evaluated(trained: Trained, table: Path) -> None:
    assert json.loads(json.dumps(trained.start.preprocessing)) == trained.start.preprocessing
    texts = rows(table)
    features = np.asarray(trained.run.data.test.x if trained.run.data.test else [])
    for predictor in trained.predictors():
        for inputs in (texts, list(map(typed, texts)), features, [*map(typed, texts[:50]), *features[50:].tolist()]):
            assert_as_evaluated(trained, [predictor.predict(inputs)])


def test_what_the_run_recorded_outlives_its_table(trained: Trained, table: Path) -> None:
    predictor = Predictor.load(trained.checkpoint, preprocessing=trained.start.preprocessing)
    (known, unknown) = predictor.predict([ROW, {**ROW, "country": "Atlantis"}])
    assert not np.array_equal(known.probabilities, unknown.probabilities)
    (absent,) = predictor.predict([{**ROW, "country": "another"}])
    assert np.array_equal(absent.probabilities, unknown.probabilities)


def test_every_wrong_value_is_named_by_row_and_column(trained: Trained) -> None:
    wrong = [
        ROW,
        {"amount": 1, "country": "CH"},
        {**ROW, "amount": "a lot"},
        {**ROW, "amount": 1e300, "nite": "no"},
        [1.0, 2.0],
        {**ROW, "country": ["CH"], "amount": {}},
        {},
    ]
    with pytest.raises(InputError) as refused:
        trained.predictors()[0].predict(wrong)
    found = {each["path"]: each["message"] for each in refused.value.errors}
    assert set(found) == {
        "inputs.1.night",
        "inputs.2.amount",
        "inputs.3.amount",
        "inputs.3.nite",
        "inputs.4",
        "inputs.5.amount",
        "inputs.5.country",
        *(f"inputs.6.{column}" for column in ("amount", "country", "night")),
    }
    assert found["inputs.1.night"] == "is absent; give null where its value is unknown"
    assert found["inputs.2.amount"] == "expected a number, got 'a lot'"
    assert found["inputs.3.nite"] == "is unknown; did you mean 'night'?"
