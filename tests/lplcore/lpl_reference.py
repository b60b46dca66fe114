"""LPL by loops over classes and steps in float64 NumPy: slow, obvious, and sharing no code with lplcore."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def performance(
    u: Array, y: npt.NDArray[np.int64], counts: list[int], options: dict[str, Any]
) -> tuple[dict[int, float], float]:
    """q_c of the present classes and tau."""
    p = softmax(u)
    q = {int(c): float(np.mean([p[i, c] for i in range(len(y)) if y[i] == c])) for c in np.unique(y)}
    if options["threshold"] != "mean":
        return q, options["threshold"]
    number = max(counted(counts), len(q)) if options["tau_over"] == "all" else len(q)
    return q, sum(q.values()) / number


def counted(counts: list[int]) -> int:
    """Classes that have training examples."""
    return sum(n > 0 for n in counts)


def bounds(
    q: dict[int, float], tau: float, sign: dict[int, float], counts: list[int], options: dict[str, Any]
) -> dict[int, float]:
    epsilon, varied = options["epsilon"], options["delta_epsilon"]
    if options["split"] == "performance":
        return {c: epsilon + varied * deviation(c, q, tau, options) for c in q}
    rank = {c: i for i, c in enumerate(sorted(range(len(counts)), key=lambda c: (-counts[c], c)))}
    first, last = min(q, key=lambda c: rank[c]), max((c for c in q if counts[c]), key=lambda c: rank[c], default=0)
    lengths = {}
    for c in q:
        if counts[c] == 0:
            lengths[c] = epsilon
        elif options["bound_from"] == "performance":
            ratio = q[c] / q[first] * options["head_scale"] if sign[c] < 0 else q[last] / q[c]
            limit = options["head_scale"] if sign[c] < 0 else 1.0
            lengths[c] = epsilon + varied * min(ratio, limit)
        elif sign[c] < 0:
            lengths[c] = epsilon + varied * options["head_scale"] * counts[c] / max(counts)
        else:
            lengths[c] = epsilon + varied * min(n for n in counts if n) / counts[c]
    return lengths


def deviation(c: int, q: dict[int, float], tau: float, options: dict[str, Any]) -> float:
    if not options["same_side_normalized"]:
        return abs(tau - q[c])
    side = max(abs(tau - q[k]) for k in q if (tau > q[k]) == (tau > q[c]))
    return abs(tau - q[c]) / side if side else 0.0


def steps(bound: float, options: dict[str, Any]) -> tuple[int, float]:
    if options["num_steps"] is not None:
        return options["num_steps"], bound / options["num_steps"]
    wanted = round(bound / options["step_size"], 9)
    if options["step_rounding"] == "exact":
        number = math.ceil(wanted)
        return number, bound / number if number else 0.0
    number = math.floor(wanted + 0.5) if options["step_rounding"] == "nearest" else math.floor(wanted)
    return number, options["step_size"]


def lpl_perturbation(
    u: Array, y: npt.NDArray[np.int64], counts: list[int], *, start: Array | None = None, **options: Any
) -> Array:
    """What LPL adds to `start` (default: the raw logits u) [N, C]; there is no default option."""
    classes = u.shape[1]
    q, tau = performance(u, y, counts, options)
    if options["split"] == "performance":
        sign = {c: float(np.sign(tau - q[c])) for c in q}
    else:
        share = options["threshold"] < 1
        cut = options["threshold"] * counted(counts) + 1e-9 if share else options["threshold"]
        order = sorted(range(classes), key=lambda c: (-counts[c], c))
        sign = {c: -1.0 if order.index(c) + 1 <= cut else 1.0 for c in range(classes)}
    plan = {c: steps(b, options) for c, b in bounds(q, tau, sign, counts, options).items()}
    origin = u if start is None else start
    z = origin.copy()
    # As released, classes with column norms walk on where they have arrived; the record at their last step counts.
    walk_on = options["normalize"] == "column"
    kept = origin.copy()
    for k in range(max(number for number, _ in plan.values())):
        p = softmax(z)
        gradient = np.zeros((classes, classes))
        for c in q:
            gradient[c] = p[y == c].mean(axis=0) - np.eye(classes)[c]
        if options["resign_every_step"] and options["split"] == "performance":
            now, threshold = performance(z, y, counts, options)
            sign = {c: float(np.sign(threshold - now[c])) for c in now}
        moved = z.copy()
        for c, (number, length) in plan.items():
            if k < number or walk_on:
                norm = {"row": np.linalg.norm(gradient[c]), "column": np.linalg.norm(gradient[:, c]), "none": 1.0}
                moved[y == c] += sign[c] * length * gradient[c] / norm[options["normalize"]]
            if k < number:
                kept[y == c] = moved[y == c]
        z = moved
    return np.asarray(kept - origin)
