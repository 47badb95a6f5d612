"""Whether a state folder and a ledger go on from each other, so that what is published next can rest on both.

Where they do not, to publish would lose something: the ledger would lack revisions from which it could make the state
again, or two servers would for ever replace each other's corpus.
"""

from edaphon.errors import LedgerError, RevisionMissing
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.preparing import made_from
from edaphon.store.state import State

__all__ = ["must_agree"]


def must_agree(state: State) -> None:
    """Raise LedgerError where the ledger lacks what is published here, or rests on another corpus than this server's.

    What the ledger has beyond the published revision is no disagreement: one catches up with it.
    """
    last = state.ledger.last_revision()
    try:
        published = state.current().number
    except RevisionMissing:
        return
    known = 0 if last is None else last.number
    if published > known:
        raise LedgerError(
            f"the ledger ends at revision {known}, but revision {published} is published: it is an older copy, or that "
            "of another state folder; put the right one back, or go back to what it has by `edaphon rebuild`"
        )
    if last is not None and not _same_corpus(state, last):
        raise LedgerError(
            "another server, with the same ledger, has published another version of the corpus than the one that this "
            "server has; start this one again with that version"
        )


def _same_corpus(state: State, last: RevisionRecord) -> bool:
    # To read the files again is only needed after another server has published.
    return last.corpus in (None, made_from(state)) or last.corpus == state.corpus.digest()
