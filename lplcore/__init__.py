"""Class-level logit perturbation and its relatives, as a PyTorch library."""
