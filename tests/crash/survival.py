"""What a power cut leaves of a tree, made from the notes that disk.c took.

A *moment* is the state of the disk right before one sync, or at the end: between two syncs nothing becomes durable, so
the last moment before a sync is the one at which most has been promised and is not yet kept. Three models say what of
a moment survives, see `Model`.
"""

import itertools
import os
import random
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from crash.disk import Disk

__all__ = ["LONG", "MODELS", "Model", "Moment", "chosen", "moments"]

# Whether to go through every moment, which takes minutes.
LONG: Final = "EDAPHON_CRASH_LONG" in os.environ

# strict   POSIX to the letter: a file's content is as of its own last sync (empty without one), and of each folder the
#          names are as of that folder's last sync.
# journal  ext4, xfs and btrfs, which keep names in one journal: each sync, of whatever, makes all names durable that
#          were there by then; contents as in strict. Kinder to a program that forgets a folder's sync, crueller to
#          one that renames a file before its content is synced.
# killed   the machine goes on and only the program dies: all that was written is there. Needs drafts.
# torn     strict, and besides some of what was not synced, drawn by a seed: any of the changes of names, and of each
#          file its content before, its content after, or a mixture of the two by blocks.
Model = Literal["strict", "journal", "killed", "torn"]
MODELS: Final[tuple[Model, ...]] = get_args(Model)

BLOCK: Final = 4096

Name = tuple[int, str]
# One change of one name: the inode that it has from now on, or None where it is gone; and which one goes.
Half = tuple[Name, int | None, int]


@dataclass
class _Names:
    """Names as they are on the disk, and the changes that have not reached it; a rename is two at once."""

    durable: dict[Name, int] = field(default_factory=dict)
    pending: list[list[Half]] = field(default_factory=list)

    def change(self, *halves: Half) -> None:
        self.pending.append(list(halves))

    def sync(self, folder: int | None) -> None:
        """Make the changes in a folder durable, or all."""
        for change in self.pending:
            for half in [half for half in change if folder in (None, half[0][0])]:
                _apply(self.durable, half)
                change.remove(half)
        self.pending = [change for change in self.pending if change]


@dataclass(frozen=True)
class Moment:
    """A moment at which the power may go. `marks` are the acknowledgements until then, `syncs` how many were done."""

    disk: Disk
    syncs: int
    marks: tuple[str, ...]
    _root: int
    _modes: dict[int, int]
    _names: dict[Name, int]
    _journalled: dict[Name, int]
    _pending: tuple[tuple[Half, ...], ...]
    _synced: dict[int, Path]
    _drafts: dict[int, Path]

    def surviving(self, target: Path, model: Model = "strict", seed: int = 0, *, within: str = "") -> Path:
        """Make, in a new folder, the tree as it is found after the power has come back, or one of its folders."""
        chance = random.Random(f"{seed} {self.syncs}")
        names = dict(self._journalled if model == "journal" else self._names)
        if model in ("killed", "torn"):
            for change in self._pending:
                if model == "killed" or chance.random() < 0.5:
                    for half in change:
                        _apply(names, half)
        inside: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), inode in sorted(names.items()):
            inside.setdefault(folder, []).append((name, inode))
        placed: dict[int, Path] = {}

        def fill(folder: int, at: Path) -> None:
            at.mkdir()
            for name, inode in inside.get(folder, ()):
                path = at / name
                if stat.S_ISDIR(self._modes[inode]):
                    fill(inode, path)
                elif inode in placed:
                    path.hardlink_to(placed[inode])
                else:
                    self._write(inode, path, model, chance)
                    path.chmod(stat.S_IMODE(self._modes[inode]))
                    placed[inode] = path

        target.parent.mkdir(parents=True, exist_ok=True)
        root = self._root
        for name in within.split("/") if within else ():
            root = names[root, name]
        fill(root, target)
        return target

    def _write(self, inode: int, path: Path, model: Model, chance: random.Random) -> None:
        synced, draft = self._synced.get(inode), self._drafts.get(inode)
        if draft is not None and model == "torn":
            before = synced.read_bytes() if synced else b""
            path.write_bytes(chance.choice((_before, _after, _mixed))(before, draft.read_bytes(), chance))
        elif draft is not None and model == "killed":
            shutil.copyfile(draft, path)
        elif synced is not None:
            shutil.copyfile(synced, path)
        else:
            path.touch()

    def outline(self) -> tuple[frozenset[Name], frozenset[Name]]:
        """What lies at most three folders deep, as far as it is durable, and as it was written."""
        written = dict(self._names)
        for half in itertools.chain(*self._pending):
            _apply(written, half)
        return self._near_root(self._names), self._near_root(written)

    def _near_root(self, names: dict[Name, int]) -> frozenset[Name]:
        near = {self._root}
        for _ in range(2):
            near |= {inode for (folder, _), inode in names.items() if folder in near}
        return frozenset(name for name in names if name[0] in near)

    def same_disk(self, other: "Moment") -> bool:
        """Whether the two differ at most in what was promised, under every model."""
        mine = (self._names, self._journalled, self._pending, self._synced, self._drafts)
        return mine == (other._names, other._journalled, other._pending, other._synced, other._drafts)


