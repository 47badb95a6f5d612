"""The state folder that a command's settings name."""

from edaphon.errors import StateError
from edaphon.settings import Settings
from edaphon.store.state import State

__all__ = ["existing", "opened"]


def opened(settings: Settings) -> State:
    """Open the state folder of these settings; raises StateError, CorpusError or StateMismatch with what to do."""
    return State.open(
        settings.state_folder,
        corpus=settings.corpus,
        default_graph=settings.default_graph,
        ledger=settings.ledger,
    )


def existing(settings: Settings) -> State:
    """The same for a command that only reads: a folder that is no state folder yet is an error, not made."""
    folder = settings.state_folder
    if not (folder / "state.json").exists():
        raise StateError(f"{folder} is no state folder; name one by --state, or make one by `edaphon serve` or `load`")
    return opened(settings)
