"""What every request passes: keys, limits, audit, measurements, refusals."""
