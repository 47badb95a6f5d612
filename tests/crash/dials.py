"""What of a disk can be set and read while programs run on it, by the test and by the programs themselves."""

import errno
import os
import struct
from pathlib import Path
from typing import Final

__all__ = ["Dials", "own_dials"]

# Those of struct dials in disk.c, in its order.
NAMES: Final = ("room", "trouble", "syncs", "cut_at", "after", "drafts")
DIAL: Final = struct.Struct("q")
PLENTY: Final = 1 << 62


class Dials:
    """The dials of a disk, in a file that the programs on it have mapped."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def reset(self) -> None:
        """Set up a new disk: with room for everything, and power that stays."""
        self._file.write_bytes(bytes(DIAL.size * len(NAMES)))
        self._turn(room=PLENTY, cut_at=-1)

    def cut(self, at: int, *, after: bool = False) -> None:
        """Have the power go at a sync, counted from 0: before it is done, or right after."""
        self._turn(cut_at=at, after=after)

    def keep_drafts(self) -> None:
        """Keep what is written and not synced as well, so that some of it may survive a power cut."""
        self._turn(drafts=1)

    def leave(self, room: int, *, trouble: int = errno.ENOSPC) -> None:
        """Leave so many bytes of room: what needs more fails. Files can be written anew, renamed and removed still."""
        self._turn(trouble=trouble, room=room)

    def free(self) -> None:
        """Have room for everything again."""
        self.leave(PLENTY)

    @property
    def left(self) -> int:
        """The bytes for which there is room."""
        return self._dial("room")

    @property
    def syncs(self) -> int:
        """How many syncs were done."""
        return self._dial("syncs")

    def _dial(self, name: str) -> int:
        value: int = DIAL.unpack_from(self._file.read_bytes(), NAMES.index(name) * DIAL.size)[0]
        return value

    def _turn(self, **values: int) -> None:
        # In place and one by one: the programs change them too.
        with self._file.open("r+b", buffering=0) as dials:
            for name, value in values.items():
                dials.seek(NAMES.index(name) * DIAL.size)
                dials.write(DIAL.pack(value))


def own_dials() -> Dials:
    """Those of the disk that this program runs on."""
    return Dials(Path(os.environ["EDAPHON_DISK_SHADOW"]) / "dials")
