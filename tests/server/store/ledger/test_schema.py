"""The schema: made and brought up to date by whoever opens the ledger, and refused where it is not ours."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledger_entries import entry
from sqlalchemy import text

from edaphon.errors import LedgerError
from edaphon.store.ledger import Ledger
from edaphon.store.ledger.schema import HEAD, MIGRATIONS
from edaphon.store.ledger.tables import metadata

OPEN = "import sys; from edaphon.store.ledger import Ledger; Ledger.open(sys.argv[1]).close()"


def run(program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def change(where: Path | str) -> Callable[[str], None]:
    """Runs a statement on the ledger's database behind its back."""

    def change(statement: str) -> None:
        with Ledger.open(where) as ledger, ledger._database.writing() as connection:
            connection.execute(text(statement))

    return change


def test_the_migrations_make_the_tables_that_the_program_knows(ledger: Ledger) -> None:
    with ledger._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_known_without_asking_for_it() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(where: Path | str) -> None:
    Ledger.open(where).close()
    done = run(OPEN + "; assert 'alembic' not in sys.modules", where)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_records_are_known_without_the_database_library() -> None:
    done = run("import edaphon.store.ledger.records, sys; assert 'sqlalchemy' not in sys.modules")
    assert (done.returncode, done.stderr) == (0, "")


def test_making_a_ledger_says_nothing_on_the_terminal_or_to_the_log(where: Path | str) -> None:
    done = run("import logging; logging.basicConfig(level=logging.INFO); " + OPEN, where)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_processes_that_make_one_ledger_at_once_do_not_collide(where: Path | str) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: run(OPEN, where), range(4)))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 4
    with Ledger.open(where) as ledger:
        ledger.submit(*entry("kenya"))


def test_threads_that_make_one_ledger_at_once_do_not_collide(where: Path | str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for ledger in pool.map(lambda _: Ledger.open(where), range(4)):
            ledger.close()


def test_what_was_recorded_is_there_when_it_is_opened_again(where: Path | str) -> None:
    with Ledger.open(where) as ledger:
        ledger.submit(*entry("kenya"))
    with Ledger.open(where, create=False) as ledger:
        assert ledger.payload("kenya") == ("text/turtle", b"payload kenya")


def test_a_ledger_of_a_newer_version_is_left_alone(where: Path | str, change: Callable[[str], None]) -> None:
    change("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=f"schema 9999, which this version of Edaphon does not know .*{HEAD}"):
        Ledger.open(where)


def test_tables_of_somebody_else_are_left_alone(where: Path | str, change: Callable[[str], None]) -> None:
    change("DROP TABLE alembic_version")
    with pytest.raises(LedgerError, match="holds other tables"):
        Ledger.open(where)


def test_a_ledger_that_must_be_there_already_is_not_made(where: Path | str) -> None:
    with pytest.raises(LedgerError, match=r"there is no ledger|holds no ledger"):
        Ledger.open(where, create=False)
    if isinstance(where, Path):
        assert not where.exists()


def test_an_empty_file_becomes_a_ledger_only_where_one_may_be_made(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.touch()
    with pytest.raises(LedgerError, match="holds no ledger"):
        Ledger.open(file, create=False)
    with Ledger.open(file) as ledger:
        ledger.submit(*entry("kenya"))


def test_a_migration_that_is_interrupted_leaves_nothing(where: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    def fail(*_: object, **__: object) -> None:
        raise LedgerError("interrupted")

    # The index comes after several tables.
    monkeypatch.setattr(Operations, "create_index", fail, raising=False)
    with pytest.raises(LedgerError, match="interrupted"):
        Ledger.open(where)
    monkeypatch.undo()
    if isinstance(where, Path):
        assert list(where.parent.iterdir()) == []
    with Ledger.open(where) as ledger:
        ledger.submit(*entry("kenya"))


def test_a_name_with_signs_that_mean_something_elsewhere_is_only_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20é"
    folder.mkdir()
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        ledger.submit(*entry("kenya"))
    assert [one.name for one in folder.iterdir()] == ["ledger.sqlite"]
    assert [one.name for one in tmp_path.iterdir()] == [folder.name]
