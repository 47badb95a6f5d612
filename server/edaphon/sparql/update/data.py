"""An update that only inserts and deletes given data, as the quads that it names: no store is needed for that."""

from pyoxigraph import Quad, Store

from edaphon.errors import ContributionRefused
from edaphon.sparql.update import blocks
from edaphon.sparql.update.operations import Data
from edaphon.sparql.update.reading import read

__all__ = ["data_only"]


def data_only(text: str) -> tuple[list[Quad], list[Quad]]:
    """The quads that an update of INSERT DATA and DELETE DATA inserts, and those that it deletes, in its order.

    The graph is the default graph where the update names none. Literals are as spelt, blank nodes are new ones. Of
    several operations, the last one that names a quad counts; quads are the same when the engine keeps them as one.
    Raises QuerySyntax, and ContributionRefused for any other operation.
    """
    request = read(text)
    last: dict[Quad, tuple[bool, Quad]] = {}
    mixed = len({str(operation) for operation in request.operations}) > 1
    kept = _Kept()
    for operation in request.operations:
        if not isinstance(operation, Data):
            raise ContributionRefused(
                f"a contribution can have INSERT DATA and DELETE DATA; {operation} ({request.place(operation.start)}) "
                "is for editors, who send it to /sparql"
            )
        for quad in blocks.quads(request.prologue, operation.block):
            # Only against its opposite must a quad be known by value; each such comparison asks the engine.
            key = kept.of(quad) if mixed else quad
            last.pop(key, None)
            last[key] = operation.verb == "INSERT", quad
    return [quad for inserts, quad in last.values() if inserts], [
        quad for inserts, quad in last.values() if not inserts
    ]


class _Kept:
    """How the engine keeps quads: by value."""

    def __init__(self) -> None:
        self._store = Store()

    def of(self, quad: Quad) -> Quad:
        """The quad as the engine gives it back."""
        self._store.add(quad)
        kept: Quad = next(iter(self._store))
        self._store.remove(quad)
        return kept
