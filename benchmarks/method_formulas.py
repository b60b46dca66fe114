"""The part of the report on methods that the catalogue gives: what each is, does and is for."""

import textwrap
from typing import Any

import lplcore

HEAD = """## What they are

As `GET /v1/catalog` has it. u are the logits, u with a tilde those that the base loss sees, p = softmax(u), y the
label (multi label: y_c is 1 where the example has class c), e_y the unit vector of y, N and n_c the training examples
of all classes and of class c (multi label: its positives), n_max and n_min the largest and smallest of these, pi_c =
n_c / N, C the number of classes, B and b_c the examples of a batch and its examples of class c, f the features, w_c
and theta_c the last layer's weights of class c and their angle to f, s the scale of a cosine head, t the share or
time of the training, [c = y] is 1 where c is y and else 0; other letters are the method's parameters.
"""
WIDTH = 120
"""Characters of a line."""


def formulas() -> list[str]:
    """Lines on every method, in alphabetical order."""
    return [HEAD, *(line for entry in lplcore.catalog()["methods"] for line in lines(entry))]


def lines(entry: dict[str, Any]) -> list[str]:
    """Lines on a method."""
    return [
        f"### {entry['title']} (`{entry['name']}`)",
        "",
        "$$",
        entry["formula"],
        "$$",
        "",
        textwrap.fill(f"{entry['effect']} {entry['advice']} ({entry['citation']}.)", WIDTH, break_long_words=False),
        "",
    ]
