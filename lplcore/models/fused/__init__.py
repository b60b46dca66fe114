"""Convolution, normalisation, shortcut and ReLU as a few kernels of Triton, for training on CUDA in bf16."""
