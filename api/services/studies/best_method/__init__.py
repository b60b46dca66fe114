"""`best_method`: which method for a data set, found within a budget of runs and said only as far as it is known."""
