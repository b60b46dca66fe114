"""The trainer as a scikit-learn estimator."""
