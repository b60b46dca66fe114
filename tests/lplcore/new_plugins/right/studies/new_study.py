"""The new method beside another on the new data set."""

from lplcore.frame.study import Column, Source, Study, StudyRow

NEW_STUDY = Study(
    name="new_study",
    title="New study",
    columns=(Column(key="new", title="New data set"),),
    rows=(
        StudyRow(label="New", method="new_method", cells={"new": Source(preset="new_preset")}),
        StudyRow(
            label="Cross entropy", method="cross_entropy", cells={"new": Source(preset="new_table_cross_entropy")}
        ),
    ),
)
