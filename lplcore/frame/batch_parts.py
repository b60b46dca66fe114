"""Sizes of the batches of an epoch, and of the parts of a batch."""


def sizes(number: int, size: int, *, least: int = 1, drop_last: bool = False) -> list[int]:
    """Sizes of the pieces that `number` examples are cut into, in order.

    Args:
        number: of examples.
        size: of every piece but the last.
        least: a piece is at least this large: a smaller last one is joined to the one before.
        drop_last: whether an incomplete last piece is left out, unless it is the only one.

    Example:
        >>> sizes(10, 4)
        [4, 4, 2]
        >>> sizes(9, 4, least=2)
        [4, 5]
        >>> sizes(9, 4, drop_last=True)
        [4, 4]
    """
    size = max(size, least)
    whole, rest = divmod(number, size)
    pieces = [size] * whole
    if rest == 0 or (drop_last and whole):
        return pieces
    if rest < least and whole:
        return [*pieces[:-1], size + rest]
    return [*pieces, rest]


def part_sizes(number: int, parts: int, *, least: int = 1) -> list[int]:
    """Sizes of the at most `parts` parts of a batch, alike but for the last; none is smaller than `least`.

    Example:
        >>> part_sizes(9, 4)
        [3, 3, 3]
        >>> part_sizes(4, 4, least=2)
        [2, 2]
    """
    return sizes(number, -(-number // parts), least=least)
