"""What a supervisor and its HTTP processes work by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edaphon.web.tally import Tally

if TYPE_CHECKING:  # the supervisor itself needs none of these
    from pathlib import Path

    from edaphon.settings import Settings
    from edaphon.sparql.pool import Published
    from edaphon.store.state import State as StateFolder

__all__ = ["Plan", "State"]


class State(Protocol):
    """What is served: a state folder, as `store.state` gives it."""

    def current(self) -> Published: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings, all of them settled; the state and what brings it up to date; the folder of the example queries."""

    settings: Settings
    state: State
    prepare: Callable[[], object]
    queries: Path | None = None
    # The state folder where contributions can be made to it; None where it is only read.
    contributions: StateFolder | None = None
    # Who has sent how much lately; made before the HTTP processes are forked, so that they share it.
    tally: Tally = field(default_factory=Tally)
