"""A trained network that predicts arrays. N examples, C classes."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from lplcore import device as devices
from lplcore.data.info import DatasetInfo
from lplcore.data.normalization import Normalization
from lplcore.data.splits import LoadedDataset
from lplcore.frame.statistics import class_statistics
from lplcore.models import Classifier
from lplcore.procedures import TrainingData
from lplcore.spec.experiment import ExperimentSpec
from lplcore.training import checkpoint as checkpoints
from lplcore.training.pack import computing_with

WEIGHTS = Path("weights")


@dataclass(frozen=True)
class TrainedNetwork:
    """A network, and what examples and logits go through before and after it. All lies on the CPU."""

    network: Classifier
    normalization: Normalization
    posthoc: nn.Module | None
    convolutional: bool
    precision: str

    parallel: bool
    """Whether several threads of a CPU make it faster."""

    @torch.inference_mode()
    def logits(self, x: npt.NDArray[np.generic], *, device: torch.device) -> npt.NDArray[np.float64]:
        """Logits [N, C] of examples as the training set had them, after the method's post-hoc correction.

        Fully connected networks compute in float64 where the device has it: then an example's answer does not depend
        on which others it is asked with.
        """
        exact = not self.convolutional and device.type != "mps"
        precision = devices.choose_precision(self.precision, device, convolutional=self.convolutional)
        dtype = None if exact else devices.autocast_dtype(precision)
        network = deepcopy(self.network).to(device, torch.float64 if exact else torch.float32)
        posthoc = None if self.posthoc is None else deepcopy(self.posthoc).to(device)
        normalization = self.normalization.to(device)
        size = devices.evaluation_batch(device, x.shape[1:], convolutional=self.convolutional)
        answers = []
        with computing_with(None if self.parallel else 1):
            for start in range(0, len(x), size):
                examples = normalization(torch.from_numpy(np.array(x[start : start + size], order="C")).to(device))
                with devices.autocast(device, dtype):
                    logits = network(examples.double() if exact else examples).logits
                logits = logits.double() if exact else logits.float()
                answers.append((logits if posthoc is None else posthoc(logits, network.classifier)).cpu().double())
        return torch.cat(answers).numpy()


def restored(checkpoint: Path, spec: ExperimentSpec, data: LoadedDataset) -> TrainedNetwork:
    """The network of a checkpoint of an experiment on these data."""
    network = empty_network(spec, data)
    checkpoints.load_module(network, checkpoints.load(checkpoint).group("model"), what="model")
    return TrainedNetwork(
        network.eval().requires_grad_(False),
        data.normalization,
        posthoc_of(spec, data.info),
        convolutional=spec.model.images_only,
        parallel=spec.model.parallel,
        precision=spec.precision,
    )


def empty_network(spec: ExperimentSpec, data: LoadedDataset) -> Classifier:
    """The network with weights that will be replaced; torch's generators stay as they are."""
    info = data.info
    with torch.random.fork_rng(devices=[]):
        built: Classifier = spec.model.resolved(WEIGHTS).build(
            input_shape=info.input_shape, num_classes=len(info.classes)
        )
        training = TrainingData(
            train=data.train, meta=data.meta, network_input=data.normalization, augmentation=spec.augmentation
        )
        wrapped: Classifier = spec.method.procedure.resolved(WEIGHTS).wrap(built, info, training)
    return wrapped


def posthoc_of(spec: ExperimentSpec, info: DatasetInfo) -> nn.Module | None:
    """The method's correction of logits."""
    if spec.method.posthoc is None:
        return None
    statistics = class_statistics(info.class_counts, task=info.task, num_examples=info.num_train)
    module: nn.Module = spec.method.posthoc.build(statistics)
    return module
