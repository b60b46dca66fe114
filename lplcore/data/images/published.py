"""What was published of a data set, and how a copy differs."""

from dataclasses import dataclass

import numpy as np

from lplcore.data.images.listing import Lists


@dataclass(frozen=True)
class Published:
    """Numbers of classes and images; largest and smallest class of the training split where they are known."""

    classes: int
    train: int
    test: int
    validation: int = 0
    largest: int | None = None
    smallest: int | None = None

    def differences(self, lists: Lists) -> tuple[str, ...]:
        """A note that says which counts of a copy are others, if any are."""
        labels = lists.train.labels
        counts = labels.sum(axis=0) if labels.ndim == 2 else np.bincount(labels, minlength=len(lists.classes))
        validation = 0 if lists.validation is None else len(lists.validation.names)
        compared = (
            ("classes", len(lists.classes), self.classes),
            ("training images", len(lists.train.names), self.train),
            ("validation images", validation, self.validation),
            ("test images", len(lists.test.names), self.test),
            ("images in the largest class", int(counts.max()), self.largest),
            ("images in the smallest class", int(counts.min()), self.smallest),
        )
        parts = [f"{ours} {what} instead of {its}" for what, ours, its in compared if its not in (None, ours)]
        return (f"the copy differs from the published data set: {', '.join(parts)}",) if parts else ()
