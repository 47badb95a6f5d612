"""A published revision, opened to be read for a while, in which nobody tidies it away."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from pyoxigraph import Store

from edaphon.errors import RevisionMissing, StateError
from edaphon.store.revisions import Revision

__all__ = ["keeping", "reading"]


@contextlib.contextmanager
def keeping(revision: Revision) -> Iterator[None]:
    """Have nobody tidy a revision away until the block ends.

    Raises RevisionMissing when somebody has, StateError when its folder cannot be read.
    """
    try:
        hold = os.open(revision.folder, os.O_RDONLY)
    except FileNotFoundError:
        raise RevisionMissing(f"revision {revision.number} is not kept any more") from None
    except OSError as error:
        raise StateError(f"{revision.folder} cannot be read: {error.strerror or error}") from error
    try:
        # Whoever tidies up looks for this lock.
        fcntl.flock(hold, fcntl.LOCK_SH)
        if not revision.folder.is_dir():
            raise RevisionMissing(f"revision {revision.number} is not kept any more")
        yield
    finally:
        os.close(hold)


@contextlib.contextmanager
def reading(revision: Revision) -> Iterator[Store]:
    """The store of a revision, for reading only.

    Raises RevisionMissing when it has been tidied away, StateError when it is damaged.
    """
    with keeping(revision):
        try:
            store = Store.read_only(str(revision.folder))
        except OSError as error:
            raise RevisionMissing(f"revision {revision.number} cannot be opened: {error}") from error
        except RuntimeError as error:
            # What the engine raises for files that are not as it wrote them.
            raise StateError(
                f"{revision.folder} is damaged ({error}); make it anew by `edaphon rebuild`, or restore a backup"
            ) from error
        yield store
