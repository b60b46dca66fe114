"""What figures of classes are made of."""

import numpy as np
import pytest

from api.services.drawing import class_data
from store.database.records import Series


def test_many_classes_are_binned_and_stand_in_descending_order() -> None:
    edges, heights = class_data.binned(np.arange(8142, dtype=np.float64))
    assert (len(edges), len(heights)) == (101, 100)
    assert heights[0] == pytest.approx(np.arange(81).mean())
    assert np.all(np.diff(heights) > 0)
    holes = np.where(np.arange(1000) % 2, np.nan, 1.0)
    assert np.allclose(class_data.binned(holes)[1], 1.0)
    names, counts, order = class_data.ordered({"class_counts": [3, 9, 3, 1], "class_names": list("abcd")}, 4)
    assert (names, counts.tolist(), order.tolist()) == (["b", "a", "c", "d"], [9, 3, 3, 1], [1, 0, 2, 3])


def test_a_matrix_and_its_entries_give_the_same_shares() -> None:
    matrix = np.array([[8, 2, 0], [1, 1, 2], [0, 0, 0]], dtype="<f4")
    entries = np.array([[0, 0, 8], [0, 1, 2], [1, 0, 1], [1, 1, 1], [1, 2, 2]], dtype="<f4")
    bins = class_data.bins_of(np.array([1, 0, 2]))
    sums = [np.zeros((3, 3)), np.zeros((3, 3))]
    class_data.add_confusion(sums[0], bins, "confusion_matrix", Series((3, 3), matrix.tobytes()))
    class_data.add_confusion(sums[1], bins, "confusion_entries", Series((5, 3), entries.tobytes()))
    assert sums[0].tolist() == sums[1].tolist() == [[1, 1, 2], [2, 8, 0], [0, 0, 0]]
    shares = class_data.shares_of(sums[0])
    assert shares[0].tolist() == [0.25, 0.25, 0.5]
    assert np.isnan(shares[2]).all()
