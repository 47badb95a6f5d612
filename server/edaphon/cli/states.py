"""The state folder that a command's settings name."""

from edaphon.errors import RevisionMissing, StateError
from edaphon.settings import Settings
from edaphon.store.preparing import prepare
from edaphon.store.state import State

__all__ = ["existing", "known", "opened", "published"]


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


def known(settings: Settings) -> State:
    """The same for a command that writes to the ledger: the folder that is used by default is made when it is new."""
    return opened(settings) if settings.state is None else existing(settings)


def published(settings: Settings) -> State:
    """The same for a command that works on what is published: that is published first, where nothing is.

    A changed corpus is left to whoever starts a server.
    """
    state = known(settings)
    try:
        state.current()
    except RevisionMissing:
        prepare(state)
    return state
