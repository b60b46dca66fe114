"""ML-GCN: classifiers generated from a graph of the labels."""

from lplcore.procedures.ml_gcn.ml_gcn import MlGcn

__all__ = ["MlGcn"]
