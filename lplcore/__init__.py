"""Class-level logit perturbation (LPL) and its relatives, as a PyTorch library."""

try:
    from lplcore import events
    from lplcore.catalog import catalog
    from lplcore.criterion import Criterion, CriterionOutput
    from lplcore.dataset_info import DatasetInfo
    from lplcore.dataset_loading import dataset_info
    from lplcore.datasets import DatasetError, RegisteredDataset
    from lplcore.events import CheckpointReady, EpochEnd, LogLine, Progress, RunEnd, RunStart
    from lplcore.long_tail import long_tail_counts
    from lplcore.method import criterion
    from lplcore.plan_check import check_plan
    from lplcore.spec import ExperimentSpec, RunPlan, parse_spec
    from lplcore.spec_errors import SpecError
    from lplcore.trainer import train
except ModuleNotFoundError as error:
    if error.name not in ("numpy", "safetensors", "torch", "torchvision"):
        raise
    message = f"lplcore needs {error.name}, which is not installed; pip install 'lpl-service[library]'"
    raise ModuleNotFoundError(message, name=error.name) from error

__all__ = [
    "CheckpointReady",
    "Criterion",
    "CriterionOutput",
    "DatasetError",
    "DatasetInfo",
    "EpochEnd",
    "ExperimentSpec",
    "LogLine",
    "Progress",
    "RegisteredDataset",
    "RunEnd",
    "RunPlan",
    "RunStart",
    "SpecError",
    "catalog",
    "check_plan",
    "criterion",
    "dataset_info",
    "events",
    "long_tail_counts",
    "parse_spec",
    "train",
]
