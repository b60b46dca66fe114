"""ML-GCN: its label graph by hand, its word vectors, and what the graph does in training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lplcore.errors import SpecError
from lplcore.models import Classifier, ModelOutput
from lplcore.procedures.ml_gcn.label_graph import correlation, word_vectors
from lplcore.procedures.ml_gcn.network import MlGcnNetwork
from tests.lplcore_training.multi_label_runs import last, long_tailed, precision, spec_of, trained
from tests.lplcore_training.runs import end, run
from tests.shared_data import shared_file

VECTORS = "cat 1 0\ndog 0 1\nhot 1 1\nthe 5 5\n"


def test_the_graph_by_hand() -> None:
    # Label 1 always comes with 0, label 0 with 1 in half of its examples, label 2 alone.
    labels = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    found = correlation(labels, threshold=0.6, neighbour_weight=0.25)
    # One edge 1 -> 0, with weight 0.25 beside the diagonal; rows sum to 1, 1.25, 1.
    expected = torch.tensor([[1.0, 0.25 / 1.25**0.5, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    both = correlation(labels, threshold=0.5, neighbour_weight=0.25)
    torch.testing.assert_close(both[0], torch.tensor([0.8, 0.2, 0.0]), rtol=1e-5, atol=1e-6)


def test_labels_without_examples_and_the_loosest_threshold_do_no_harm() -> None:
    found = correlation(torch.tensor([[1, 0, 1], [1, 0, 0]]), threshold=0.0, neighbour_weight=0.25)
    assert found.isfinite().all()
    assert found[1].tolist() == [0, 1, 0]


def test_the_graph_of_real_labels_against_the_released_formula() -> None:
    labels = np.load(shared_file("coco_mlt_train.npz"))["y"].astype(np.float64)
    together = labels.T @ labels
    counts = np.diag(together).copy()
    np.fill_diagonal(together, 0)
    adjacency = (together / counts[:, None] >= 0.4).astype(np.float64)
    adjacency = adjacency * 0.25 / (adjacency.sum(axis=0, keepdims=True) + 1e-6) + np.eye(80)
    scale = np.diag(adjacency.sum(axis=1) ** -0.5)
    found = correlation(torch.tensor(labels), threshold=0.4, neighbour_weight=0.25)
    np.testing.assert_allclose(found.numpy(), (adjacency @ scale).T @ scale, rtol=1e-5, atol=1e-6)
    assert adjacency.astype(bool).sum() > 80 + 20


class Maps(Classifier):
    """Feature maps that are the input."""

    has_feature_maps = True

    def __init__(self) -> None:
        super().__init__()
        self.num_features, self.classifier = 4, nn.Linear(4, 3)

    def forward(self, inputs: torch.Tensor) -> ModelOutput:
        features = inputs.mean(dim=(2, 3))
        return ModelOutput(self.classifier(features), features)

    def feature_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


def test_logits_are_products_of_largest_features_and_generated_weights() -> None:
    graph, vectors = torch.rand(3, 3), torch.rand(3, 2)
    network = MlGcnNetwork(Maps(), vectors, graph, hidden=5)
    inputs = torch.randn(2, 4, 3, 3)
    output = network(inputs)
    layer = network.classifier
    first, second = layer.get_parameter("first"), layer.get_parameter("second")
    inner = nn.functional.leaky_relu(graph @ vectors @ first, 0.2)
    expected = inputs.flatten(2).amax(dim=2) @ (graph @ inner @ second).T
    torch.testing.assert_close(output.logits, expected)
    torch.testing.assert_close(output.features, inputs.flatten(2).amax(dim=2))


def test_word_vectors_are_means_over_a_names_words(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(VECTORS)
    found = word_vectors(path, ["cat", "Hot_dog", "the-cat"])
    assert found.tolist() == [[1, 0], [0.5, 1], [3, 2.5]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cat 1 0\n", "no vector for 'dog' of class 'hot dog'|no vector for 'hot' of class 'hot dog'"),
        ("cat one\nhot 1\ndog 1\n", "line 1 is not a word and its numbers"),
        ("cat nan\nhot 1\ndog 1\n", "line 1 is not a word and its numbers"),
        ("cat\nhot 1\ndog 1\n", "no vector for 'cat'|line 1"),
        ("cat 1 2\nhot 1\ndog 1\n", "several lengths"),
    ],
)
def test_wrong_files_of_word_vectors_are_refused(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(SpecError, match=says) as caught:
        word_vectors(path, ["cat", "hot dog"])
    assert caught.value.errors[0]["path"] == "method.procedure.word_vectors"


def test_a_run_reads_word_vectors_from_the_weights_folder_alone(tmp_path: Path) -> None:
    data = long_tailed(tmp_path, number=200)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "v.txt").write_text("".join(f"{c} {c} {c * c} 1\n" for c in range(8)))
    spec = spec_of({"alias": "ml_gcn", "word_vectors": "v.txt", "hidden": 16}, epochs=1)
    assert end(run(spec, datasets=data, data_dir=tmp_path)).outcome == "succeeded"
    for path, says in (
        ("../v.txt", "must lie in the folder"),
        ("/etc/passwd", "must lie"),
        ("w.txt", "cannot be read"),
    ):
        wrong = {**spec, "method": {"alias": "ml_gcn", "word_vectors": path}}
        events = run(wrong, datasets=data, data_dir=tmp_path)
        assert end(events).reason == "bad_spec"
        assert says in (end(events).message or "")


def test_a_label_learns_from_those_it_shares_an_edge_with_and_no_other() -> None:
    graph = correlation(torch.tensor([[1, 0, 0], [1, 1, 0], [0, 0, 1]]), threshold=0.6, neighbour_weight=0.25)
    network = MlGcnNetwork(Maps(), torch.eye(3), graph, hidden=5)
    first = network.classifier.get_parameter("first")
    (reached,) = torch.autograd.grad(network(torch.rand(2, 4, 3, 3)).logits[:, 0].sum(), [first])
    # Row c of the first layer is what a one-hot vector knows of label c.
    assert (reached.abs().sum(dim=1) > 0).tolist() == [True, True, False]


def test_the_backbone_may_go_slower(tmp_path: Path) -> None:
    data = long_tailed(tmp_path, number=200)
    frozen = trained({"alias": "ml_gcn", "backbone_factor": 0.0}, data, epochs=3)
    assert precision(last(frozen)) != precision(last(trained("ml_gcn", data, epochs=3)))
