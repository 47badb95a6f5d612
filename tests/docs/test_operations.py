"""The drill of docs/operations.md goes as it is written, beside a running server and after it."""

import re
from pathlib import Path

import psycopg
from contributing import Desk, small_corpus
from pages import DOCS, blocks, played
from postgresql import Cluster
from serving import serving

from edaphon.cli import COMMANDS
from edaphon.store.preparing import prepare
from edaphon.store.state import State

PAGE = "operations.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")


def test_the_drill_and_the_recoveries_go_as_the_page_says(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, corpus=str(small_corpus(tmp_path / "corpus")))
    desk.accept(desk.propose(':other a :Survey ; :year 2020 ; :title "Other" .'))
    wanted = blocks(PAGE)
    # What is done to a folder under a running server, and what is done after it has stopped.
    recovery = next(
        number for number, block in enumerate(wanted) if "rm -r" in block.script and "STATE" in block.script
    )
    work = tmp_path / "work"
    work.mkdir()
    environment = {"EDAPHON_STATE": str(desk.state.folder)}
    with serving(desk.state, "--workers", "1"):
        done = played(wanted[:recovery], work, environment, {})
    done += played(wanted[recovery:], work, environment, {})
    shown = [(block, printed) for block, printed in done if block.shown is not None]
    assert len(shown) > 4
    for block, printed in shown:
        assert printed.strip() == (block.shown or "").strip(), block.script


def test_the_database_that_the_page_makes_holds_a_ledger(tmp_path: Path, postgresql: Cluster) -> None:
    (made,) = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        for statement in made.strip().splitlines():
            connection.execute(statement.replace("edaphon", "of_the_page").encode())
    url = f"postgresql://of_the_page@/of_the_page?host={postgresql.folder}"
    state = State.open(tmp_path / "state", corpus="none", ledger=url)
    prepare(state)
    desk = Desk(state)
    assert desk.accept(desk.propose(":s :p 1 .")).revision == 2
    state.ledger.close()


def test_the_commands_of_the_page_exist() -> None:
    named = set(re.findall(r"`?edaphon ([a-z]+)", TEXT))
    assert named <= COMMANDS.keys()
    assert {"backup", "restore", "rebuild", "token", "dump"} <= named
