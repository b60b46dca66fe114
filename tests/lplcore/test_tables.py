"""CSV tables: how rows become features, which split they are in, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import lplcore
from lplcore.data.raw import RawData
from lplcore.data.tables import Preprocessing
from lplcore.data.tables.table import read_table
from lplcore.datasets.registered import Registered

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines to a table."""

    def to_file(*lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes((end.join(lines) + end).encode(encoding))
        return path

    return to_file


SPLIT = ("split,amount,country,vip,label", "train,1,CH,yes,no", "train,3,DE,no,yes", "train,,CH,no,no")


def features(raw: RawData) -> Preprocessing:
    """How the rows of a table became features."""
    assert raw.table is not None
    return Preprocessing.from_json(json.loads(json.dumps(raw.table.preprocessing)))


def test_numbers_are_standardised_and_texts_one_hot_by_the_training_rows(write: Write) -> None:
    raw = read_table(write(*SPLIT, "test,5,FR,yes,yes", "val,2,DE,,no"))
    names = ("amount", "amount is missing", "country=CH", "country=DE", "vip=no", "vip=yes")
    assert features(raw).names == names
    expected = [[-1, 0, 1, 0, 0, 1], [1, 0, 0, 1, 1, 0], [0, 1, 1, 0, 1, 0]]  # 1 and 3: mean 2, deviation 1
    assert np.asarray(raw.x_train).dtype == np.float32
    np.testing.assert_array_equal(raw.x_train, np.array(expected))
    np.testing.assert_array_equal(raw.x_test, [[3, 0, 0, 0, 0, 1]])
    np.testing.assert_array_equal(np.asarray(raw.x_validation), [[0, 0, 0, 1, 0, 0]])
    assert raw.classes == ("no", "yes")
    assert (raw.y_train.tolist(), raw.y_test.tolist()) == ([0, 1, 0], [1])
    assert raw.table is not None
    assert (raw.table.target, raw.table.split) == ("label", "split")
    assert dict(raw.table.missing) == {"amount": 1, "vip": 1}
    assert "column 'country': 1 rows have no category that training rows have" in raw.notes
    assert raw.table.examples["no"] == {"amount": "1", "country": "CH", "vip": "yes"}


def test_later_rows_become_the_features_that_they_had_in_the_table(write: Write) -> None:
    raw = read_table(write(*SPLIT, "test,5,FR,yes,yes"))
    rows: list[dict[str, object]] = [
        {"amount": 1, "country": "CH", "vip": "yes"},
        {"amount": "3", "country": "DE", "vip": "no", "label": "yes", "split": "train"},
        {"amount": None, "country": "CH", "vip": "no"},
    ]
    np.testing.assert_array_equal(features(raw).features(rows), raw.x_train)
    assert features(raw).features([]).shape == (0, 6)


def test_true_and_false_are_the_texts_or_numbers_of_the_table(write: Write) -> None:
    raw = read_table(write("split,a,b,y", "train,True,1,0", "train,False,0,1"))
    made = features(raw).features([{"a": True, "b": True}, {"a": False, "b": False}])
    np.testing.assert_array_equal(made, raw.x_train)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"country": "CH", "vip": "no"}, "row 1, column 'amount': is absent; give null"),
        (
            {"amount": 1, "country": "CH", "vip": "no", "contry": 2},
            "column 'contry': is unknown; did you mean 'country'?",
        ),
        ({"amount": "a lot", "country": "CH", "vip": "no"}, "row 1, column 'amount': expected a number, got 'a lot'"),
        ({"amount": float("inf"), "country": "CH", "vip": "no"}, "row 1, column 'amount': inf is infinite"),
        ({"amount": [1], "country": "CH", "vip": "no"}, "column 'amount': expected a text, a number"),
    ],
)
def test_a_later_row_that_does_not_fit_is_refused(write: Write, row: dict[str, object], message: str) -> None:
    made = features(read_table(write(*SPLIT)))
    with pytest.raises(lplcore.DatasetError, match=message.replace("?", r"\?")):
        made.features([row])


def test_features_are_those_of_scikit_learn(write: Write) -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(1e6, [1.0, 1e-3, 1e5], size=(9000, 3))  # far from zero, in several blocks
    texts = random.choice(["x1", "x10", "x2"], 9000)
    train = random.random(9000) < 0.7
    lines = [
        f"{'train' if fit else 'test'},{a!r},{b!r},{c!r},{text},{index % 2}"
        for index, (fit, (a, b, c), text) in enumerate(zip(train, numbers.tolist(), texts, strict=True))
    ]
    raw = read_table(write("split,a,b,c,d,y", *lines))
    scaled = StandardScaler().fit(numbers[train]).transform(numbers)
    encoder = OneHotEncoder(categories=[["x1", "x2", "x10"]], sparse_output=False).fit(texts[train, None])
    expected = np.hstack([scaled, encoder.transform(texts[:, None])])
    np.testing.assert_allclose(np.asarray(raw.x_train), expected[train], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.asarray(raw.x_test), expected[~train], rtol=1e-5, atol=1e-5)


