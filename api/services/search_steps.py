"""What a search does next: its runs as trials, its decision as what is to be stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import lplcore
from api.services.submission import new_run
from lplcore.search.decision import decide, rungs
from lplcore.search.trials import Decision, Trial, TrialState
from store.database.records import Job, NewRun
from store.lifecycle.states import OPEN, Reason, State
from store.searches import Step, TrialRow
from store.settings import Settings
