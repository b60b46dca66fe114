"""The paper's tables, read from its text: for every printed figure its table, row and column."""

import re
from typing import NamedTuple

FIGURE = r"(?:\d+\.\d+(?: ± \d+\.\d+)?%|–)"


class Printed(NamedTuple):
    """A table as the paper prints it."""

    columns: tuple[str, ...]
    begins: str
    """What stands before the first row."""
    rows: int


BALANCED = Printed(("Wide-ResNet-28-10", "ResNet-110"), "Method Wide-ResNet-28-10 ResNet-110", 13)
LONG_TAILED = Printed(("100:1", "10:1"), "Ratio 100:1 10:1", 11)
GROUPS = ("total", "head", "medium", "tail")
TABLES = {
    "I": BALANCED,
    "II": BALANCED,
    "III": LONG_TAILED,
    "IV": LONG_TAILED,
    "V": Printed(
        tuple(f"{data}, {group}" for data in ("VOC-MLT", "COCO-MLT") for group in GROUPS),
        "Method total head medium tail total head medium tail",
        19,
    ),
    "VI": Printed(("iNat2017", "iNat2018"), "Method iNat2017 iNat2018", 11),
    "VIII": Printed(("CIFAR10", "CIFAR100"), "Method #Params CIFAR10 CIFAR100", 9),
    "IX": Printed(("CIFAR10-LT100", "CIFAR100-LT100"), "Method CIFAR10-LT100 CIFAR100-LT100", 3),
    "X": Printed(("MS-COCO",), "Method MS-COCO", 3),
}
"""All but Table VII, which repeats figures of Tables III and IV and subtracts them."""
VII = ("LA", "LPL")


def figures(text: str) -> dict[str, float | None]:
    """`Table III, LDAM, 10:1` -> the printed figure as a fraction, None where a dash stands, for all but Table VII."""
    return {
        f"Table {roman}, {row}, {column}": value
        for roman, table in TABLES.items()
        for row, values in rows_of(text, roman, table)
        for column, value in zip(table.columns, values, strict=True)
    }


def rows_of(text: str, roman: str, table: Printed) -> list[tuple[str, list[float | None]]]:
    """Every row's label and figures."""
    rest = after(text, roman, table.begins)
    rows = []
    for _ in range(table.rows):
        match = re.match(rf"\s*(.+?)((?:\s+{FIGURE}){{{len(table.columns)}}})", rest)
        assert match is not None, f"Table {roman}: {rest[:80]}"
        rows.append((label(match[1]), [fraction(figure) for figure in re.findall(FIGURE, match[2])]))
        rest = rest[match.end() :]
    return rows


def after(text: str, roman: str, begins: str) -> str:
    """The text on one line from a table's first row on; columns of the page are not in reading order."""
    flat = " ".join(text[text.index(f"TABLE {roman}\n") :].split())
    return flat[flat.index(begins) + len(begins) :]


def label(printed: str) -> str:
    """A row's label in one spelling, whatever its line breaks and letters; the number of parameters is left out."""
    spelled = (
        printed.replace("var- ied", "varied").replace("τ", "tau").replace("εc", "epsilon").replace("LPL(", "LPL (")
    )
    return re.sub(r"\s*\+\s*", " + ", re.sub(r"\s+\d+\.\dM$", "", spelled))


def fraction(printed: str) -> float | None:
    """`6.76 ± 0.34%` as 0.0676."""
    return None if printed == "–" else round(float(printed.split()[0].rstrip("%")) / 100, 6)


def repeated(text: str) -> list[tuple[float, float, float]]:
    """Of every column of Table VII: logit adjustment's error, LPL's and their printed difference, in per cent."""
    rest = after(text, "VII", "Ratio 100:1 10:1").partition("weakened.")[0]
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+(?=%)", rest)]
    errors = [number for number in numbers if number > 0]
    differences = [number for number in numbers if number < 0]
    return list(zip(errors[:4], errors[4:], differences, strict=True))
