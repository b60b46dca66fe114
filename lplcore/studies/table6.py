"""Table VI: iNaturalist 2017 and 2018."""

from lplcore.frame.study import Study, StudyRow
from lplcore.presets import table6
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("iNat2017", "iNat2018")
CLASS_BALANCED, *OTHERS = table_rows(table6.TABLE6, COLUMNS)
DASHES = (
    StudyRow(label="Class-balanced fine-tuning", method="class_balanced_finetune"),
    StudyRow(label="Meta-weight net", method="meta_weight_net"),
    StudyRow(label="Focal Loss", method="focal"),
)
TABLE6 = Study(
    name="table6",
    title="Table VI: iNaturalist 2017 and 2018",
    citation=cited("Table VI"),
    columns=COLUMNS,
    rows=(CLASS_BALANCED, *DASHES, *OTHERS),
    notes=("The paper prints a dash for class-balanced fine-tuning, Meta-weight net and focal loss.",),
)
