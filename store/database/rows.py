"""Rows as records, where these are not the rows themselves."""

from store.characters import text_to_path
from store.database.records import DatasetRecord
from store.database.tables import DatasetRow


def dataset_of(row: DatasetRow) -> DatasetRecord:
    """The record of a data set, whose path a column may keep as an address."""
    return DatasetRecord(
        row.id, row.name, row.format, text_to_path(row.path), row.task, row.sha256, row.info, row.created_at
    )
