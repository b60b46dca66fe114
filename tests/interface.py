"""Writes docs/openapi.json, and from it the fields of the client's answers: `python -m tests.interface`."""

import json
import keyword
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api.app import create_app
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "openapi.json"
FIELDS, COMPARED_FIELDS = ROOT / "client" / "fields.py", ROOT / "client" / "comparison_fields.py"
DESCRIBED_FIELDS = ROOT / "client" / "dataset_fields.py"
ENUMS = ("State", "Reason", "Request")
ANSWERS = {
    "RunAnswer": "RunFields",
    "JobItem": "JobItemFields",
    "JobAnswer": "JobFields",
    "PointSummary": "SummaryFields",
    "Spread": "StatisticFields",
    "VerdictAnswer": "VerdictFields",
    "Validation": "ValidationFields",
    "Curve": "CurveFields",
    "LossVariations": "VariationFields",
    "SignedVariations": "SignedVariationFields",
    "ConfusionMatrix": "ConfusionFields",
    "ConfusionEntry": "ConfusionEntryFields",
    "Calibration": "CalibrationFields",
    "CalibrationBin": "CalibrationBinFields",
    "CheckpointAnswer": "CheckpointFields",
    "LogEntry": "LogFields",
    "WorkerAnswer": "WorkerFields",
}
COMPARED = {
    "SideAnswer": "SideFields",
    "PairAnswer": "PairFields",
    "BandAnswer": "BandFields",
    "BandsAnswer": "BandsFields",
    "Comparison": "ComparisonFields",
}
DESCRIBED = {
    "DatasetDetail": "DatasetFields",
    "DatasetSplit": "DatasetSplitFields",
    "CoOccurrence": "CoOccurrenceFields",
    "ClassPair": "ClassPairFields",
    "MissingValues": "MissingValuesFields",
}
REQUIRED = ("id", "state")
"""All else may be missing in the answers of an older service."""
HEAD = '''"""Fields of the service's answers, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.answers`.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from client.record import Answer, Word
'''
COMPARED_HEAD = '''"""Fields of a comparison, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.comparison`.
"""

from typing import Any

from pydantic import Field

from client.record import Answer
'''
DESCRIBED_HEAD = '''"""Fields of data sets, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.datasets`.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from client.record import Answer
'''
SCALARS = {"string": ("str", '""'), "integer": ("int", "0"), "number": ("float", "0.0"), "boolean": ("bool", "False")}


def document() -> dict[str, Any]:
    """The OpenAPI document of a service on loopback."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/none.sqlite3")
        app = create_app(Settings(data_dir=Path(folder)), db, Doorbell(None))
        db.dispose()
    return app.openapi()


def document_text() -> str:
    """What docs/openapi.json should hold."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def fields_text(schemas: Mapping[str, Any]) -> str:
    """What client/fields.py should hold."""
    enums = [enum(name, schemas[name]) for name in ENUMS]
    return "\n\n".join([HEAD, *enums, *(answer(own, schemas[name]) for name, own in ANSWERS.items())])


def compared_text(schemas: Mapping[str, Any]) -> str:
    """What client/comparison_fields.py should hold."""
    return "\n\n".join([COMPARED_HEAD, *(answer(own, schemas[name]) for name, own in COMPARED.items())])


def described_text(schemas: Mapping[str, Any]) -> str:
    """What client/dataset_fields.py should hold."""
    return "\n\n".join([DESCRIBED_HEAD, *(answer(own, schemas[name]) for name, own in DESCRIBED.items())])


def enum(name: str, schema: Mapping[str, Any]) -> str:
    """A class of words."""
    words = "".join(f'    {word.upper()} = "{word}"\n' for word in schema["enum"])
    return f'class {name}(Word):\n    """{schema["description"]}"""\n\n{words}'


def answer(name: str, schema: Mapping[str, Any]) -> str:
    """A class of fields."""
    lines = "".join(field(key, part) for key, part in schema["properties"].items() if not holds_answers(part))
    return f'class {name}(Answer):\n    """{schema["description"]}"""\n\n{lines}'


def holds_answers(part: Any) -> bool:
    """Whether a field's schema refers to other answers."""
    return any(name not in ENUMS for name in references(part))


def references(part: Any) -> Iterator[str]:
    """The components that a schema refers to."""
    if isinstance(part, Mapping):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for key, inner in part.items():
            yield from () if key == "propertyNames" else references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def field(name: str, part: Mapping[str, Any]) -> str:
    """The line of a field."""
    kind, default = typed(part)
    if kind == "datetime":
        kind, default = "datetime | None", "None"
    if keyword.iskeyword(name):
        return f'    {name}_: {kind} = Field(default={default}, alias="{name}")\n'
    return f"    {name}: {kind}\n" if name in REQUIRED and kind != "int" else f"    {name}: {kind} = {default}\n"


def typed(part: Mapping[str, Any]) -> tuple[str, str]:
    """Type and default of a schema."""
    if "$ref" in part:
        return part["$ref"].rpartition("/")[2], "None"
    if "anyOf" in part:
        return " | ".join("None" if each.get("type") == "null" else typed(each)[0] for each in part["anyOf"]), "None"
    if part.get("type") == "array":
        return f"list[{typed(part['items'])[0]}]", "Field(default_factory=list)"
    if part.get("type") == "object":
        values = part.get("additionalProperties")
        inner = typed(values)[0] if isinstance(values, Mapping) else "Any"
        return f"dict[str, {inner}]", "Field(default_factory=dict)"
    if part.get("format") == "date-time":
        return "datetime", "None"
    return SCALARS.get(str(part.get("type")), ("Any", "None"))


def main() -> None:
    """Write the files."""
    DOCUMENT.write_text(document_text())
    schemas = document()["components"]["schemas"]
    FIELDS.write_text(fields_text(schemas))
    COMPARED_FIELDS.write_text(compared_text(schemas))
    DESCRIBED_FIELDS.write_text(described_text(schemas))


if __name__ == "__main__":
    main()
