"""`LplClassifier`: the trainer for scikit-learn's pipelines and searches. N examples, C classes."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from lplcore.data.arrays.in_memory import in_memory
from lplcore.data.arrays.inputs import recognised
from lplcore.device import choose_device
from lplcore.estimator.fitting import fit, method_of
from lplcore.events import EpochEnd

Array = npt.NDArray[Any]
NAME = "arrays"
METHOD = "method__"


class LplClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """A network trained by any of lplcore's methods for imbalanced classes.

    X is [N, D], or images [N, channels, H, W] of bytes or floats; y are labels of any kind [N], or multi-hot rows
    [N, C]. Inputs are standardised by the training set. There are no sample weights: how classes weigh is the method's
    part.

    Args:
        method: an alias (`"lpl"`), a preset whose method is taken, or the `method` object of an experiment.
            `set_params(method__delta_epsilon=2.0)` sets a parameter of it.
        model: a network's name, or the `model` object of an experiment.
        hidden_sizes: units of each hidden layer of the model `mlp`; other models have none.
        epochs: passes over the training set, at most.
        batch_size: examples per step; a larger one than the training set is the whole of it.
        lr: learning rate before the schedule's factor.
        validation_fraction: share of each class that is held out, unless `fit` gets an `eval_set`. With a validation
            set the network is that of the epoch best on it, else that of the last one.
        patience: epochs without a better one on the validation set after which training ends; None: never.
        experiment: further fields of an experiment, such as `{"augmentation": "pad_crop_flip"}`; they go before the
            parameters above.
        device: `auto`, `cpu`, `cuda`, `cuda:<number>` or `mps`.
        random_state: a whole number is the run's seed: the same one gives the same network.
        verbose: print a line after every epoch.

    Attributes:
        classes_: the labels; of multi-hot rows the columns' numbers.
        n_iter_: epochs that were trained.
        best_epoch_: the epoch, from 1, whose weights the network has.
        history_: every epoch's metrics by name.
        experiment_: the complete experiment.
    """

    def __init__(
        self,
        method: str | Mapping[str, Any] = "lpl",
        *,
        model: str | Mapping[str, Any] = "mlp",
        hidden_sizes: Sequence[int] = (128, 128),
        epochs: int = 30,
        batch_size: int = 128,
        lr: float = 0.1,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        experiment: Mapping[str, Any] | None = None,
        device: str = "auto",
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.method = method
        self.model = model
        self.hidden_sizes = hidden_sizes
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.experiment = experiment
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; `method__<name>` is one of the method."""
        of_method = {name[len(METHOD) :]: params.pop(name) for name in list(params) if name.startswith(METHOD)}
        super().set_params(**params)
        if of_method:
            method = method_of(self.method)
            self.method = {**({"alias": method} if isinstance(method, str) else method), **of_method}
        return self

    def fit(self, X: Any, y: Any, eval_set: tuple[Any, Any] | None = None) -> Self:
        """Train.

        Args:
            X: examples.
            y: their labels.
            eval_set: examples and labels of a validation set, as they are: a pipeline does not transform them.

        Raises:
            ValueError: data that cannot be used, or a parameter that does not fit them.
            ArithmeticError: training diverged.
        """
        X, y = validate_data(self, X, y, dtype="numeric", allow_nd=True, multi_output=True)
        labels = self._encoded(self._learn_classes(y))
        self.input_dtype_ = X.dtype
        validation = None if eval_set is None else self._validation(*eval_set)
        task = "multi_label" if self.multilabel_ else "single_label"
        data = in_memory(NAME, (X, labels), validation=validation, task=task)
        fitted = fit(data, self._fragment(held_out=eval_set is None), seed=self._seed(), on_epoch=self._report)
        self.network_, self.experiment_, self.history_ = fitted.network, fitted.spec, fitted.history
        self.n_iter_, self.best_epoch_ = len(fitted.history), fitted.best_epoch
        return self

    def decision_function(self, X: Any) -> Array:
        """Logits [N, C] after the method's post-hoc correction; [N], those of class 1 above class 0, of two classes."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 and not self.multilabel_ else logits

    def predict_proba(self, X: Any) -> Array:
        """Probabilities [N, C]; of multi-label data each class's own."""
        logits = self._logits(X)
        if self.multilabel_:
            return np.asarray(np.exp(-np.logaddexp(0, -logits)))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> Array:
        """Labels [N], or multi-hot rows [N, C]: 1 from the experiment's `decision_threshold` on."""
        probabilities = self.predict_proba(X)
        if self.multilabel_:
            return np.asarray(probabilities >= self.experiment_["decision_threshold"]).astype(np.int64)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def _logits(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, dtype="numeric", allow_nd=True, reset=False)
        return self.network_.logits(self._inputs(X), device=choose_device(self.device))

    def _inputs(self, X: Array) -> Array:
        """Examples in the form and type that the training set had."""
        kind = np.dtype(np.uint8) if self.input_dtype_ == np.uint8 else np.dtype(np.float32)
        if X.ndim == 4 and (X.dtype == np.uint8) != (kind == np.uint8):
            raise ValueError(f"X: images of {X.dtype}, but the network was trained on {self.input_dtype_}")
        inputs, _ = recognised({"train": X})
        return inputs["train"] if X.dtype == np.uint8 else inputs["train"].astype(np.float32)

    def _learn_classes(self, y: Array) -> Array:
        """The labels as they are told apart, once the classes are known from them."""
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        self.multilabel_ = kind == "multilabel-indicator"
        if self.multilabel_:
            self.classes_ = np.arange(y.shape[1])
            return y
        if kind == "multiclass-multioutput":
            raise ValueError("y: several labels of several classes each; give labels [N], or multi-hot rows of 0 and 1")
        y = column_or_1d(y, warn=True)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class, {self.classes_[0]!r}; at least two classes are needed")
        return y

    def _encoded(self, y: Array) -> Array:
        """Numbers of classes [N], or multi-hot rows [N, C]."""
        if self.multilabel_:
            return np.asarray(y).astype(np.int64)
        places = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        if (unknown := self.classes_[places] != y).any():
            raise ValueError(f"eval_set: label {str(np.asarray(y)[unknown][0])!r} does not occur in y")
        return places

    def _validation(self, X: Any, y: Any) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, dtype="numeric", allow_nd=True, multi_output=True, reset=False)
        return X, self._encoded(y if self.multilabel_ else column_or_1d(y, warn=True))

    def _fragment(self, *, held_out: bool) -> dict[str, Any]:
        """The experiment that the parameters mean."""
        fraction = self.validation_fraction if held_out else 0.0
        model = {"name": self.model} if isinstance(self.model, str) else dict(self.model)
        if model.get("name") == "mlp":
            model = {"widths": list(self.hidden_sizes), **model}
        experiment = dict(self.experiment or {})
        return {
            "method": method_of(self.method),
            "model": model,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "patience": self.patience,
            "device": self.device,
            "checkpoints": {"every_epochs": 100_000, "keep_best": fraction > 0 or not held_out},
            **experiment,
            "dataset": {"validation_fraction": fraction, **experiment.get("dataset", {}), "name": NAME},
            "optimizer": {"lr": self.lr, **experiment.get("optimizer", {})},
        }

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _report(self, end: EpochEnd) -> None:
        if self.verbose:
            figures = ", ".join(f"{name} {value:.4g}" for name, value in end.metrics.items() if value is not None)
            print(f"epoch {end.epoch}: {figures}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
