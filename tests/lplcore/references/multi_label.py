"""References of multi-label methods, entry by entry."""

import math
from collections.abc import Callable

from tests.lplcore.references.registry import Row, Situation, no_reference, reference

MULTI_LABEL = "multi_label"
Table = list[Row]


def sigmoid(u: float) -> float:
    return 1 / (1 + math.exp(-u)) if u > 0 else math.exp(u) / (1 + math.exp(u))


def bce(u: float, y: int) -> float:
    return math.log1p(math.exp(-u)) if y else math.log1p(math.exp(u))


def entries(s: Situation, loss: Callable[[int, int], float]) -> Table:
    """The loss of every (example, class)."""
    return [[loss(i, c) for c in range(s.classes)] for i in range(len(s.logits))]


def shifted(s: Situation, delta: Callable[[int, int], float]) -> Table:
    """Binary cross entropy of the logits plus delta(example, class)."""
    return entries(s, lambda i, c: bce(s.logits[i][c] + delta(i, c), s.labels[i][c]))


def weighted(s: Situation, weight: Callable[[int, int], float]) -> Table:
    """Weight(example, class) times binary cross entropy."""
    return entries(s, lambda i, c: weight(i, c) * bce(s.logits[i][c], s.labels[i][c]))


@reference("loss", "binary_cross_entropy", task=MULTI_LABEL, options={"negative_scale": 2.0})
def binary_cross_entropy(s: Situation) -> Table:
    scale = s.options["negative_scale"]

    def loss(i: int, c: int) -> float:
        u = s.logits[i][c]
        return bce(u, 1) if s.labels[i][c] else bce(scale * u, 0) / scale

    return entries(s, loss)


@reference("loss", "focal", task=MULTI_LABEL, options={"negative_scale": 3.0})
def focal(s: Situation) -> Table:
    gamma, factor, scale = (s.options[name] for name in ("gamma", "factor", "negative_scale"))

    def loss(i: int, c: int) -> float:
        u = s.logits[i][c]
        if s.labels[i][c]:
            return float(factor * (1 - sigmoid(u)) ** gamma * bce(u, 1))
        return float(factor * sigmoid(scale * u) ** gamma * bce(scale * u, 0) / scale)

    return entries(s, loss)


@reference("loss", "asymmetric", task=MULTI_LABEL, options={"gamma_negative": 2.0, "shift": 0.2})
def asymmetric(s: Situation) -> Table:
    def loss(i: int, c: int) -> float:
        p = sigmoid(s.logits[i][c])
        if s.labels[i][c]:
            return float(-((1 - p) ** s.options["gamma_positive"]) * math.log(p))
        kept = max(p - s.options["shift"], 0.0)
        return float(-(kept ** s.options["gamma_negative"]) * math.log(1 - kept))

    return entries(s, loss)


@reference("loss", "two_way", task=MULTI_LABEL, not_neutral="a loss of whole rows and columns at every setting")
def two_way(s: Situation) -> Table:
    hot, cold = s.options["positive_temperature"], s.options["negative_temperature"]

    def term(line: list[tuple[float, int]]) -> float | None:
        """Of one row or column; None where it has no positive."""
        positive = [math.exp(-u / hot) for u, y in line if y]
        negative = [math.exp(u / cold) for u, y in line if not y]
        if not positive:
            return None
        if not negative:
            return 0.0
        return math.log1p(math.exp(cold * math.log(sum(negative)) + hot * math.log(sum(positive))))

    rows = [term(list(zip(row, truth, strict=True))) for row, truth in zip(s.logits, s.labels, strict=True)]
    columns = [
        term([(row[c], truth[c]) for row, truth in zip(s.logits, s.labels, strict=True)]) for c in range(s.classes)
    ]

    def share(terms: list[float | None], index: int) -> float:
        counted = [t for t in terms if t is not None]
        own = terms[index]
        return 0.0 if own is None else own * len(terms) / len(counted)

    return entries(s, lambda i, c: share(rows, i) + share(columns, c))


@reference("perturbation", "ldam", task=MULTI_LABEL, options={"scale": 4.0})
def ldam(s: Situation) -> Table:
    margins = [n**-0.25 for n in s.counts]
    unit = s.options["max_margin"] / max(margins)
    return shifted(s, lambda i, c: -s.options["scale"] * unit * margins[c] if s.labels[i][c] else 0.0)


@reference("perturbation", "negative_tolerant", task=MULTI_LABEL, options={"kappa": 0.7, "negative_scale": 2.0})
def negative_tolerant(s: Situation) -> Table:
    factor = s.options["kappa"] / s.options["negative_scale"]
    return shifted(s, lambda _, c: -factor * math.log(s.number / s.counts[c] - 1))


@reference("perturbation", "lpl", task=MULTI_LABEL, options={"form": "pgd", "epsilon": 0.13, "delta_epsilon": 0.5})
def lpl(s: Situation) -> Table:
    ranked = sorted(range(s.classes), key=lambda c: -s.counts[c])
    head = ranked[: int(s.options["threshold"] * s.classes + 1e-9)]
    epsilon, varied = s.options["epsilon"], s.options["delta_epsilon"]

    def delta(_: int, c: int) -> float:
        if c in head:
            return float(epsilon + varied * s.counts[c] / max(s.counts))
        return float(-(epsilon + varied * min(s.counts) / s.counts[c]))

    return shifted(s, delta)


@reference("weighting", "rebalanced", task=MULTI_LABEL)
def rebalanced(s: Situation) -> Table:
    def weight(i: int, c: int) -> float:
        own = [1 / s.counts[j] for j in range(s.classes) if s.labels[i][j]]
        ratio = 1 / s.counts[c] / sum(own) if own else math.inf
        return float(s.options["alpha"] + sigmoid(min(s.options["beta"] * (ratio - s.options["mu"]), 500)))

    return weighted(s, weight)


@reference("weighting", "inverse_frequency", task=MULTI_LABEL)
def inverse_frequency(s: Situation) -> Table:
    return weighted(s, lambda _, c: (s.number / s.counts[c]) ** s.options["power"])


@reference("weighting", "class_balanced", task=MULTI_LABEL)
def class_balanced(s: Situation) -> Table:
    beta = s.options["beta"]
    weights = [(1 - beta) / (1 - beta**n) for n in s.counts]

    def weight(i: int, _: int) -> float:
        own = [weights[c] for c in range(s.classes) if s.labels[i][c]]
        return sum(own) / len(own) if own else 1.0

    return weighted(s, weight)


no_reference(
    "perturbation",
    "logit_compensation",
    task=MULTI_LABEL,
    instead="learned; test_multi_label_by_hand sets what it learns",
)
