"""Examples before training: facts, long-tailed subsets, splits, files."""
