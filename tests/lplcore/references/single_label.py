"""References of single-label methods."""

import math
from collections.abc import Callable

from tests.lplcore.references.registry import Row, Situation, no_reference, reference


def cross_entropy(row: Row, label: int) -> float:
    top = max(row)
    return top + math.log(sum(math.exp(u - top) for u in row)) - row[label]


def softmax(row: Row) -> Row:
    top = max(row)
    terms = [math.exp(u - top) for u in row]
    return [t / sum(terms) for t in terms]


def shifted(s: Situation, delta: Callable[[int, int], float]) -> Row:
    """Cross entropy of the logits plus delta(example, class)."""
    return [cross_entropy([u + delta(i, j) for j, u in enumerate(row)], s.labels[i]) for i, row in enumerate(s.logits)]


@reference("loss", "cross_entropy")
def plain(s: Situation) -> Row:
    return [cross_entropy(row, y) for row, y in zip(s.logits, s.labels, strict=True)]


@reference("loss", "focal")
def focal(s: Situation) -> Row:
    gamma = s.options["gamma"]
    p = [softmax(row)[y] for row, y in zip(s.logits, s.labels, strict=True)]
    return [(1 - q) ** gamma * -math.log(q) for q in p]


@reference("loss", "generalized_cross_entropy", not_neutral="q = 0 is a limit, tested to 1e-5")
def generalized_cross_entropy(s: Situation) -> Row:
    q = s.options["q"]
    return [(1 - softmax(row)[y] ** q) / q for row, y in zip(s.logits, s.labels, strict=True)]


@reference("perturbation", "logit_adjustment")
def logit_adjustment(s: Situation) -> Row:
    total = sum(s.counts)
    return shifted(s, lambda _, j: s.options["strength"] * math.log(s.counts[j] / total))


@reference("perturbation", "balanced_softmax", not_neutral="no parameter; equal counts are tested to 1e-6")
def balanced_softmax(s: Situation) -> Row:
    result = []
    for row, y in zip(s.logits, s.labels, strict=True):
        terms = [n * math.exp(u) for n, u in zip(s.counts, row, strict=True)]
        result.append(-math.log(terms[y] / sum(terms)))
    return result


@reference("perturbation", "ldam", options={"scale": 4.0})
def ldam(s: Situation) -> Row:
    margins = [n**-0.25 for n in s.counts]
    unit = s.options["max_margin"] / max(margins)
    return shifted(s, lambda i, j: -s.options["scale"] * unit * margins[j] if j == s.labels[i] else 0.0)


@reference("perturbation", "vs")
def vs(s: Situation) -> Row:
    largest, total = max(s.counts), sum(s.counts)

    def delta(i: int, j: int) -> float:
        temperature: float = (largest / s.counts[j]) ** s.options["gamma"]
        tau: float = s.options["tau"]
        return s.logits[i][j] / temperature - s.logits[i][j] + tau * math.log(s.counts[j] / total)

    return shifted(s, delta)


@reference("perturbation", "seesaw")
def seesaw(s: Situation) -> Row:
    met = s.memory.setdefault("met", [0] * s.classes)
    for y in s.labels:
        met[y] += 1
    number = [max(1, n) for n in met]

    def delta(i: int, j: int) -> float:
        y, score = s.labels[i], softmax(s.logits[i])
        mitigation = (number[j] / number[y]) ** s.options["p"] if number[j] < number[y] else 1.0
        compensation = (score[j] / score[y]) ** s.options["q"] if score[j] > score[y] else 1.0
        return math.log(mitigation * compensation)

    return shifted(s, delta)


@reference("perturbation", "large_margin", options={"annealing": 2.0})
def large_margin(s: Situation) -> Row:
    m, step = s.options["multiple"], s.memory.setdefault("step", 0)
    s.memory["step"] = step + 1
    annealing = max(s.options["annealing"] * s.options["annealing_decay"] ** step, s.options["annealing_min"])
    change = []
    for f, y in zip(s.features, s.labels, strict=True):
        w = s.weight[y]
        length = math.hypot(*f) * math.hypot(*w)
        angle = math.acos(sum(a * b for a, b in zip(f, w, strict=True)) / length)
        k = min(math.floor(angle * m / math.pi), m - 1)
        psi = (-1) ** k * math.cos(m * angle) - 2 * k
        change.append((length * psi - length * math.cos(angle)) / (1 + annealing))
    return shifted(s, lambda i, j: change[i] if j == s.labels[i] else 0.0)


@reference("perturbation", "isda")
def isda(s: Situation) -> Row:
    """Covariances over all examples so far, from scratch."""
    met = s.memory.setdefault("features", [[] for _ in range(s.classes)])
    for f, y in zip(s.features, s.labels, strict=True):
        met[y].append(f)
    width = len(s.features[0])
    covariance = {}
    for c in set(s.labels):
        mean = [sum(f[a] for f in met[c]) / len(met[c]) for a in range(width)]
        covariance[c] = [
            [sum((f[a] - mean[a]) * (f[b] - mean[b]) for f in met[c]) / len(met[c]) for b in range(width)]
            for a in range(width)
        ]
    diagonal = s.options["covariance"] == "diagonal"

    def delta(i: int, j: int) -> float:
        y = s.labels[i]
        difference = [a - b for a, b in zip(s.weight[j], s.weight[y], strict=True)]
        form: float = sum(
            difference[a] * covariance[y][a][b] * difference[b]
            for a in range(width)
            for b in range(width)
            if a == b or not diagonal
        )
        strength: float = s.options["strength"]
        return strength * s.progress / 2 * form

    return shifted(s, delta)


