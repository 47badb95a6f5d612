"""The disk that loses power and fills up loses and keeps what a real one would, for files, SQLite and the engine."""

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from crash.disk import Disk
from crash.survival import MODELS, Model, Moment, moments
from pyoxigraph import Store

START = "import os, sys, pathlib\nfrom crash.marking import mark\n"


def run(disk: Disk, program: str) -> None:
    ended = disk.run(START + program)
    assert ended.code == 0, ended.errors


def last(disk: Disk) -> Moment:
    *_, end = moments(disk)
    return end


def left(disk: Disk, where: Path, model: Model = "strict", seed: int = 0) -> dict[str, bytes]:
    """The files that survive a power cut at the end, by path."""
    target = last(disk).surviving(where / f"{model}-{seed}", model, seed)
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


SYNC = "def sync(path):\n    fd = os.open(path, os.O_RDONLY); os.fsync(fd); os.close(fd)\n"


# What a power cut leaves


def test_a_file_that_was_never_synced_is_lost(disk: Disk, tmp_path: Path) -> None:
    run(disk, "pathlib.Path('a').write_text('a')")
    assert left(disk, tmp_path) == {}


def test_a_file_without_its_folder_synced_has_lost_its_name(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('a'); sync('a')")
    assert left(disk, tmp_path) == {}


def test_a_journal_keeps_the_name_of_a_file_that_is_synced(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('a'); sync('a')")
    assert left(disk, tmp_path, "journal") == {"a": b"a"}


def test_a_name_without_its_content_synced_is_of_an_empty_file(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('a'); sync('.')")
    assert left(disk, tmp_path) == {"a": b""}


def test_what_was_synced_stays_and_what_came_after_goes(disk: Disk, tmp_path: Path) -> None:
    run(
        disk,
        SYNC + "f = open('a', 'w'); f.write('kept'); f.flush(); os.fsync(f.fileno()); sync('.'); f.write(' lost')",
    )
    assert left(disk, tmp_path) == {"a": b"kept"}


@pytest.mark.parametrize(("synced", "content"), [("", b"old"), ("; sync('.')", b"new")])
def test_a_rename_lasts_when_its_folder_is_synced(disk: Disk, tmp_path: Path, synced: str, content: bytes) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('old'); sync('a'); sync('.')")
    run(disk, SYNC + "pathlib.Path('b').write_text('new'); sync('b'); os.rename('b', 'a')" + synced)
    assert left(disk, tmp_path) == {"a": content}


def test_a_journal_can_keep_a_rename_and_lose_the_content(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('old'); sync('a'); sync('.')")
    run(disk, SYNC + "pathlib.Path('b').write_text('new'); os.rename('b', 'a')")
    run(disk, SYNC + "pathlib.Path('other').write_text(''); sync('other')")
    assert left(disk, tmp_path, "journal") == {"a": b"", "other": b""}


def test_a_file_removed_comes_back_unless_its_folder_is_synced(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('a'); sync('a'); sync('.'); os.unlink('a')")
    assert left(disk, tmp_path) == {"a": b"a"}
    run(disk, SYNC + "sync('.')")
    assert left(disk, tmp_path / "again") == {}


def test_what_a_killed_program_wrote_is_all_there(disk: Disk, tmp_path: Path) -> None:
    disk.dials.keep_drafts()
    run(disk, SYNC + "os.mkdir('d'); pathlib.Path('d/a').write_text('a'); pathlib.Path('b').touch(); sync('b')")
    assert left(disk, tmp_path, "killed") == {"d/a": b"a", "b": b""}


def test_a_folder_needs_its_parent_synced(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "os.mkdir('d'); pathlib.Path('d/a').write_text('a'); sync('d/a'); sync('d')")
    assert left(disk, tmp_path) == {}
    run(disk, SYNC + "sync('.')")
    assert left(disk, tmp_path, "journal") == {"d/a": b"a"}


def test_the_names_of_one_file_are_those_of_one_file_afterwards(disk: Disk, tmp_path: Path) -> None:
    run(disk, SYNC + "pathlib.Path('a').write_text('a'); os.link('a', 'b'); sync('b'); sync('.')")
    target = last(disk).surviving(tmp_path / "after")
    assert (target / "a").stat().st_ino == (target / "b").stat().st_ino
    assert (target / "b").read_text() == "a"


def test_a_removed_file_is_never_taken_for_a_later_one(disk: Disk, tmp_path: Path) -> None:
    run(
        disk,
        SYNC + "pathlib.Path('0').write_text('0'); sync('0'); sync('.')\n"
        "for i in range(50):\n    os.unlink(str(i)); pathlib.Path(str(i + 1)).write_text('new')",
    )
    assert left(disk, tmp_path) == {"0": b"0"}


def test_some_of_what_was_not_synced_survives_as_the_seed_says(disk: Disk, tmp_path: Path) -> None:
    disk.dials.keep_drafts()
    run(disk, SYNC + "pathlib.Path('a').write_text('a' * 10000); sync('a'); sync('.')")
    run(
        disk,
        SYNC + "f = open('a', 'r+'); f.write('b' * 9000); f.flush(); pathlib.Path('c').touch(); "
        "pathlib.Path('d').mkdir(); sync('d')",
    )
    seen = [left(disk, tmp_path, "torn", seed) for seed in range(40)]
    assert seen == [left(disk, tmp_path / "twice", "torn", seed) for seed in range(40)]
    contents = {one["a"] for one in seen}
    assert {b"a" * 10000, b"b" * 9000 + b"a" * 1000} < contents
    assert any(b"b" in one and one.index(b"b") > 0 for one in contents)
    assert {"c" in one for one in seen} == {True, False}


@pytest.mark.parametrize("after", [False, True])
def test_the_power_goes_at_the_sync_that_was_asked_for(
    new_disk: Callable[[str], Disk], tmp_path: Path, after: bool
) -> None:
    program = SYNC + "for i in 'abcd':\n    pathlib.Path(i).write_text(i); sync(i); sync('.'); print(i, flush=True)"
    whole = new_disk("whole")
    run(whole, program)
    for index, moment in enumerate(list(moments(whole))[:-1]):
        disk = new_disk(f"cut-{index}")
        disk.dials.cut(index, after=after)
        ended = disk.run(START + program)
        assert ended.powered_off
        assert disk.dials.syncs == index + after
        assert len(ended.lines) == index // 2
        if not after:
            expected = moment.surviving(tmp_path / f"expected-{index}")
            found = last(disk).surviving(tmp_path / f"found-{index}")
            assert {one.name: one.read_text() for one in expected.iterdir()} == {
                one.name: one.read_text() for one in found.iterdir()
            }


def test_what_cannot_be_followed_is_said(disk: Disk) -> None:
    run(disk, "os.symlink('a', 'b')")
    with pytest.raises(ValueError, match="symlink"):
        last(disk)


def test_a_change_from_elsewhere_is_noticed(disk: Disk) -> None:
    run(disk, "pathlib.Path('a').touch()")
    (disk.tree / "b").touch()
    with pytest.raises(ValueError, match="not what the notes say"):
        last(disk)


def test_the_processes_of_a_program_share_one_disk(disk: Disk, tmp_path: Path) -> None:
    run(
        disk,
        SYNC + "import subprocess\n"
        "subprocess.run([sys.executable, '-c', \"open('a', 'w').write('a')\"], check=True)\n"
        "sync('a'); sync('.'); mark('a')",
    )
    assert left(disk, tmp_path) == {"a": b"a"}
    assert last(disk).marks == ("a",)


# SQLite, whose promises are known

COMMITS = """
import sqlite3
db = sqlite3.connect('x.db', isolation_level=None)
db.execute('PRAGMA journal_mode=WAL')
db.execute('PRAGMA synchronous=%s')
db.execute('PRAGMA wal_autocheckpoint=5')
db.execute('CREATE TABLE t (n INTEGER)')
for n in range(12):
    db.execute('INSERT INTO t VALUES (?)', [n])
    mark(str(n))
os._exit(0)
"""


def rows(folder: Path) -> list[int]:
    db = sqlite3.connect(folder / "x.db")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not db.execute("SELECT * FROM sqlite_master").fetchall():
            return []
        return [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")]
    finally:
        db.close()


@pytest.mark.parametrize("model", MODELS)
def test_sqlite_keeps_each_commit_when_told_to_sync_fully(disk: Disk, tmp_path: Path, model: Model) -> None:
    disk.dials.keep_drafts()
    run(disk, COMMITS % "FULL")
    every = list(moments(disk))
    assert len(every) > 12
    for index, moment in enumerate(every):
        found = rows(moment.surviving(tmp_path / str(index), model, index))
        assert found[: len(moment.marks)] == [int(mark) for mark in moment.marks]
        assert len(found) <= len(moment.marks) + 1


def test_sqlite_loses_commits_when_told_not_to_sync(disk: Disk, tmp_path: Path) -> None:
    run(disk, COMMITS % "OFF")
    assert len(last(disk).marks) == 12
    assert rows(last(disk).surviving(tmp_path / "after")) == []


# The engine

STORE = """
from pyoxigraph import Literal, NamedNode, Quad, Store
store = Store('store')
"""


def test_what_the_engine_writes_survives_a_flush(disk: Disk, tmp_path: Path) -> None:
    run(
        disk,
        STORE + SYNC + "store.add(Quad(NamedNode('http://e/s'), NamedNode('http://e/p'), Literal(1)))\n"
        "store.flush(); sync('.'); mark('flushed')\n"
        "store.add(Quad(NamedNode('http://e/s'), NamedNode('http://e/p'), Literal(2))); os._exit(0)",
    )
    target = last(disk).surviving(tmp_path / "after")
    assert [quad.object.value for quad in Store(target / "store")] == ["1"]


# A full disk


def test_a_full_disk_takes_nothing_more_and_then_does_again(disk: Disk) -> None:
    disk.dials.leave(1000)
    run(
        disk,
        f"""
import shutil
assert shutil.disk_usage('.').free == 0
f = open('a', 'wb', buffering=0)
assert f.write(b'x' * 3000) == 936, 'short, as a file with room for a name and 936 bytes is written'
for attempt in (
    lambda: f.write(b'x'),
    lambda: os.pwrite(f.fileno(), b'xx', 936),
    lambda: os.writev(f.fileno(), [b'x', b'y']),
    lambda: os.ftruncate(f.fileno(), 2000),
    lambda: os.posix_fallocate(f.fileno(), 0, 2000),
    lambda: os.copy_file_range(os.open(sys.executable, os.O_RDONLY), f.fileno(), 10),
    lambda: os.sendfile(f.fileno(), os.open(sys.executable, os.O_RDONLY), 0, 10),
    lambda: os.link('a', 'b'),
    lambda: os.mkdir('d'),
    lambda: open('c', 'w'),
):
    try:
        print(attempt())
    except OSError as error:
        assert error.errno == {errno.ENOSPC}, error
    else:
        raise AssertionError('it went through')
assert os.pwrite(f.fileno(), b'y' * 936, 0) == 936
os.ftruncate(f.fileno(), 10)
os.fsync(f.fileno())
os.rename('a', 'e')
os.unlink('e')
""",
    )
    disk.dials.free()
    run(disk, "pathlib.Path('a').write_text('a' * 5000)")
    assert (disk.tree / "a").stat().st_size == 5000


def test_a_quota_is_reported_as_one(disk: Disk) -> None:
    disk.dials.leave(0, trouble=errno.EDQUOT)
    run(disk, f"try:\n    open('a', 'w')\nexcept OSError as error:\n    assert error.errno == {errno.EDQUOT}")


def test_sqlite_says_that_the_disk_is_full(disk: Disk) -> None:
    run(disk, "import sqlite3; db = sqlite3.connect('x.db'); db.execute('CREATE TABLE t (n)'); db.close()")
    disk.dials.leave(0)
    run(
        disk,
        """
import sqlite3
db = sqlite3.connect('x.db')
try:
    db.execute("INSERT INTO t VALUES (zeroblob(100000))"); db.commit()
except sqlite3.OperationalError as error:
    print(error, error.sqlite_errorname)
else:
    raise AssertionError('it went through')
""",
    )
