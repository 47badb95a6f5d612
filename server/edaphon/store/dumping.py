"""What a revision states, without what the store keeps by itself."""

import fcntl
import os
from collections.abc import Iterator

from pyoxigraph import DefaultGraph, Quad, Store

from edaphon.settings import DefaultGraph as Mode
from edaphon.store.merge import IMPLIED
from edaphon.store.revisions import Revision

__all__ = ["stated"]


def stated(revision: Revision, mode: Mode) -> Iterator[Quad]:
    """The quads from which the whole revision can be made again: no implied ones, and no merged default graph."""
    hold = os.open(revision.folder, os.O_RDONLY)
    try:
        # As long as it is held, nobody tidies the folder away.
        fcntl.flock(hold, fcntl.LOCK_SH)
        for quad in Store.read_only(str(revision.folder)):
            if quad.graph_name == IMPLIED or (mode == "merge" and isinstance(quad.graph_name, DefaultGraph)):
                continue
            yield quad
    finally:
        os.close(hold)
