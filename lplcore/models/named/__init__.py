"""Networks of a library by name: tried on the meta device, last layer replaced, stages frozen, weights from a file."""