@reference("perturbation", "lpl", options={"num_steps": 3})
def lpl(s: Situation) -> Row:
    """Class rank split with varied bounds from counts, `num_steps` equal steps (Eq. 29 to 33)."""
    order = sorted(range(s.classes), key=lambda c: (-s.counts[c], c))
    rank = {c: r + 1 for r, c in enumerate(order)}
    head = {c for c in range(s.classes) if rank[c] <= s.options["threshold"] * s.classes + 1e-9}
    steps, delta = s.options["num_steps"], {}
    for c in set(s.labels):
        members = [i for i, y in enumerate(s.labels) if y == c]
        ratio = s.counts[c] / max(s.counts) if c in head else min(s.counts) / s.counts[c]
        length = (s.options["epsilon"] + s.options["delta_epsilon"] * ratio) / steps
        walked = [0.0] * s.classes
        for _ in range(steps):
            gradient = [0.0] * s.classes
            for i in members:
                p = softmax([u + d for u, d in zip(s.logits[i], walked, strict=True)])
                gradient = [g + (q - (j == c)) / len(members) for j, (g, q) in enumerate(zip(gradient, p, strict=True))]
            norm = math.hypot(*gradient)
            sign = -1.0 if c in head else 1.0
            walked = [d + sign * length * g / norm for d, g in zip(walked, gradient, strict=True)]
        delta[c] = walked
    return shifted(s, lambda i, j: delta[s.labels[i]][j])


def class_weights(raw: Row) -> Row:
    return [len(raw) * w / sum(raw) for w in raw]


@reference("weighting", "class_balanced", options={"beta": 0.9})
def class_balanced(s: Situation) -> Row:
    beta = s.options["beta"]
    weights = class_weights([(1 - beta) / (1 - beta**n) for n in s.counts])
    return [weights[y] * loss for y, loss in zip(s.labels, plain(s), strict=True)]


@reference("weighting", "inverse_frequency")
def inverse_frequency(s: Situation) -> Row:
    weights = class_weights([n ** -s.options["power"] for n in s.counts])
    return [weights[y] * loss for y, loss in zip(s.labels, plain(s), strict=True)]


@reference("weighting", "influence_balanced", not_neutral="weights depend on the example at every setting")
def influence_balanced(s: Situation) -> Row:
    weights = class_weights([1 / n for n in s.counts])
    result = []
    for row, y, f, loss in zip(s.logits, s.labels, s.features, plain(s), strict=True):
        wrong = sum(abs(p - (j == y)) for j, p in enumerate(softmax(row)))
        influence = wrong * sum(abs(x) for x in f)
        result.append(weights[y] * s.options["alpha"] / (influence + s.options["guard"]) * loss)
    return result


def soft_cross_entropy(row: Row, target: Row) -> float:
    return sum(t * cross_entropy(row, j) for j, t in enumerate(target))


@reference("target", "label_smoothing")
def label_smoothing(s: Situation) -> Row:
    a = s.options["smoothing"]
    return [
        soft_cross_entropy(row, [(1 - a) * (j == y) + a / s.classes for j in range(s.classes)])
        for row, y in zip(s.logits, s.labels, strict=True)
    ]


@reference("target", "label_aware_smoothing")
def label_aware_smoothing(s: Situation) -> Row:
    low, high = min(s.counts), max(s.counts)
    result = []
    for row, y in zip(s.logits, s.labels, strict=True):
        rise = math.sin((s.counts[y] - low) * math.pi / (2 * (high - low)))
        a = s.options["smooth_tail"] + (s.options["smooth_head"] - s.options["smooth_tail"]) * rise
        result.append(soft_cross_entropy(row, [(1 - a) * (j == y) + a / s.classes for j in range(s.classes)]))
    return result


@reference("regularizer", "center", options={"weight": 0.3})
def center(s: Situation) -> Row:
    """Centres after the batches before: one gradient step on the batch's mean squared distance each."""
    width = len(s.features[0])
    centers = s.memory.setdefault("centers", [[0.0] * width for _ in range(s.classes)])
    result = []
    for f, y, loss in zip(s.features, s.labels, plain(s), strict=True):
        result.append(loss + s.options["weight"] * sum((a - b) ** 2 for a, b in zip(f, centers[y], strict=True)))
    gradient = [[0.0] * width for _ in range(s.classes)]
    for f, y in zip(s.features, s.labels, strict=True):
        for a in range(width):
            gradient[y][a] += -2 * (f[a] - centers[y][a]) / len(s.features)
    for c in range(s.classes):
        centers[c] = [x - s.options["center_lr"] * g for x, g in zip(centers[c], gradient[c], strict=True)]
    return result


@reference("regularizer", "lade")
def lade(s: Situation) -> Row:
    total, number = sum(s.counts), len(s.labels)
    term = 0.0
    for c in range(s.classes):
        prior = s.counts[c] / total
        own = [s.logits[i][c] for i, y in enumerate(s.labels) if y == c]
        first = sum(own) / len(own) if own else 0.0
        second = math.log(sum(math.exp(row[c]) / (prior * s.classes) for row in s.logits) / number)
        term += prior * (second - first + s.options["remine"] * second**2)
    return [loss + s.options["weight"] * term for loss in plain(s)]


no_reference(
    "perturbation",
    "gcl",
    instead="random; test_methods_by_hand takes the noise out of the result",
    options={"scale": 4.0},
)
no_reference("target", "disturb_label", instead="random; test_methods_by_hand counts the labels it draws")
no_reference(
    "target",
    "cutmix",
    instead="random; test_cutmix recovers the rectangle from the mixed inputs",
    not_neutral="the ratio 1 has probability zero",
)
no_reference(
    "target",
    "mixup",
    instead="random; test_methods_by_hand recovers the ratio from the mixed inputs",
    not_neutral="the ratio 1 has probability zero",
)
