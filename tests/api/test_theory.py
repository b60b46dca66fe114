"""The theorems over HTTP."""

import httpx
import pytest

from lplcore import theory


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
        query = f"gamma={gamma}&eta={eta}&sigma={sigma}&epsilon={epsilon}&variance_ratio={ratio}&points=3&samples=10"
        assert refusing.get(f"/v1/theory/{theorem}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/v1/theory/4", 404, "known: 1, 2, 3"),
        ("/v1/theory/1?gamma=0", 422, "gamma"),
        ("/v1/theory/3?variance_ratio=1", 422, "needs K > 1"),
        ("/v1/theory/1?variance_ratio=2", 422, "equal variances"),
        ("/v1/theory/1?sigma=nan", 422, "sigma"),
        ("/v1/theory/1?points=1", 422, "points"),
    ],
)
def test_wrong_settings_are_problems(refusing: httpx.Client, address: str, status: int, said: str) -> None:
    answer = refusing.get(address)
    assert answer.status_code == status
    assert said in answer.text
