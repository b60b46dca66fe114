"""A study that subtracts a row that it has not."""

from lplcore.frame.study import Column, Difference, Study, StudyRow

WRONG_STUDY = Study(
    name="wrong_study",
    title="Wrong study",
    columns=(Column(key="one", title="One"),),
    rows=(StudyRow(label="Difference", method="lpl", cells={"one": Difference(row="LPL", minus="LA")}),),
)
