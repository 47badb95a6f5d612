"""Which of the known words someone may have meant: "did you mean …"."""

from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["meant", "nearest"]

# Below this likeness a suggestion puzzles more than it helps.
LIKENESS = 0.6


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known words most like `word`, best first. Case, spaces, hyphens and underscores do not count."""
    bare = _bare(word)
    scored = []
    for one in known:
        matcher = SequenceMatcher(None, bare, _bare(one), autojunk=False)
        if matcher.quick_ratio() >= LIKENESS and (ratio := matcher.ratio()) >= LIKENESS:
            scored.append((-ratio, one))
    return [one for _, one in sorted(scored)[:most]]


def meant(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """A sentence that names the nearest known word, with a space before it; nothing where none is near."""
    found = nearest(word, known, most=1)
    return f" Did you mean {prefix}{found[0]}?" if found else ""


def _bare(word: str) -> str:
    return word.casefold().translate({ord(sign): None for sign in " -_"})
