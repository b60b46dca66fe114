"""A comparison as it is answered."""

from collections.abc import Sequence
from typing import Any

from api.schemas.answers import Spread
from api.schemas.comparison import BandAnswer, BandsAnswer, Comparison, PairAnswer, SideAnswer
from api.schemas.verdict import VerdictAnswer
from api.services.comparison.compared import Band, Compared, bands
from store import comparison, jobs
from store.database.engine import Session


def answer_of(compared: Compared, metric: str | None, curves: Sequence[Band]) -> Comparison:
    """The answer: what differs, the sides in numbers, their differences, their curves of a metric."""
    verdict = compared.verdict()
    return Comparison(
        configuration=compared.configuration,
        sides=[side_answer(compared, place) for place in range(len(compared.sides))],
        metrics={
            metric: [Spread(**jobs.spread(side.values(metric))) for side in compared.sides]
            for metric in compared.metrics
        },
        pairs=pair_answers(compared),
        series=BandsAnswer(
            metric=metric, names=compared.measured, sides=[BandAnswer.model_validate(band) for band in curves]
        ),
        verdict=None if verdict is None else VerdictAnswer.model_validate(verdict),
    )


def curves_of(session: Session, compared: Compared, metric: str | None) -> list[Band]:
    """The curves of every side."""
    found: Any = () if metric is None else comparison.scalars(session, compared.sides, metric)
    return bands(len(compared.sides), found)


def side_answer(compared: Compared, place: int) -> SideAnswer:
    """A side's answer."""
    side = compared.sides[place]
    return SideAnswer(
        job=side.job,
        job_name=side.job_name,
        run=side.run,
        point=side.point,
        label=compared.titles[place],
        method=compared.methods[place],
        dataset=compared.datasets[place],
        epoch=max((member.epoch for member in side.members if member.id in side.learning), default=0),
        runs=[member.id for member in side.members],
        seeds=[member.seed for member in side.members],
        missing_seeds=[member.seed for member in side.members if not member.result],
    )


def pair_answers(compared: Compared) -> list[PairAnswer]:
    """The differences of every two sides."""
    return [
        PairAnswer(
            a=a,
            b=b,
            metric=metric,
            difference=each.difference,
            standard_error=each.standard_error,
            confidence_interval=None if each.confidence_interval is None else list(each.confidence_interval),
            n=each.n,
            decided=each.decided,
            note=compared.note(a, b, each),
        )
        for a, b, metric, each in compared.pairs()
    ]
