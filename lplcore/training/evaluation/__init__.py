"""What a split says of a network: predictions, errors and figures for each class."""
