"""Class-level logit perturbation (LPL) and its relatives, as a PyTorch library."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lplcore.estimator.classifier import LplClassifier as LplClassifier

try:
    from lplcore import events
    from lplcore.balanced_sampler import BalancedSampler
    from lplcore.catalog import catalog
    from lplcore.criterion import Criterion, CriterionOutput
    from lplcore.data.arrays.in_memory import in_memory
    from lplcore.data.images.pipeline import InputPipeline
    from lplcore.data.info import DatasetInfo
    from lplcore.data.long_tail import long_tail_counts
    from lplcore.data.raw import RegisteredDataset
    from lplcore.errors import DatasetError, InputError, SpecError
    from lplcore.events import CheckpointReady, EpochEnd, LogLine, Progress, RunEnd, RunStart
    from lplcore.method.build import criterion
    from lplcore.spec.experiment import ExperimentSpec, RunPlan, parse_spec
    from lplcore.spec.plan import check_plan, check_search
    from lplcore.training.loading import dataset_info
    from lplcore.training.pack import train_together
    from lplcore.training.predictor import Prediction, Predictor
    from lplcore.training.trainer import Request, train
except ModuleNotFoundError as error:
    if error.name not in ("numpy", "safetensors", "torch", "torchvision"):
        raise
    message = f"lplcore needs {error.name}, which is not installed; pip install 'lpl-service[library]'"
    raise ModuleNotFoundError(message, name=error.name) from error

__all__ = [
    "BalancedSampler",
    "CheckpointReady",
    "Criterion",
    "CriterionOutput",
    "DatasetError",
    "DatasetInfo",
    "EpochEnd",
    "ExperimentSpec",
    "InputError",
    "InputPipeline",
    "LogLine",
    "Prediction",
    "Predictor",
    "Progress",
    "RegisteredDataset",
    "Request",
    "RunEnd",
    "RunPlan",
    "RunStart",
    "SpecError",
    "catalog",
    "check_plan",
    "check_search",
    "criterion",
    "dataset_info",
    "events",
    "in_memory",
    "long_tail_counts",
    "parse_spec",
    "train",
    "train_together",
]


def __getattr__(name: str) -> Any:
    """`LplClassifier`, which needs scikit-learn, once somebody asks for it."""
    if name != "LplClassifier":
        raise AttributeError(f"module 'lplcore' has no attribute {name!r}")
    try:
        return import_module("lplcore.estimator.classifier").LplClassifier
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        message = f"lplcore.{name} needs scikit-learn, which is not installed; pip install 'lpl-service[sklearn]'"
        raise ModuleNotFoundError(message, name=error.name) from error
