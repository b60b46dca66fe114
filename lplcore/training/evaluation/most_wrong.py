"""The examples of a split that a network gets most wrong, class by class. N examples, K of them kept."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

OF_A_CLASS, MOST = 5, 5000
"""Examples that are kept of each class, and of all: 8,142 classes would have 40,710."""


@dataclass(frozen=True)
class PredictedExamples:
    """What is predicted of each example [N], on the device."""

    indices: Tensor
    """Places in the split."""
    true: Tensor
    predicted: Tensor
    confidence: Tensor
    """Probability of the predicted class."""
    true_probability: Tensor

    def most_wrong(self, *, of_a_class: int = OF_A_CLASS, most: int = MOST) -> npt.NDArray[np.float32]:
        """[K, 5] index, true and predicted class, their probabilities: by class, of each the highest loss first.

        The loss is that of the probability of the true class. Where there would be more than `most` the highest losses
        of all are kept.
        """
        parts = (self.indices, self.true, self.predicted, self.confidence, self.true_probability)
        index, true, predicted, confidence, probability = (part.cpu().numpy() for part in parts)
        order = np.lexsort((index, -confidence, probability, true))
        firsts = np.searchsorted(true[order], true[order])
        order = order[np.arange(len(order)) - firsts < of_a_class]
        worst = np.lexsort((index[order], -confidence[order], probability[order]))[:most]
        order = order[np.sort(worst)]
        rows = [part[order] for part in (index, true, predicted, confidence, probability)]
        return np.stack(rows, axis=1).astype(np.float32)
