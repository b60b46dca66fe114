"""One vocabulary for what ends a run, though lplcore may not import the store's."""

from typing import get_args

from lplcore import events
from store.lifecycle.states import Reason


def test_every_reason_of_a_trainer_is_one_of_the_stores() -> None:
    assert set(get_args(events.Reason)) <= set(Reason)
