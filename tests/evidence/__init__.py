"""The evidence on long-tailed CIFAR: its runner, its harvest, its report."""