def moments(disk: Disk) -> Iterator[Moment]:
    """Each moment at which the power may have gone, in order; the last is the end of the notes.

    Raises ValueError when a program did what disk.c does not follow, or when the tree is not what the notes say.
    """
    root, syncs = 0, 0
    marks: list[str] = []
    modes: dict[int, int] = {}
    strict, journal = _Names(), _Names()
    live: dict[Name, int] = {}
    synced: dict[int, Path] = {}
    drafts: dict[int, Path] = {}

    def moment() -> Moment:
        return Moment(
            disk,
            syncs,
            tuple(marks),
            root,
            dict(modes),
            dict(strict.durable),
            dict(journal.durable),
            tuple(tuple(change) for change in strict.pending),
            dict(synced),
            dict(drafts),
        )

    def change(*halves: Half) -> None:
        for half in halves:
            _apply(live, half)
        strict.change(*halves)
        journal.change(*halves)

    cut = False
    for line in (disk.shadow / "log").read_text().splitlines():
        kind, *values = line.split("\t")
        match kind:
            case "root":
                root = int(values[0])
            case "start":
                folder, name, inode, mode = int(values[0]), values[1], int(values[2]), int(values[3], 8)
                modes[inode] = mode
                live[folder, name] = strict.durable[folder, name] = journal.durable[folder, name] = inode
                if not stat.S_ISDIR(mode):
                    synced[inode] = disk.shadow / "start" / str(inode)
            case "make":
                inode = int(values[2])
                modes[inode] = int(values[3], 8)
                change(((int(values[0]), values[1]), inode, inode))
            case "drop":
                gone = (int(values[0]), values[1])
                change((gone, None, live[gone]))
            case "move":
                source, into = (int(values[0]), values[1]), (int(values[2]), values[3])
                change((source, None, live[source]), (into, live[source], live[source]))
            case "draft":
                drafts[int(values[0])] = disk.shadow / "content" / values[1]
            case "point":
                yield moment()
            case "sync":
                inode = int(values[0])
                synced[inode] = disk.shadow / "content" / values[1]
                drafts.pop(inode, None)
                modes[inode] = int(values[2], 8)
                journal.sync(None)
                syncs += 1
            case "list":
                strict.sync(int(values[0]))
                journal.sync(None)
                syncs += 1
            case "mark":
                marks.append(values[0])
            case "cut":
                cut = True
                break
            case _:
                raise ValueError(f"a program did what disk.c does not follow: {line}")
    if not cut and live != (found := _listed(disk.tree)):
        raise ValueError(f"the tree is not what the notes say: {set(live.items()) ^ set(found.items())}")
    yield moment()


def chosen(every: list[Moment], count: int, model: Model = "strict") -> list[Moment]:
    """Moments between which the disk differs; when they are more than `count`, some of them, and the last.

    Most are around a change of what lies near the root, where it shows what is published. They are spread evenly over
    time, for each model at other moments.
    """
    told = [one for one, after in itertools.pairwise(every) if not one.same_disk(after)] + every[-1:]
    if LONG or len(told) <= count:
        return told
    outlines = [one.outline() for one in told]
    turns = [
        index
        for index in range(len(told))
        if any(outlines[index] != outlines[near] for near in (max(index - 1, 0), min(index + 1, len(told) - 1)))
    ]
    phase = MODELS.index(model) / len(MODELS)
    most = 3 * count // 4
    taken = {*_spread(turns, most, phase), *_spread(list(range(len(told) - 1)), count - most - 1, phase)}
    return [*(told[index] for index in sorted(taken - {len(told) - 1})), told[-1]]


def _spread(choice: list[int], count: int, phase: float) -> list[int]:
    return [choice[int((index + phase) * len(choice) / count)] for index in range(min(count, len(choice)))]


def _listed(tree: Path) -> dict[Name, int]:
    return {(path.parent.stat().st_ino, path.name): path.stat().st_ino for path in tree.rglob("*")}


def _apply(names: dict[Name, int], half: Half) -> None:
    name, inode, goes = half
    if inode is not None:
        names[name] = inode
    elif names.get(name) == goes:
        del names[name]


def _before(before: bytes, _after: bytes, _chance: random.Random) -> bytes:
    return before


def _after(_before: bytes, after: bytes, _chance: random.Random) -> bytes:
    return after


def _mixed(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Each block from the one or the other, and a length between theirs; what neither has is zeros."""
    size = chance.randint(*sorted((len(before), len(after))))
    blocks = []
    for start in range(0, size, BLOCK):
        block = chance.choice((before, after))[start : start + BLOCK]
        blocks.append(block.ljust(min(BLOCK, size - start), b"\0")[: size - start])
    return b"".join(blocks)
