"""Which runs may share a process: those of one job that differ in nothing but seed and numbers.

A run that was lost, or ran out of memory, beside others goes on alone, and that counts as no loss: nobody knows whose
fault it was.
"""

from typing import Any

from store.database.records import Claim
from store.database.tables import RunRow

SHARED = ("dataset", "model", "batch_size")
"""What members have in common to the last number: what a process loads and how much memory a step takes."""


def may_join(row: RunRow, first: Claim) -> bool:
    """Whether a waiting run may train in the process of one that was claimed."""
    return row.job_id == first.job_id and not row.alone and packable(row.spec, first.spec)


def packable(spec: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two specs differ in numbers only, and not in those that members share."""
    shared = all(spec.get(name) == other.get(name) for name in SHARED)
    return shared and without_numbers(spec) == without_numbers(other)


def without_numbers(value: Any) -> Any:
    """A JSON value with 0 for every number; true and false are none."""
    if isinstance(value, dict):
        return {name: without_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_numbers(part) for part in value]
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value
