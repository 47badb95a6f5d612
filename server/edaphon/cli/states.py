"""The state folder that a command's settings name."""

from edaphon.settings import Settings
from edaphon.store.state import State

__all__ = ["opened"]


def opened(settings: Settings) -> State:
    """Open the state folder of these settings; raises StateError, CorpusError or StateMismatch with what to do."""
    return State.open(settings.state_folder, corpus=settings.corpus, default_graph=settings.default_graph)
