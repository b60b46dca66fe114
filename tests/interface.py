"""Writes docs/openapi.json, and from it the fields of the client's answers: `python -m tests.interface`."""

import json
import keyword
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from api.app import create_app
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "openapi.json"
REQUIRED = ("id", "state")
"""All else may be missing in the answers of an older service."""
SCALARS = {"string": ("str", '""'), "integer": ("int", "0"), "number": ("float", "0.0"), "boolean": ("bool", "False")}


class Fields(NamedTuple):
    """A module of the client whose classes are written from the document."""

    module: str
    about: str
    declared_in: str | None
    """Where fields that hold other answers are declared."""
    answers: dict[str, str]
    """Schema -> class."""
    enums: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return ROOT / "client" / f"{self.module}.py"


WRITTEN = (
    Fields(
        "fields",
        "the service's answers",
        "client.answers",
        {
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
        },
        ("State", "Reason", "Request"),
    ),
    Fields(
        "search_fields",
        "a search",
        "client.search",
        {"PointAnswer": "PointFields", "TrialAnswer": "TrialFields", "SearchAnswer": "SearchFields"},
    ),
    Fields(
        "comparison_fields",
        "a comparison",
        "client.comparison",
        {
            "SideAnswer": "SideFields",
            "PairAnswer": "PairFields",
            "BandAnswer": "BandFields",
            "BandsAnswer": "BandsFields",
            "Comparison": "ComparisonFields",
        },
    ),
    Fields(
        "class_report_fields",
        "reports by class",
        "client.class_report",
        {
            "ConfusedPair": "ConfusedPairFields",
            "RunClass": "RunClassFields",
            "RunClassReport": "ClassReportFields",
            "MeanOverRuns": "MeanOverRunsFields",
            "PointClass": "PointClassFields",
            "PointClassReport": "PointClassReportFields",
            "WrongExample": "WrongExampleFields",
            "MostWrong": "MostWrongFields",
            "ShownExample": "ShownExampleFields",
        },
    ),
    Fields(
        "dataset_fields",
        "data sets",
        "client.datasets",
        {
            "DatasetDetail": "DatasetFields",
            "DatasetSplit": "DatasetSplitFields",
            "CoOccurrence": "CoOccurrenceFields",
            "ClassPair": "ClassPairFields",
            "MissingValues": "MissingValuesFields",
        },
    ),
    Fields(
        "study_fields",
        "studies",
        "client.studies",
        {
            "StudyItem": "StudyItemFields",
            "StudyColumn": "StudyColumnFields",
            "StudyCell": "StudyCellFields",
            "StudyRow": "StudyRowFields",
            "StudyJob": "StudyJobFields",
            "StudyFinding": "StudyFindingFields",
            "StudyAnswer": "StudyFields",
        },
    ),
    Fields(
        "webhook_fields",
        "webhooks",
        None,
        {"WebhookAnswer": "WebhookFields", "DeliveryAnswer": "DeliveryFields"},
        ("WebhookEvent", "DeliveryState"),
    ),
)


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


def text_of(fields: Fields, schemas: Mapping[str, Any]) -> str:
    """What a module of fields should hold."""
    classes = [enum(name, schemas[name]) for name in fields.enums]
    classes += [answer(own, schemas[name]) for name, own in fields.answers.items()]
    body = "\n\n".join(classes)
    about = f"Fields of {fields.about}, written from docs/openapi.json by `python -m tests.interface`."
    declared = (
        f"\n\nFields that hold other answers are declared in `{fields.declared_in}`.\n" if fields.declared_in else ""
    )
    return f'"""{about}{declared}"""\n\n{imports(body, fields.module)}\n\n{body}'


def imports(body: str, module: str) -> str:
    """The imports that the classes of a module need."""
    standard = ["from datetime import datetime\n"] if "datetime" in body else []
    standard += ["from typing import Any\n"] if "Any" in body else []
    field = "from pydantic import Field\n\n" if "Field(" in body else ""
    own = f"from client.record import {'Answer, Word' if '(Word)' in body else 'Answer'}\n"
    return "".join(standard) + ("\n" if standard else "") + field + words_of_others(body, module) + own


def words_of_others(body: str, module: str) -> str:
    """The imports of words that are written into other modules."""
    used = {each.module: [word for word in each.enums if re.search(rf": {word}\b", body)] for each in WRITTEN}
    return "".join(
        f"from client.{other} import {', '.join(sorted(words))}\n"
        for other, words in used.items()
        if words and other != module
    )


def enum(name: str, schema: Mapping[str, Any]) -> str:
    """A class of words."""
    words = "".join(f'    {word.upper().replace(".", "_")} = "{word}"\n' for word in schema["enum"])
    return f'class {name}(Word):\n    """{schema["description"]}"""\n\n{words}'


def answer(name: str, schema: Mapping[str, Any]) -> str:
    """A class of fields."""
    lines = [field(key, part) for key, part in schema["properties"].items() if not holds_answers(part)]
    return "".join([f'class {name}(Answer):\n    """{schema["description"]}"""\n', *(["\n"] if lines else []), *lines])


def holds_answers(part: Any) -> bool:
    """Whether a field's schema refers to other answers."""
    words = {name for fields in WRITTEN for name in fields.enums}
    return any(name not in words for name in references(part))


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
    for fields in WRITTEN:
        fields.path.write_text(text_of(fields, schemas))


if __name__ == "__main__":
    main()
