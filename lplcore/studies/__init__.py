"""Studies: the paper's tables and figures, made of presets."""
