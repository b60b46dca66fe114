"""ML-GCN: classifiers generated from a graph of the labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field
from torch import nn

from lplcore.data.data_files import stamp
from lplcore.data.info import DatasetInfo
from lplcore.data.weights_folder import within_weights
from lplcore.models import Classifier
from lplcore.procedures import Procedure, TrainingData
from lplcore.procedures.ml_gcn.label_graph import check_word_vectors, correlation, one_hot_vectors, word_vectors
from lplcore.procedures.ml_gcn.network import MlGcnNetwork


class MlGcn(Procedure):
    """The last layer's weights come from a graph convolution over label vectors, edges from co-occurrence in training.

    A_ij = 1 where P(label j | label i) >= threshold, then every column's edges share `neighbour_weight` and the
    diagonal is 1. Features are the maxima over places for networks with feature maps. Label vectors are the classes'
    word vectors where a file is given, else one-hot.
    """

    title: ClassVar[str] = "ML-GCN"
    citation: ClassVar[str] = "Chen et al., Multi-label image recognition with GCN, CVPR 2019, Eq. 2 to 8"
    formula: ClassVar[str] = (
        r"u = \hat{A} \, \rho(\hat{A} E W_1) W_2 f, \quad \hat{A} = D^{-1/2} A D^{-1/2}, \quad \rho = "
        r"\mathrm{LeakyReLU}"
    )
    effect: ClassVar[str] = (
        "Labels that occur together share what their classifiers learn, so that a rare label borrows from its "
        "frequent companions."
    )
    advice: ClassVar[str] = (
        "For multi-label data whose labels come together, best with word vectors. On scene and yeast, with "
        "one-hot vectors, mAP is a little below that of binary cross entropy."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    own_head: ClassVar[bool] = True

    name: Literal["ml_gcn"] = "ml_gcn"
    threshold: float = Field(0.4, ge=0, le=1, description="tau, least P(j | i) of an edge")
    neighbour_weight: float = Field(0.25, ge=0, le=1, description="sum of the weights of a node's edges")
    hidden: int = Field(1024, ge=1, le=65_536, description="width of the graph's hidden layer")
    word_vectors: str | None = Field(
        None,
        max_length=4096,
        description="text file of word vectors (GloVe's format: a word and its numbers per line), a path within the "
        "folder `weights` of the worker's data directory; null for one-hot vectors",
    )
    backbone_factor: float = Field(
        1.0, ge=0, le=10, description="factor on the rate of all but the graph's layers; 0.1 in the source (pretrained)"
    )

    def resolved(self, weights_dir: Path) -> Self:
        if self.word_vectors is None:
            return self
        path = within_weights(weights_dir, self.word_vectors, field="method.procedure.word_vectors")
        return self.model_copy(update={"word_vectors": str(path)})

    def check_files(self, weights_dir: Path, classes: Sequence[str]) -> None:
        path = self.resolved(weights_dir).word_vectors
        if path is not None:
            check_word_vectors(Path(path), tuple(classes), stamp([Path(path)]))

    def wrap(self, model: Classifier, info: DatasetInfo, data: TrainingData) -> Classifier:
        classes = info.classes
        vectors = (
            one_hot_vectors(len(classes))
            if self.word_vectors is None
            else word_vectors(Path(self.word_vectors), classes)
        )
        graph = correlation(data.train.y, threshold=self.threshold, neighbour_weight=self.neighbour_weight)
        return MlGcnNetwork(model, vectors, graph, hidden=self.hidden)

    def slowed_part(self, model: Classifier) -> nn.Module | None:
        assert isinstance(model, MlGcnNetwork)
        return None if self.backbone_factor == 1 else model.base

    def slowed_rate_factor(self, *, second_stage: bool) -> float:
        return self.backbone_factor
