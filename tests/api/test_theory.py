"""The theorems over HTTP."""

import json
import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.routes.theory import theorem as handler
from lplcore import theory

PAGE = (Path(__file__).parents[2] / "docs" / "theory.md").read_text()


@pytest.mark.parametrize(("number", "figures"), [(1, [3]), (2, [4]), (3, [5, 6])])
def test_a_theorem_gives_the_curves_of_its_figures(refusing: httpx.Client, number: int, figures: list[int]) -> None:
    answer = refusing.get(f"/v1/theory/{number}").json()
    assert answer["theorem"] == number
    assert [curve["figure"] for curve in answer["curves"]] == figures
    for curve in answer["curves"]:
        expected = theory.curve(curve["figure"])
        assert curve["closed_form"]["values"] == expected.values
        assert curve["closed_form"]["minority"] == [e and e.minority for e in expected.errors]
        drawn, exact = (
            curve["monte_carlo"],
            dict(zip(*[curve["closed_form"][k] for k in ("values", "total")], strict=True)),
        )
        assert len(drawn["values"]) == 11
        for value, total in zip(drawn["values"], drawn["total"], strict=True):
            assert total == pytest.approx(exact[value], abs=0.01)


def test_settings_can_be_changed(refusing: httpx.Client) -> None:
    curve = refusing.get("/v1/theory/1?gamma=4&epsilon=0.5&points=5&samples=100").json()["curves"][0]
    assert curve["settings"] == {
        "gamma": 4.0,
        "dimension": 2,
        "eta": 1.0,
        "sigma": 1.0,
        "variance_ratio": 1.0,
        "epsilon": 0.5,
    }
    assert len(curve["closed_form"]["values"]) == 5


def stated(curve: dict[str, Any], about: str, version: str) -> dict[str, Any]:
    """The statement of a curve of a kind."""
    found: dict[str, Any]
    (found,) = [s for s in curve["statements"] if (s["about"], s["version"]) == (about, version)]
    return found


def test_corollary_1_comes_with_its_bound(refusing: httpx.Client) -> None:
    (curve,) = refusing.get("/v1/theory/1?points=5&samples=10").json()["curves"]
    printed, corrected = (stated(curve, "direction", version) for version in ("printed", "corrected"))
    assert printed["corollary"] == corrected["corollary"] == 1
    assert printed["upper"] == pytest.approx([7.099] * 5, abs=5e-4)
    assert printed["lower"] == [0] * 5
    assert printed["met"] == corrected["met"] == [True] * 5
    assert corrected["upper"] == pytest.approx([math.exp((3.8 - 0.2 * rho) ** 2 / 4) for rho in range(5)])
    assert curve["corollary"] == curve["corollary_of_best"] == ["minority"] * 5

    (curve,) = refusing.get("/v1/theory/1?points=5&samples=10&gamma=15").json()["curves"]
    assert stated(curve, "direction", "printed")["met"] == [False] * 5
    assert stated(curve, "direction", "corrected")["met"] == [True, True, True, False, False]
    assert curve["corollary"] == ["minority"] * 3 + [None] * 2


def test_corollary_2_holds_for_every_imbalance(refusing: httpx.Client) -> None:
    for gamma, met in (("1", False), ("1.01", True), ("1e6", True)):
        (curve,) = refusing.get(f"/v1/theory/2?points=3&samples=10&gamma={gamma}").json()["curves"]
        (said,) = curve["statements"]
        assert (said["corollary"], said["lower"], said["upper"]) == (2, [1.0] * 3, [None] * 3)
        assert said["met"] == [met] * 3
        assert curve["corollary"] == ["minority" if met else None] * 3


def test_corollary_3_comes_as_printed_and_as_corrected(refusing: httpx.Client) -> None:
    five, six = refusing.get("/v1/theory/3?points=10&samples=10").json()["curves"]
    for about in ("direction", "harder"):
        printed = stated(five, about, "printed")
        assert printed["lower"] == pytest.approx([4.577] * 10, abs=5e-4)
        assert printed["upper"] == pytest.approx([4.946] * 10, abs=5e-4)
        assert printed["met"] == [False] * 10
        assert stated(six, about, "printed")["upper"] == [2.5] * 10
    assert stated(five, "direction", "printed")["remark"].startswith("wrong")
    assert stated(five, "direction", "corrected")["met"] == [True] * 10
    assert stated(six, "direction", "corrected")["met"] == [True] * 10
    # R(+1) > R(-1) at rho_plus = 0 to 4 of Fig. 5, the other way round from 5 on.
    assert five["closed_form"]["values"] == pytest.approx(range(10))
    assert stated(five, "harder", "corrected")["says"] == "R(+1) > R(-1)"
    assert stated(five, "harder", "corrected")["met"] == [rho < 5 for rho in range(10)]
    assert five["harder"] == ["minority"] * 5 + ["majority"] * 5
    assert stated(six, "harder", "corrected")["says"] == "R(+1) < R(-1)"
    assert stated(six, "harder", "corrected")["met"] == [True] * 10
    assert six["harder"] == ["majority"] * 10


