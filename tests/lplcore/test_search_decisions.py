"""What a search does next depends on its trials' values alone, not on who trains them when."""

import math
import random
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lplcore.randomness import draw_seed
from lplcore.search.decision import best, decide, seeds_left
from lplcore.search.halving import rungs, standing
from lplcore.search.record import Range, Search, key
from lplcore.search.sampling import TOLD, newest_and_best
from lplcore.search.trials import Decision, Trial

EPOCHS = 9
SPACE = {"a": {"low": 0.0, "high": 1.0}, "b": {"low": 0.001, "high": 1.0, "log": True}, "c": ["x", "y", None]}
FINITE = {"a": {"low": 1, "high": 4}, "c": ["x", "y", None]}
HALVINGS = st.sampled_from([None, {"min_epochs": 1, "factor": 2}, {"min_epochs": 1, "factor": 3}])
Result = float | None | Literal["failed"]


def anywhere(point: Mapping[str, Any]) -> bool:
    """Every point can be trained."""
    return True


def nowhere(point: Mapping[str, Any]) -> bool:
    """No point can be trained."""
    return False


def search_of(**fields: Any) -> Search:
    """A search by top-1 error."""
    return Search.model_validate({"space": SPACE, "metric": "validation/top1_error", **fields})


def result_of(number: int, rung: int) -> Result:
    """What a trial has at a rung: one of few values, so that some are equal; of some nothing."""
    drawn = draw_seed(3, "result", number, rung) % 12
    return "failed" if drawn == 11 else None if drawn == 10 else drawn / 10


class Trained:
    """Trials that are trained one epoch after another, in any order."""

    def __init__(self, search: Search, usable: Mapping[str, bool] | None = None) -> None:
        self.search, self.refused = search, usable or {}
        self.trials: dict[int, Trial] = {}

    def decision(self, order: random.Random | None = None) -> Decision:
        trials = list(self.trials.values())
        if order:
            order.shuffle(trials)
        return decide(self.search, EPOCHS, trials, usable=lambda point: self.refused.get(key(point), True))

    def apply(self, decision: Decision, *, asks: int | None = None) -> None:
        for number, point in decision.ask[:asks]:
            assert number == len(self.trials)
            self.trials[number] = Trial(number, point, "open")
        for number in decision.promote:
            self.trials[number] = replace(self.trials[number], state="open")
        for number in decision.prune:
            self.trials[number] = replace(self.trials[number], state="pruned")

    def reach(self, number: int) -> None:
        """Train an open trial up to its next rung."""
        trial, rung = self.trials[number], len(self.trials[number].values)
        result = result_of(number, rung)
        if result == "failed":
            self.trials[number] = replace(trial, state="failed")
            return
        last = rung == len(rungs(self.search, EPOCHS)) - 1
        values = {**trial.values, rung: result}
        self.trials[number] = replace(trial, state="succeeded" if last else "at_rung", values=values)

    def open(self) -> list[int]:
        return [trial.number for trial in self.trials.values() if trial.state == "open"]


class History(NamedTuple):
    """All that became of a search."""

    trials: list[Trial]
    finalists: tuple[Mapping[str, Any], ...] | None


def sequential(search: Search, more: int = 0) -> History:
    """One trial after another, each decision carried out at once; extended after the end."""
    trained = Trained(search)
    for _ in range(2):
        while not (decision := trained.decision()).over:
            trained.apply(decision)
            trained.reach(trained.open()[0]) if trained.open() else None
        if more:
            trained.search, more = search.extended(more), 0
    return History([trained.trials[number] for number in sorted(trained.trials)], decision.finalists)


def disturbed(search: Search, seed: int, more: int = 0) -> History:
    """Trials end in any order; decisions come late, are lost, or are carried out in part; extended at any time."""
    trained, order = Trained(search), random.Random(seed)
    extended_at = order.randrange(60) if more else -1
    moment = 0
    while not (decision := trained.decision(order)).over or moment <= extended_at:
        if moment == extended_at:
            trained.search = search.extended(more)
        elif order.random() < 0.6:
            trained.apply(decision, asks=order.choice([None, 1, 2]))
        for number in order.sample(trained.open(), min(len(trained.open()), order.randrange(4))):
            trained.reach(number)
        moment += 1
    return History([trained.trials[number] for number in sorted(trained.trials)], decision.finalists)


@settings(max_examples=60, deadline=None)
@given(
    sampler=st.sampled_from(["random", "grid"]), halving=HALVINGS, trials=st.integers(1, 14), more=st.integers(0, 6),
    finalists=st.integers(1, 3), seed=st.integers(0, 1000),
)  # fmt: skip
def test_nobody_can_tell_when_runs_ended(
    sampler: str, halving: Any, trials: int, more: int, finalists: int, seed: int
) -> None:
    space = FINITE if sampler == "grid" or seed % 2 else SPACE
    search = search_of(sampler=sampler, space=space, trials=trials, halving=halving, finalists=finalists, seed=seed % 3)
    assert disturbed(search, seed, more) == sequential(search, more)