def test_constant_columns_are_zero_and_noted(write: Write) -> None:
    raw = read_table(write("split,a,b,c,y", "train,7,,1,0", "train,7,,2,1", "test,9,4,1,0"))
    assert np.asarray(raw.x_train)[:, [0, 1]].tolist() == [[0, 0], [0, 0]]
    assert np.asarray(raw.x_test)[0, 0] == 0
    assert any("say nothing: 'a', 'b'" in note for note in raw.notes)


def test_identifiers_and_row_numbers_are_left_out(write: Write) -> None:
    lines = [f"{index},{index},u{index:03},{index % 7},{index % 2}" for index in range(60)]
    raw = read_table(write(",row,user,a,y", *lines))
    assert features(raw).names == ("a",)
    assert features(raw).left_out == ("y", "row", "user")
    assert "column 'row' is left out: it counts the rows" in raw.notes
    assert any("column 'user' is left out: it looks like an identifier" in note for note in raw.notes)


def test_many_texts_that_are_no_identifier_are_refused(write: Write) -> None:
    lines = [f"{index % 7},u{index % 60},{index % 2}" for index in range(240)]
    with pytest.raises(lplcore.DatasetError, match=r"column 'user': 'u\d+' is no number, and more than 50"):
        read_table(write("a,user,y", *lines))


def test_without_split_a_fifth_of_each_class_is_for_tests_always_the_same(write: Write) -> None:
    lines = [f"{index % 13},{index * 7 % 11},{'rare' if index % 50 == 0 else 'often'}" for index in range(500)]
    raw = read_table(write("a,b,y", *lines, "1,2,single"))
    assert raw.classes == ("often", "rare", "single")
    assert np.bincount(raw.y_train).tolist() == [392, 8, 1]
    assert np.bincount(raw.y_test).tolist() == [98, 2]
    again = read_table(write("a,b,y", *lines, "1,2,single"))
    np.testing.assert_array_equal(again.x_test, raw.x_test)
    assert any("a fifth of each class" in note for note in raw.notes)


@pytest.mark.parametrize(
    ("header", "target"),
    [("a,Class,b", "Class"), ("label,a,b", "label"), ("y,label,b", "b"), ("a,b,c", "c"), ("a,b,split", "b")],
)
def test_the_target_is_the_column_of_that_name_or_the_last(write: Write, header: str, target: str) -> None:
    rows = ["1,0,train", "0,1,train"] if "split" in header else ["1,0,1", "0,1,0"]
    raw = read_table(write(header, *rows))
    assert raw.table is not None
    assert raw.table.target == target
    assert any(f"the target is column {target!r}" in note for note in raw.notes)


def test_the_target_that_is_named_is_taken_without_a_note(write: Write) -> None:
    raw = read_table(write("label,a", "1,x", "2,y", "3,x"), target="a")
    assert raw.classes == ("x", "y")
    assert not any("target" in note for note in raw.notes)


def test_whole_numbers_are_classes_by_their_value(write: Write) -> None:
    raw = read_table(write("split,a,y", "train,1,10", "train,2,-1", "train,3,2.0", "train,4,2"))
    assert (raw.classes, raw.y_train.tolist()) == (("-1", "2", "10"), [2, 0, 1, 1])


def test_quotes_marks_and_line_ends_of_every_kind_are_read(write: Write) -> None:
    lines = ('split,"a,b",text,y', 'train,1,"x, ""y""\nz z",0'.replace("\nz z", " z"), "", "train,2,q,1")
    plain = read_table(write(*lines))
    dressed = read_table(write(*lines, encoding="utf-8-sig", end="\r\n"))
    assert features(plain).names == ("a,b", "text=q", 'text=x, "y" z')
    np.testing.assert_array_equal(dressed.x_train, plain.x_train)
    semicolons = read_table(write("split;a;y", "train;1;0", "train;2;1"))
    assert "fields are separated by semicolons" in semicolons.notes


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "header alone": (("a,y",), "has a header, but no rows"),
    "one column": (("y", "0", "1"), "has one column"),
    "ragged": (("a,y", "1,0", "1,0,2"), "line 3: 3 fields, but the header has 2"),
    "duplicate": (("a,a,y", "1,2,0"), "columns 1 and 2 are both named 'a'"),
    "nameless": (("a,,y", "1,2,0"), "rename column 2"),
    "quotes": (("a,y", '"1,0'), "mend the quotes"),
    "infinite": (("a,y", "1,0", "inf,1", "2,1", "2,0"), "line 3, column 'a': inf is infinite"),
    "too large": (("a,y", "1,0", "1e999,1"), "column 'a': 1e999 is infinite or beyond"),
    "sums": (("split,a,y", "train,1e300,0", "train,-1e300,1"), "too large to be averaged"),
    "text among numbers": (("split,a,y", "train,1,0", "train,2,1", "test,x,1"), "line 4, column 'a': expected a num"),
    "thousands": (("split,a,y", "train,1,0", "train,2,1", "test,1_0,1"), "line 4, column 'a': expected a number"),
    "no label": (("a,y", "1,0", "2,"), "line 3, column 'y': no label"),
    "continuous": (("a,y", "1,0.5", "2,1"), "line 2, column 'y': '0.5' is no class: the target is continuous"),
    "one class": (("a,y", "1,0", "2,0"), "all rows have the label 0"),
    "many classes": (("a,y", *(f"{i % 3},c{i}" for i in range(1001))), "more than 1000 distinct labels"),
    "untrained": (("split,a,y", "train,1,0", "train,1,1", "test,2,2"), "line 4, column 'y': no training row"),
    "no training": (("split,a,y", "test,1,0", "test,1,1"), "no row whose split is train"),
    "unknown split": (("split,a,y", "trian,1,0"), "line 2, column 'split': unknown split 'trian'"),
    "no features": (("split,y", "train,0", "train,1"), "no column of features"),
    "NUL": (("a,y", "1\x00,0"), "line 2: holds a NUL"),
}