def test_a_corollary_of_a_threshold_that_is_not_the_best_is_told_apart(refusing: httpx.Client) -> None:
    five, six = refusing.get("/v1/theory/3?samples=10").json()["curves"]
    assert five["valid"] == [False] * 51
    assert five["corollary"] == ["minority"] * 51
    assert five["corollary_of_best"] == [None] * 51
    assert six["valid"] == [True] * 51
    assert six["corollary"] == six["corollary_of_best"] == ["majority"] * 51


def test_where_a_theorem_has_no_solution_nothing_is_said_of_it(refusing: httpx.Client) -> None:
    for query in ("1?epsilon=5&points=3", "2?epsilon=5&points=3", "3?gamma=1000&points=3"):
        for curve in refusing.get(f"/v1/theory/{query}&samples=10").json()["curves"]:
            assert curve["closed_form"]["total"] == [None] * 3
            assert curve["corollary"] == curve["corollary_of_best"] == curve["harder"] == [None] * 3
            assert all(said["met"] == [None] * 3 for said in curve["statements"])


def test_the_dearest_request_is_cheap() -> None:
    handler("3", points=2, samples=1)  # what is imported by the first request is not the request's
    before = time.thread_time()
    answer = handler("3", dimension=50, samples=100_000, points=1001, seed=0)
    assert len(answer.curves) == 2
    assert time.thread_time() - before < 1.5  # about 0.2 s; 5.4 s with examples of their own for every threshold


def test_the_address_on_the_page_is_answered(refusing: httpx.Client) -> None:
    (address,) = re.findall(r"curl 'http://127\.0\.0\.1:8000(/v1/theory/[^']*)'", PAGE)
    curves = refusing.get(address).json()["curves"]
    assert [len(curve["valid"]) for curve in curves] == [11, 11]
    for name in ("valid", "corollary", "corollary_of_best", "harder", "statements"):
        assert f"`{name}`" in PAGE
        assert name in curves[0]


def finite(text: str) -> Any:
    """JSON without NaN and without numbers that a float cannot hold."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("theorem", [1, 2, 3])
@pytest.mark.parametrize("gamma", ["1", "1e6"])
@pytest.mark.parametrize("eta", ["1e-6", "1e6"])
@pytest.mark.parametrize("sigma", ["1e-6", "1e6"])
@pytest.mark.parametrize("epsilon", ["1e-6", "1e6"])
def test_extreme_settings_are_answered(
    refusing: httpx.Client, theorem: int, gamma: str, eta: str, sigma: str, epsilon: str
) -> None:
    ratios = ["1.0000000000000002", "1e6"] if theorem == 3 else ["1"]
    for ratio in ratios:
        for dimension in (1, 50):
            query = (
                f"gamma={gamma}&eta={eta}&sigma={sigma}&epsilon={epsilon}&variance_ratio={ratio}"
                f"&dimension={dimension}&points=3&samples=1&seed={2**63 - 1}"
            )
            answer = refusing.get(f"/v1/theory/{theorem}?{query}")
            assert answer.status_code == 200, answer.text
            for curve in finite(answer.text)["curves"]:
                assert all(0 <= error <= 1 for error in curve["closed_form"]["total"] if error is not None)


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/v1/theory/4", 404, "known: 1, 2, 3"),
        ("/v1/theory/1?gamma=0", 422, "gamma"),
        ("/v1/theory/3?variance_ratio=1", 422, "needs K > 1"),
        ("/v1/theory/1?variance_ratio=2", 422, "equal variances"),
        ("/v1/theory/1?sigma=nan", 422, "sigma"),
        ("/v1/theory/1?points=1", 422, "points"),
        ("/v1/theory/1?gamma=inf", 422, "gamma"),
        ("/v1/theory/1?gamma=1e400", 422, "gamma"),
        ("/v1/theory/1?epsilon=0", 422, "epsilon"),
        ("/v1/theory/1?dimension=51", 422, "dimension"),
        ("/v1/theory/1?dimension=1.5", 422, "dimension"),
        ("/v1/theory/1?samples=100001", 422, "samples"),
        ("/v1/theory/1?samples=0", 422, "samples"),
        ("/v1/theory/1?seed=-1", 422, "seed"),
        (f"/v1/theory/1?seed={2**63}", 422, "seed"),
        ("/v1/theory/01", 404, "known: 1, 2, 3"),
    ],
)
def test_wrong_settings_are_problems(refusing: httpx.Client, address: str, status: int, said: str) -> None:
    answer = refusing.get(address)
    assert answer.status_code == status
    assert said in answer.text