@settings(max_examples=5, deadline=None)
@given(halving=HALVINGS, at_once=st.integers(1, 6), more=st.integers(0, 3), seed=st.integers(0, 1000))
def test_what_tpe_proposes_does_not_depend_on_when_runs_ended(halving: Any, at_once: int, more: int, seed: int) -> None:
    search = search_of(trials=14, halving=halving, at_once=at_once, finalists=2)
    assert disturbed(search, seed, more) == sequential(search, more)


def test_tpe_is_told_what_stands_before_the_trials_at_once() -> None:
    search = search_of(trials=40, at_once=3)
    trials = [Trial(n, {"a": n / 40, "b": 0.1, "c": "x"}, "open") for n in range(13)]
    valued = [replace(trial, state="succeeded", values={0: trial.number / 13}) for trial in trials]
    ready = decide(search, 1, [*valued[:11], *trials[11:]], usable=anywhere)
    more = decide(search, 1, valued, usable=anywhere)
    assert [number for number, _ in ready.ask] == [13]
    assert more.ask[0] == ready.ask[0], "what is known beyond changes nothing"
    other = [replace(trial, values={0: 1 - trial.number / 13}) for trial in valued]
    assert decide(search, 1, other, usable=anywhere).ask[0] != ready.ask[0], "it does look at the values"
    assert not decide(search, 1, [*valued[:10], *trials[10:]], usable=anywhere).ask


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_every_usable_point_of_a_finite_space_stands_once_and_then_there_are_no_more(sampler: str) -> None:
    search = search_of(sampler=sampler, space={"a": {"low": 1, "high": 5}, "c": ["x", "y", None]}, trials=40)
    refused = {key({"a": 2, "c": "y"}): False, key({"a": 5, "c": None}): False}
    trained = Trained(search, refused)
    while not (decision := trained.decision()).over:
        trained.apply(decision)
        trained.reach(trained.open()[0])
    points = [key(trial.point) for trial in trained.trials.values()]
    assert len(points) == len(set(points)) == 13
    assert not refused.keys() & set(points)


def test_a_grid_has_the_order_of_a_sweep_and_all_its_points() -> None:
    decision = decide(search_of(sampler="grid", space=FINITE), 1, [], usable=anywhere)
    points = [(point["a"], point["c"]) for _, point in decision.ask]
    assert points == [(a, c) for a in (1, 2, 3, 4) for c in ("x", "y", None)]


def test_a_search_without_a_usable_point_is_over() -> None:
    assert decide(search_of(sampler="random"), 1, [], usable=nowhere) == Decision(finalists=(), over=True)


def test_random_points_depend_on_the_seed_and_their_number_alone() -> None:
    few, many = (decide(search_of(sampler="random", trials=trials), 1, [], usable=anywhere).ask for trials in (5, 50))
    other = decide(search_of(sampler="random", trials=5, seed=1), 1, [], usable=anywhere).ask
    assert many[:5] == few != other
    b = [point["b"] for _, point in many]
    assert 10 < sum(value < 0.03 for value in b) < 40, "factors count alike"


def test_the_best_third_goes_on_in_the_order_in_which_that_is_known() -> None:
    values = dict(enumerate([0.5, 0.4, 0.6, 0.3, 0.3, 0.9, 0.2, None, 0.1]))
    result = standing(range(9), values, factor=3, closings={9})
    # of 3 the best is 1; of 4 it is 3; of 6 the two best are 3 and 4 (equal to 3, but later); of 7 they are 6 and 3; of
    # 9 the three best are 8, 6, 3
    assert result.promoted == [1, 3, 4, 6, 8]
    assert sorted(result.pruned) == [0, 2, 5, 7]
    assert result.closings == {5}
    assert standing(range(9), {**dict(list(values.items())[:5])}, factor=3, closings=set()).promoted == [1, 3]
    unknown_second = {number: value for number, value in values.items() if number != 1}
    assert standing(range(9), unknown_second, factor=3, closings={9}).promoted == [], "nobody overtakes trial 1"


def test_at_a_rung_that_closes_one_goes_on_and_equals_go_by_number() -> None:
    assert standing([4, 2], {4: 0.5, 2: 0.5}, factor=3, closings={2}).promoted == [2]
    assert standing([4, 2], {4: 0.5, 2: 0.5}, factor=3, closings=set()).promoted == []
    assert standing([4, 2], {4: None, 2: None}, factor=2, closings={2})[:2] == ([], [4, 2])


def test_finalists_are_the_best_of_those_trained_to_the_end() -> None:
    search = search_of(sampler="random", trials=5, finalists=2, halving={"min_epochs": 3})
    states = [("pruned", {0: 0.0}), ("succeeded", {0: 0.9, 1: 0.3}), ("succeeded", {0: 0.8, 1: 0.2}),
              ("failed", {0: 0.1}), ("succeeded", {0: 0.7, 1: 0.3})]  # fmt: skip
    trials = [Trial(n, {"a": n / 5}, state, values) for n, (state, values) in enumerate(states)]  # type: ignore[arg-type]
    decision = decide(search, EPOCHS, trials, usable=anywhere)
    assert (decision.over, decision.finalists) == (True, ({"a": 0.4}, {"a": 0.2}))
    higher = search.model_copy(update={"metric": "validation/balanced_accuracy"})
    assert decide(higher, EPOCHS, trials, usable=anywhere).finalists == ({"a": 0.2}, {"a": 0.8})
    furthest, nobody = best(search, EPOCHS, trials), best(search, EPOCHS, [])
    assert (furthest and furthest.number, nobody) == (2, None)
    assert seeds_left(search_of(then_seeds=[3, 0, 1]), trained=0) == [3, 1]


