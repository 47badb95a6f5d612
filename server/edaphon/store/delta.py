"""A change of the stated quads of a dataset: what came and what went."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Quad, RdfFormat, Store, parse, serialize

from edaphon.errors import LedgerError
from edaphon.store.merge import canonical

__all__ = ["Delta", "effective"]

ADDED: Final = b"A "
REMOVED: Final = b"D "


@dataclass(frozen=True, slots=True)
class Delta:
    """Quads that came and quads that went. No quad is in both.

    A delta is *effective* for a dataset when none of what it adds was there and all of what it removes was; then its
    inverse takes it back exactly.
    """

    added: frozenset[Quad] = frozenset()
    removed: frozenset[Quad] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def inverse(self) -> "Delta":
        """The change back."""
        return Delta(self.removed, self.added)

    def then(self, later: "Delta") -> "Delta":
        """The change that two effective ones, one after the other, make together; effective as well."""
        return Delta(
            (self.added - later.removed) | (later.added - self.removed),
            (self.removed - later.added) | (later.removed - self.added),
        )

    def only(self, wanted: Callable[[Quad], bool]) -> "Delta":
        """The part of the change whose quads are wanted."""
        return Delta(frozenset(filter(wanted, self.added)), frozenset(filter(wanted, self.removed)))

    def rows(self) -> Iterator[bytes]:
        """The rows of an RDF Patch, removals first, each group in the order of its text, without line ends."""
        for sign, quads in ((REMOVED, self.removed), (ADDED, self.added)):
            lines = (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines()
            yield from (sign + line for line in sorted(lines))

    def patch(self, identifier: str) -> bytes:
        """The change as an RDF Patch (afs.github.io/rdf-delta/rdf-patch.html) with this IRI in its header."""
        return b"\n".join([f"H id <{identifier}> .".encode(), b"TX .", *self.rows(), b"TC .", b""])

    def packed(self) -> bytes:
        """The change as bytes that are the same for the same change."""
        return gzip.compress(b"\n".join(self.rows()), 6, mtime=0)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Delta":
        """The change that `packed` gave. Raises LedgerError for bytes that are damaged."""
        try:
            rows = gzip.decompress(packed).splitlines()
            return cls(*(frozenset(_quads(rows, sign)) for sign in (ADDED, REMOVED)))
        except (OSError, EOFError, zlib.error, SyntaxError) as error:
            raise LedgerError(f"a change in the ledger cannot be read ({error}); restore it from a backup") from error


def effective(store: Store, added: Iterable[Quad], removed: Iterable[Quad]) -> Delta:
    """What is left of a change when what is there already is not added and what is not there is not removed.

    Quads are compared by value, as the engine keeps literals. What is both added and removed is there afterwards.
    """
    coming = canonical(added)
    going = canonical(removed) - coming
    return Delta(
        frozenset(quad for quad in coming if quad not in store), frozenset(quad for quad in going if quad in store)
    )


def _quads(rows: Iterable[bytes], sign: bytes) -> Iterator[Quad]:
    lines = b"\n".join(row.removeprefix(sign) for row in rows if row.startswith(sign))
    # Labels of blank nodes are kept: they are what tells the store's own ones apart.
    yield from parse(lines, RdfFormat.N_QUADS)
