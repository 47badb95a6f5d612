"""What a revision states, without what the server itself keeps."""

import fcntl
import os
from collections.abc import Iterator

from pyoxigraph import DefaultGraph, Quad, Store

from edaphon.settings import DefaultGraph as Mode
from edaphon.store.merge import counts
from edaphon.store.revisions import Revision

__all__ = ["stated"]


def stated(revision: Revision, mode: Mode) -> Iterator[Quad]:
    """The statements of a revision: none implied, no merged default graph, nothing that the service says of itself."""
    hold = os.open(revision.folder, os.O_RDONLY)
    try:
        # As long as it is held, nobody tidies the folder away.
        fcntl.flock(hold, fcntl.LOCK_SH)
        for quad in Store.read_only(str(revision.folder)):
            if counts(quad.graph_name) or (mode == "plain" and isinstance(quad.graph_name, DefaultGraph)):
                yield quad
    finally:
        os.close(hold)
