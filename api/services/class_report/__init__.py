"""What runs have measured of each class."""
