"""Class-level logit perturbation (LPL) and its relatives, as a PyTorch library."""

from lplcore.catalog import catalog
from lplcore.criterion import Criterion, CriterionOutput
from lplcore.datasets import DatasetError, RegisteredDataset
from lplcore.long_tail import long_tail_counts
from lplcore.method import criterion
from lplcore.spec import ExperimentSpec, RunPlan, parse_spec
from lplcore.spec_errors import SpecError

__all__ = [
    "Criterion",
    "CriterionOutput",
    "DatasetError",
    "ExperimentSpec",
    "RegisteredDataset",
    "RunPlan",
    "SpecError",
    "catalog",
    "criterion",
    "long_tail_counts",
    "parse_spec",
]