def test_a_search_of_failures_ends_without_finalists() -> None:
    search = search_of(sampler="random", trials=4, halving={"min_epochs": 1})
    trials = [Trial(n, {"a": n / 4}, "cancelled" if n else "failed") for n in range(4)]
    assert decide(search, EPOCHS, trials, usable=anywhere) == Decision(finalists=(), over=True)


def test_rungs_multiply_up_to_the_whole_training() -> None:
    assert rungs(search_of(halving={"min_epochs": 5, "factor": 3}), 100) == (5, 15, 45, 100)
    assert rungs(search_of(halving={"min_epochs": 5, "factor": 3}), 45) == (5, 15, 45)
    assert rungs(search_of(), 100) == (100,)


@given(
    low=st.floats(0.001, 10), width=st.floats(0.001, 100), step=st.none() | st.floats(0.01, 0.9), log=st.booleans(),
    share=st.floats(0, 1, exclude_max=True),
)  # fmt: skip
def test_values_stay_within_their_range(low: float, width: float, step: float | None, log: bool, share: float) -> None:
    fields = {"low": low, "high": low + width, "log": log, "step": None if log else step and step * width}
    values = Range.model_validate(fields)
    value = values.drawn(share)
    assert low <= value <= low + width
    if values.count is not None:
        assert values.value(values.index(value)) == value
        assert low <= values.value(0) <= values.value(values.count - 1) <= low + width


@given(low=st.integers(-50, 50), width=st.integers(1, 100), share=st.floats(0, 1, exclude_max=True), log=st.booleans())
def test_whole_numbers_stay_whole_and_within(low: int, width: int, share: float, log: bool) -> None:
    low = abs(low) + 1 if log else low
    values = Range(low=low, high=low + width, log=log)
    assert isinstance(values.drawn(share), int)
    assert low <= values.drawn(share) <= low + width
    assert (values.drawn(0.0), values.drawn(1 - 2**-53)) == (low, low + width)


def test_of_many_values_tpe_is_told_the_best_and_the_newest() -> None:
    told = [None if n % 7 == 0 else abs(n - 300) / 1000 for n in range(2000)]
    kept = newest_and_best(told)
    assert len(kept) == TOLD
    assert kept == sorted(kept)
    assert {n for n, _ in kept if n < 1000} == {n for n in range(285, 316) if n % 7}.intersection(n for n, _ in kept)
    best_of_all = sorted((value, n) for n, value in enumerate(told) if value is not None)[:25]
    assert {n for _, n in best_of_all} <= {n for n, _ in kept}
    assert newest_and_best(told[:100]) == [(n, value) for n, value in enumerate(told[:100]) if value is not None]


def test_a_decision_about_ten_thousand_trials_is_quick() -> None:
    search = search_of(sampler="random", trials=10_000, halving={"min_epochs": 1})
    asked = decide(search, EPOCHS, [], usable=anywhere).ask
    trials = [Trial(n, point, "at_rung", {0: draw_seed(0, "value", n) / 2**63}) for n, point in asked]
    began = time.process_time()
    decision = decide(search, EPOCHS, trials, usable=anywhere)
    assert time.process_time() - began < 5
    assert len(decision.promote) + len(decision.prune) == 10_000


def test_tpe_needs_fewer_trials_than_random_ones_over_twenty_seeds() -> None:
    saved = [trials_needed("random", seed) - trials_needed("tpe", seed) for seed in range(20)]
    error = statistics.stdev(saved) / math.sqrt(len(saved))
    assert statistics.mean(saved) - 2.09 * error > 10, saved  # the 95 % interval of the mean difference


def trials_needed(sampler: str, seed: int, *, most: int = 60) -> int:
    """Trials until one is within 0.05 of the optimum; one more than there are where none is."""
    search = search_of(sampler=sampler, space={"a": SPACE["a"], "b": SPACE["b"]}, trials=most, seed=seed)
    trials: list[Trial] = []
    while not (decision := decide(search, 1, trials, usable=anywhere)).over:
        for number, point in decision.ask:
            trials.append(Trial(number, point, "succeeded", {0: error_at(point)}))
            if error_at(point) <= 0.05:
                return number + 1
    return most + 1


def error_at(point: Mapping[str, Any]) -> float:
    """0 at a = 0.7 and b = 0.1, by the difference of a and the factor of b."""
    return float(abs(point["a"] - 0.7)) + abs(math.log10(point["b"] / 0.1)) / 3