@pytest.mark.parametrize(("lines", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused_by_line_and_column(write: Write, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(lplcore.DatasetError) as caught:
        read_table(write(*lines))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        ("a,y\n1,0\n".encode("utf-16"), "is UTF-16"),
        (b"PK\x03\x04rest", "is a zip or a spreadsheet"),
        ("a,y\n1,Z\u00fcrich\n".encode("latin-1"), "is not UTF-8"),
        (b"a,y\n1," + b"x" * 5_000_000, "more than 4194304 characters"),
        (b'a,y\n1,"' + b"x\n" * 100_000 + b'"', "mend the quotes"),
    ],
)
def test_other_bytes_are_refused_in_words(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(lplcore.DatasetError) as caught:
        read_table(tmp_path / "t.csv")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "field", "message"),
    [
        ({"target": "lable"}, "target", "no column 'lable'; did you mean 'label'?"),
        ({"split": "fold"}, "split", "no column 'fold'"),
        ({"target": "a", "split": "a"}, "split", "cannot be both"),
        ({"task": "multi_label"}, "task", "one label a row"),
    ],
)
def test_a_wrong_column_or_task_is_refused(write: Write, asked: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(lplcore.DatasetError) as caught:
        read_table(write("a,label", "1,0", "2,1"), **asked)
    assert (caught.value.field, message in str(caught.value)) == (field, True)


def fraud(path: Path, rows: int = 4000) -> Path:
    """A table with 2 % positives, told apart by amount and country."""
    random = np.random.default_rng(0)
    lines = ["id,amount,age,country,class"]
    for index in range(rows):
        positive = index % 50 == 7
        amount = np.exp(random.normal(5 if positive else 2))
        country = random.choice(["BR", "US"] if positive else ["CH", "DE", "FR", "US"])
        age = "" if random.random() < 0.05 else str(random.integers(18, 90))
        lines.append(f"{index},{amount:.2f},{age},{country},{int(positive)}")
    path.write_text("\n".join(lines))
    return path


def test_a_table_with_two_percent_positives_is_an_experiment_by_its_name_alone(tmp_path: Path) -> None:
    registered = {"fraud": lplcore.RegisteredDataset("fraud", str(fraud(tmp_path / "fraud.csv")), "table")}
    spec = lplcore.parse_spec({"dataset": "fraud"}, datasets=registered)
    assert spec.model.name == "mlp"
    info = lplcore.dataset_info(Registered(name="fraud"), datasets=registered)
    assert (info.class_counts, info.input_shape, info.num_test) == ((3136, 64), (8,), 800)
    spec = lplcore.parse_spec({"dataset": "fraud", "method": "logit_adjustment", "epochs": 2}, datasets=registered)
    *_, last, end = [
        event
        for event in lplcore.train(spec, datasets=registered)
        if isinstance(event, lplcore.EpochEnd | lplcore.RunEnd)
    ]
    assert isinstance(last, lplcore.EpochEnd)
    assert isinstance(end, lplcore.RunEnd)
    assert end.outcome == "succeeded"
    assert (last.metrics["test/balanced_accuracy"] or 0) > 0.7


def test_a_table_that_has_changed_is_not_trained_on(tmp_path: Path) -> None:
    path = fraud(tmp_path / "fraud.csv")
    entry = lplcore.RegisteredDataset("fraud", str(path), "table", sha256="0" * 64, target="class")
    with pytest.raises(lplcore.DatasetError, match="has changed since it was registered"):
        lplcore.dataset_info(Registered(name="fraud"), datasets={"fraud": entry})


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/tables.md", "exec"), names)
    assert names["preprocessing"].names == ("months", "months is missing", "plan=basic", "plan=pro")
