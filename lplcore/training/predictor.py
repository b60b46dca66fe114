"""A trained network with all that its run's evaluation does: examples in, probabilities out. N examples, C classes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from lplcore import device as devices
from lplcore.data.images.files import Pixels
from lplcore.data.new_inputs import examples_of, images_of
from lplcore.data.preprocessing import Preprocessing
from lplcore.data.raw import RegisteredDataset
from lplcore.data.splits import Split
from lplcore.data.weights_folder import weights_folder
from lplcore.datasets.image_files import ImageDataset
from lplcore.errors import MAX_REPORTED, CheckpointError, InputError
from lplcore.events import FloatArray
from lplcore.frame.statistics import class_statistics
from lplcore.spec.experiment import ExperimentSpec
from lplcore.spec.fields import fixed_threshold
from lplcore.training import checkpoint as checkpoints
from lplcore.training.checkpoint import Checkpoint
from lplcore.training.evaluation.multi_label import decided
from lplcore.training.evaluation.predicting import Predictions
from lplcore.training.frozen_features import features_of, on_features
from lplcore.training.rebuilding import CPU, computed, corrected, spec_of, state_of

Posthoc = str | Mapping[str, Any]


@dataclass(frozen=True)
class Prediction:
    """What is predicted of one example."""

    labels: tuple[str, ...]
    """Its class; multi label: all classes from their thresholds on, possibly none."""
    probabilities: FloatArray
    """[C], which add up to 1; multi label: each of its own."""

    @property
    def label(self) -> str:
        """The class of a single-label prediction."""
        return self.labels[0]


class Predictor:
    """Predicts on the CPU as a run's evaluation does: same preprocessing, precision and post-hoc correction.

    Attributes:
        spec: of the run.
        classes: C names.
        preprocessing: what the network sees of an example.
        thresholds: multi label: probability from which a label counts as predicted, or one for each class [C].
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        saved: Checkpoint,
        preprocessing: Preprocessing,
        *,
        weights_dir: Path,
        thresholds: FloatArray | None = None,
    ) -> None:
        self.spec, self.preprocessing = spec, preprocessing
        self.classes = tuple(str(name) for name in saved.metadata["class_names"])
        self.state = state_of(spec, saved, preprocessing, weights_dir=weights_dir)
        posthoc = spec.method.posthoc
        self.posthoc = None if posthoc is None else posthoc.build(class_statistics(saved.metadata["class_counts"]))
        self.thresholds = fixed_threshold(spec.decision_threshold) if thresholds is None else thresholds
        self.batch_size = devices.evaluation_batch(CPU, preprocessing.input_shape, convolutional=spec.model.images_only)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        data_dir: str | Path = "data",
        weights_dir: str | Path | None = None,
        datasets: Mapping[str, RegisteredDataset] | None = None,
        preprocessing: Mapping[str, Any] | None = None,
        thresholds: Sequence[float] | FloatArray | None = None,
        posthoc: Posthoc | None = None,
    ) -> Self:
        """A predictor of a checkpoint.

        Args:
            path: of the checkpoint.
            data_dir: folder whose `datasets` holds files of built-in data sets.
            weights_dir: folder of files that specs name; `weights` of the data directory where it is None.
            datasets: data sets registered under names of their own.
            preprocessing: as the run's `RunStart` has it; where it is absent or empty, the run's data set is read to
                compute it.
            thresholds: multi label: C probabilities in place of the spec's, as in the series
                `validation/decision_threshold` of a run whose spec says `decision_threshold: "validation"`.
            posthoc: in place of the run's own correction: one by its name or with its parameters, or `none`.

        Raises:
            CheckpointError: damaged, or not a checkpoint of this program.
            SpecError: the correction does not fit the run, or a file that the spec names is absent.
            DatasetError: the data set has to be read and is absent, changed or corrupt.
        """
        saved, known = checkpoints.load(path), dict(datasets or {})
        recorded = prepared(preprocessing) if preprocessing else None
        spec = spec_of(saved, known, recorded)
        own = recorded or computed(spec, data_dir=data_dir, datasets=known)
        if posthoc is not None:
            spec = corrected(spec, saved, posthoc, own.task)
        chosen = None if thresholds is None else np.asarray(thresholds, dtype=np.float32)
        return cls(spec, saved, own, weights_dir=weights_folder(data_dir, weights_dir), thresholds=chosen)

    def predict(self, inputs: Iterable[Any]) -> list[Prediction]:
        """Predictions of examples as the data set holds them: feature rows [D], or images, as lists or arrays.

        Raises:
            InputError: what is wrong with each.
        """
        return self._predictions(examples_of(inputs, self.preprocessing))

    def predict_files(self, paths: Sequence[str | Path], *, names: Sequence[str] | None = None) -> list[Prediction]:
        """Predictions of image files, cut and resized as the run's test images are.

        Args:
            paths: of the files.
            names: what messages call them, their own names where it is None.

        Raises:
            InputError: the run has no images, or files cannot be used, each with the reason.
        """
        files = [Path(path) for path in paths]
        called = list(names) if names is not None else [path.name for path in files]
        return self._predictions(images_of(files, called, self.pixels, self.preprocessing))

    @property
    def pixels(self) -> Pixels:
        """How an image file becomes what the network sees."""
        prepared, dataset = self.preprocessing, self.spec.dataset
        if prepared.files and isinstance(dataset, ImageDataset):
            return dataset.pixels(rules=prepared.rules)
        return Pixels(prepared.input_shape[-1], rules=prepared.rules)

    @torch.inference_mode()
    def logits(self, examples: Tensor) -> Tensor:
        """Clean logits [N, C] of examples as the data set holds them [N, ...]."""
        state, split = self.state, Split(examples, torch.zeros(len(examples), dtype=torch.int64))
        if self.spec.model.probes:
            split = features_of(split, state=state, batch_size=self.batch_size)
            state = on_features(state, split)
        batches = torch.split(torch.arange(len(examples)), self.batch_size)
        return torch.cat(list(Predictions(state, not_captured)(split, batches)))

    def _predictions(self, examples: Tensor) -> list[Prediction]:
        logits = self.logits(examples)
        refuse_undefined(logits)
        if self.preprocessing.task == "multi_label":
            chosen = decided(logits.numpy(), self.thresholds)
            labels = [tuple(self.classes[c] for c in np.flatnonzero(row)) for row in chosen]
            return [Prediction(*each) for each in zip(labels, logits.sigmoid().numpy(), strict=True)]
        with torch.inference_mode():
            adjusted = logits if self.posthoc is None else self.posthoc(logits, self.state.model.classifier)
            probabilities = adjusted.softmax(dim=1)
            best = [(self.classes[c],) for c in probabilities.max(dim=1).indices.tolist()]
        return [Prediction(*each) for each in zip(best, probabilities.numpy(), strict=True)]


def refuse_undefined(logits: Tensor) -> None:
    """Examples whose logits [N, C] are not finite.

    Raises:
        InputError: there are some.
    """
    message = "its numbers are so large that the network's answer is not finite"
    places = (~logits.isfinite().all(dim=1)).nonzero().squeeze(1).tolist()[:MAX_REPORTED]
    if places:
        raise InputError([{"path": f"inputs.{place}", "message": message} for place in places])


def prepared(recorded: Mapping[str, Any]) -> Preprocessing:
    """Recorded preprocessing.

    Raises:
        CheckpointError: it is none.
    """
    try:
        return Preprocessing.from_json(recorded)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the recorded preprocessing cannot be read ({error!r})") from error


def not_captured(work: Callable[[], None], what: str) -> Callable[[], None]:
    """Work as it is: a CPU captures none."""
    return work
