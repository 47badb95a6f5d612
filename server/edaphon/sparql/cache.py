"""Answers that may be given again: for one revision at a time, the most recently asked for, within so many bytes."""

import marshal
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from cachetools import LRUCache

__all__ = ["AnswerCache", "Sized", "entity_tag", "matches"]

MEGABYTE: Final = 1_000_000
# What an entry takes besides its bytes and those of its key: headers, the cache's own books.
OVERHEAD: Final = 1_000
# An answer larger than this share of the cache is not kept: one large answer must not push out all the small ones.
LARGEST: Final = 8
# What the spellings of requests may take, as a share of what the answers may.
SPELLINGS: Final = 4


class Sized(Protocol):
    """Anything that knows how many bytes it takes."""

    @property
    def size(self) -> int: ...


# What an ETag may be made of.
Part: TypeAlias = "str | bytes | int | tuple[Part, ...] | None"

T = TypeVar("T")
V = TypeVar("V", bound=Sized)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """Something kept, and the bytes that it takes with its key: queries may be far longer than their answers."""

    kept: T
    cost: int


class AnswerCache(Generic[V]):
    """A revision never changes, so the same question on it has the same answer, for ever.

    A question is known by its `key`, which says all that the answer depends on, and by the spellings of requests
    that were seen to ask it, so that the same request again need not even be parsed. The first question about
    another revision empties the cache.
    """

    def __init__(self, megabytes: int) -> None:
        size = megabytes * MEGABYTE
        self.largest = size // LARGEST
        self._answers: LRUCache[Hashable, Entry[V]] = LRUCache(size, getsizeof=_cost)
        # Spelling → key.
        self._spellings: LRUCache[Hashable, Entry[Hashable]] = LRUCache(size // SPELLINGS, getsizeof=_cost)
        self._revision: int | None = None

    def again(self, spelling: Hashable, revision: int) -> V | None:
        """The answer to a request spelt like an earlier one."""
        if self.largest == 0:
            return None
        if revision != self._revision:
            self._move(revision)
            return None
        key = self._spellings.get(spelling)
        entry = None if key is None else self._answers.get(key.kept)
        return None if entry is None else entry.kept

    def find(self, key: Hashable, revision: int, spelling: Hashable | None = None) -> V | None:
        """The answer to a question; `spelling`, if given, will find it without parsing from now on."""
        if self.largest == 0:
            return None
        if revision != self._revision:
            self._move(revision)
            return None
        entry = self._answers.get(key)
        if entry is None:
            return None
        self._spell(spelling, key)
        return entry.kept

    def keep(self, key: Hashable, revision: int, answer: V, spelling: Hashable | None = None) -> None:
        """Keep an answer, unless it is too large or the published revision has moved on since it was asked for."""
        if revision != self._revision or answer.size > self.largest:
            return
        cost = OVERHEAD + answer.size + _length(key)
        if cost > self.largest:
            return
        self._answers[key] = Entry(answer, cost)
        self._spell(spelling, key)

    def _spell(self, spelling: Hashable | None, key: Hashable) -> None:
        cost = OVERHEAD + _length(spelling) + _length(key)
        if spelling is not None and cost <= self._spellings.maxsize // LARGEST:
            self._spellings[spelling] = Entry(key, cost)

    def _move(self, revision: int) -> None:
        self._answers.clear()
        self._spellings.clear()
        self._revision = revision


def _cost(entry: Entry[Any]) -> int:
    return entry.cost


def _length(key: object) -> int:
    """The characters and bytes that a key is made of."""
    if isinstance(key, str | bytes):
        return len(key)
    return sum(map(_length, key)) if isinstance(key, tuple) else 0


def entity_tag(*parts: Part) -> str:
    """The opaque part of a strong ETag: equal for equal parts, different for different ones."""
    # Version 0 writes values and nothing else; a `repr` of a long query took longer than all other headers.
    return blake2b(marshal.dumps(parts, 0), digest_size=12).hexdigest()


def matches(if_none_match: str, tag: str) -> bool:
    """Whether If-None-Match is `*` or lists this opaque tag; compared weakly (RFC 9110 section 13.1.2)."""
    listed = {element.strip().removeprefix("W/") for element in if_none_match.split(",")}
    return "*" in listed or f'"{tag}"' in listed
