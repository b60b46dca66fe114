"""One run: data, network, criterion and optimiser on a device, where training is, and its checkpoint."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from lplcore import device as devices
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream
from lplcore.data.normalization import NetworkInput
from lplcore.data.raw import RegisteredDataset
from lplcore.data.splits import LoadedDataset, Split
from lplcore.data.weights_folder import weights_folder
from lplcore.events import EpochEnd
from lplcore.optimizers import set_rate
from lplcore.procedures import TrainingData
from lplcore.randomness import draw_seed, seed_generators
from lplcore.samplers.uniform import Uniform
from lplcore.spec.experiment import ExperimentSpec
from lplcore.spec.fields import TUNED, fixed_threshold
from lplcore.training.captured import CapturedSteps, Pool, StepInputs
from lplcore.training.conditions import current
from lplcore.training.draws import drawn_epoch
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation, evaluate_multi_label
from lplcore.training.evaluation.predicting import Predictions
from lplcore.training.evaluation.reported import RunEvaluation
from lplcore.training.evaluation.single_label import Evaluation, evaluate, unchanged
from lplcore.training.feeding import feed_of
from lplcore.training.frozen_features import features_of, on_features
from lplcore.training.loading import load
from lplcore.training.setup import build_state
from lplcore.training.step import Batch, train_step
from lplcore.training.totals import EpochTotals


class Diverged(ArithmeticError):
    """The loss or the weights are not finite."""


class TrainingRun:
    """A run between two of its steps.

    Attributes:
        epoch: complete epochs.
        step: steps done in the next one, of `steps`.
        evaluation: figures of the validation and test splits.
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        *,
        device: torch.device,
        data_dir: str | Path,
        weights_dir: str | Path | None = None,
        datasets: Mapping[str, RegisteredDataset],
        pipeline: InputPipeline | None = None,
    ) -> None:
        self.device, self.seed, self.datasets = device, spec.seeds[0], datasets
        cropped = spec.augmentation.crop is not None
        self.data: LoadedDataset = load(
            spec.dataset, seed=self.seed, data_dir=data_dir, datasets=datasets, cropped=cropped, pipeline=pipeline
        )
        self.info = self.data.info
        self.spec = spec = spec.fitted(self.info)
        spec.check(self.info)
        self.convolutional = spec.model.images_only
        self.evaluation_batch = devices.evaluation_batch(
            device, self.info.input_shape, convolutional=self.convolutional
        )
        memory_format = devices.memory_format(device, convolutional=self.convolutional)
        self.labels = self.data.train.y
        self.train_split = self.data.train.to(device)
        self.evaluation = RunEvaluation(
            self.info,
            validation=self.data.validation.to(device) if self.data.validation else None,
            test=self.data.test.to(device) if self.data.test else None,
            evaluate=self.evaluate,
            tuned=spec.decision_threshold == TUNED,
        )
        self.normalization = self.data.normalization.to(device)
        self.network_input = NetworkInput(self.normalization, memory_format)
        self.procedure = spec.method.procedure
        streamed = isinstance(self.train_split.x, ImageStream)
        data = TrainingData(
            train=self.train_split,
            meta=self.data.meta.to(device) if self.data.meta else None,
            network_input=self.network_input,
            augmentation=spec.augmentation.after_crop if streamed else spec.augmentation,
        )
        weights = weights_folder(data_dir, weights_dir)
        self.state = build_state(spec, self.info, data, seed=self.seed, weights_dir=weights, device=device)
        self.conditions = current(device, self.state.autocast_dtype, deterministic=spec.deterministic)
        posthoc = spec.method.posthoc
        self.posthoc = None if posthoc is None else posthoc.build(self.state.criterion.statistics).to(device)
        self.pool = Pool()
        self.predictions = Predictions(self.state, self.pool.captured)
        self.captured = CapturedSteps(self.take, self.pool.captured) if device.type == "cuda" else None
        self.stage: bool | None = None
        self.prepared = 0
        self.preparations: int = self.procedure.preparation_steps(self.info)
        self.epoch, self.step = 0, 0
        self.entered = False
        self.totals = self._no_totals()
        self.draw_epoch()

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.feed.epoch.steps

    @property
    def fraction(self) -> float:
        """Share of the epochs that is done."""
        return (self.epoch + self.step / self.steps) / self.spec.epochs

    @property
    def epoch_progress(self) -> float:
        """Share of the epochs that was done when the next one began: stages go by it."""
        return self.epoch / self.spec.epochs

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or none was better on validation for the spec's `patience` in the last stage."""
        best, patience, epochs = self.evaluation.best, self.spec.patience, self.spec.epochs
        if self.epoch >= epochs or patience is None or best is None:
            return self.epoch >= epochs
        last_stage = next(epoch for epoch in range(epochs + 1) if self.procedure.in_second_stage(epoch / epochs))
        return self.epoch - max(best.epoch, last_stage) >= patience

    @property
    def completed(self) -> float:
        """Share of all steps that is done, preparation included."""
        done = self.prepared + self.epoch * self.steps + self.step
        return done / (self.preparations + self.spec.epochs * self.steps)

    @property
    def second_stage(self) -> bool:
        """Whether the method's stage 2 has begun in the next epoch."""
        begun: bool = self.procedure.in_second_stage(self.epoch_progress)
        return begun

    def draw_epoch(self) -> None:
        """Draw the order of the next epoch, and what its augmentation takes."""
        sampler = self.spec.method.sampler if self.second_stage else Uniform()
        drawn = drawn_epoch(self.spec, sampler, self.labels, seed=self.seed, epoch=self.epoch)
        self.feed = feed_of(self.train_split, drawn, self.spec.augmentation, self.device)
        self.entered = False
        self.examples_trained, self.seconds = 0, 0.0

    def compute_features(self) -> None:
        """Linear probe: once the network has its weights, put what its frozen part makes of examples in their place."""
        if self.state.on_features or not self.spec.model.probes:
            return
        of_split = partial(features_of, state=self.state, batch_size=self.evaluation_batch)
        self.train_split = of_split(self.train_split, augmentation=self.spec.augmentation)
        self.evaluation.replace(of_split)
        self.state = on_features(self.state, self.train_split)
        self.predictions = Predictions(self.state, self.pool.captured)
        self.feed = feed_of(self.train_split, self.feed.epoch, self.spec.augmentation, self.device)

    def prepare_step(self) -> None:
        """One step of the procedure's preparation, before the first epoch."""
        self.state.companion.train()
        self._seed("preparation", self.prepared)
        self.procedure.prepare(self.state, self.prepared)
        self.prepared += 1
        if self.prepared == self.preparations:
            prepared = list(self.state.companion.parameters())
            if not torch.stack([value.isfinite().all() for value in prepared]).all():
                raise Diverged("what the method prepares diverged; lower the learning rate of its procedure")

    def _enter_epoch(self) -> None:
        """Let criterion and procedure begin the epoch, once its first step is due."""
        self._seed("epoch", self.epoch)
        self.state.criterion.begin_epoch(self.epoch_progress, self.device)
        self.procedure.enter_epoch(self.state, second_stage=self.second_stage, resumed=self.step > 0)
        if self.stage != self.second_stage:
            self.stage = self.second_stage
            self._forget_graphs()
        self.entered = True

    def _forget_graphs(self) -> None:
        """A new stage does other work."""
        self.predictions.forget()
        if self.captured is not None:
            self.captured.forget()

    def train_step(self) -> None:
        """One step of the next epoch."""
        self.compute_features()
        started = time.perf_counter()
        if not self.entered:
            self._enter_epoch()
        self.set_learning_rates()
        self._seed("step", self.epoch, self.step)
        drawn = self.procedure.host_draws(self.state)
        indices, draws, images = self.feed.step(self.step)
        inputs = StepInputs(indices, draws, self.step, self.fraction, drawn, images)
        (self.captured or self.take)(inputs)
        self.step += 1
        self.examples_trained += inputs.indices.shape[0]
        self.seconds += time.perf_counter() - started

    def take(self, inputs: StepInputs) -> None:
        """The work of a step on the device."""
        x, labels = self.train_split.x, self.train_split.y.index_select(0, inputs.indices)
        examples = inputs.images if isinstance(x, ImageStream) else x.index_select(0, inputs.indices)
        assert examples is not None
        drawn = tuple(value.to(self.device) for value in inputs.drawn)
        batch = Batch(inputs.step, examples, labels, inputs.draws, drawn)
        train_step(self.procedure, self.state, batch, self.totals, progress=inputs.progress)

    def _seed(self, purpose: str, *position: int) -> None:
        """Dropout and the like draw from torch's global generators; `train` keeps the caller's aside."""
        seed_generators(self.device, draw_seed(self.seed, purpose, *position))

    def learning_rate(self, step: int) -> float:
        """The rate at a step (from 0) of the next epoch."""
        factor = self.spec.schedule.factor(self.epoch, step, steps=self.steps, epochs=self.spec.epochs)
        stage_factor: float = self.procedure.learning_rate_factor(second_stage=self.second_stage)
        return self.spec.optimizer.lr * factor * stage_factor

    def set_learning_rates(self) -> None:
        """Give the optimiser the rates of the next step."""
        rate = self.learning_rate(self.step)
        slowed = rate * self.procedure.slowed_rate_factor(second_stage=self.second_stage)
        for group in self.state.optimizer.param_groups:
            set_rate(group, (slowed if group["slowed"] else rate) * group.get("factor", 1.0))

    def check_finite(self) -> None:
        """Raises Diverged where a loss was not finite."""
        started = time.perf_counter()
        bad_step = self.totals.diverged_at()
        self.seconds += time.perf_counter() - started
        if bad_step is not None:
            raise Diverged(f"the loss is not finite at epoch {self.epoch + 1}, step {bad_step + 1}; {REMEDY}")

    def check_finite_weights(self) -> None:
        """Raises Diverged where a loss was, or a weight is, not finite."""
        self.check_finite()
        values = [v for v in self.state.model.state_dict().values() if v.is_floating_point()]
        values += list(self.state.criterion.parameters())
        if not torch.nn.utils.get_total_norm(values, torch.inf).isfinite():
            raise Diverged(f"weights are not finite after epoch {self.epoch + 1}, step {self.step}; {REMEDY}")

    def finish_epoch(self) -> tuple[EpochEnd, bool]:
        """Evaluate the epoch whose steps are all done; returns it, and whether it is the best so far."""
        self.check_finite_weights()
        self.compute_features()
        started = time.perf_counter()
        metrics: dict[str, float | None] = {
            **self.totals.metrics(),
            "train/learning_rate": self.learning_rate(self.steps - 1),
            "train/examples_per_second": None,
        }
        series = self.totals.series()
        seconds = self.seconds + time.perf_counter() - started
        if self.examples_trained and seconds > 0:
            metrics["train/examples_per_second"] = self.examples_trained / seconds
        stage = self.second_stage
        self.epoch, self.step = self.epoch + 1, 0
        if self.second_stage == stage:
            self.totals.reset()
        else:
            self.totals = self._no_totals()
        improved = self.evaluation.add(metrics, series, epoch=self.epoch, last=lambda: self.finished)
        return EpochEnd(self.epoch, metrics, series), improved

    def release(self) -> None:
        """Let go of all it has: memory is free at once, though its parts refer to each other. Nothing works after."""
        self.predictions.release()
        self.__dict__.clear()

    def _no_totals(self) -> EpochTotals:
        return EpochTotals(len(self.info.classes), self.device, task=self.info.task)

    def evaluate(self, split: Split, then: Callable[[Tensor], Tensor] = unchanged) -> Evaluation | MultiLabelEvaluation:
        """The loss on clean logits, and predictions after the post-hoc correction and, single label, `then`."""
        predict = partial(self.predictions, split)

        def correct(logits: Tensor) -> Tensor:
            return then(logits if self.posthoc is None else self.posthoc(logits, self.state.model.classifier))

        batch, classes = self.evaluation_batch, len(self.info.classes)
        if self.info.task == "multi_label":
            threshold, counts = fixed_threshold(self.spec.decision_threshold), self.info.class_counts
            return evaluate_multi_label(predict, split.y, batch_size=batch, threshold=threshold, class_counts=counts)
        return evaluate(predict, split.y, num_classes=classes, batch_size=batch, correct=correct)


REMEDY = "lower optimizer.lr, set optimizer.clip_norm or lengthen schedule.warmup_epochs"
