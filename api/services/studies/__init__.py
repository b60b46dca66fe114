"""Studies: what a request makes, what its table shows, what it found."""
