"""`edaphon token`: a token is printed once, listed for ever, and worth nothing once it is revoked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edaphon.cli import main
from edaphon.contributions.roles import Actor, Role
from edaphon.contributions.tokens import authenticate
from edaphon.errors import TokenRequired
from edaphon.store.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.open(tmp_path / "state", corpus="none")


def token(state: State, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["token", *arguments, "--state", str(state.folder)])


def test_the_token_and_nothing_else_is_on_standard_output(state: State) -> None:
    made = token(state, "create", "ann", "--role", "reviewer")
    assert made.exit_code == 0
    assert authenticate(state.ledger, made.stdout.removesuffix("\n")) == Actor("ann", Role.REVIEWER)
    assert made.stdout.strip() not in made.stderr


def test_tokens_are_listed_as_lines_of_fields_for_programs(state: State) -> None:
    token(state, "create", "ann", "--role", "contributor")
    token(state, "create", "ben", "--role", "admin")
    token(state, "revoke", "ben")
    rows = [line.split("\t") for line in token(state, "list").stdout.splitlines()]
    ann, ben = state.ledger.tokens()
    assert rows == [
        ["ann", "contributor", f"{ann.created:%Y-%m-%dT%H:%M:%SZ}", ""],
        ["ben", "admin", f"{ben.created:%Y-%m-%dT%H:%M:%SZ}", f"{ben.revoked:%Y-%m-%dT%H:%M:%SZ}"],
    ]


def test_the_secret_is_nowhere_in_the_state_folder(state: State) -> None:
    secret = token(state, "create", "ann", "--role", "editor").stdout.strip()
    assert not [path for path in state.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_revoked_token_is_worth_nothing(state: State) -> None:
    secret = token(state, "create", "ann", "--role", "editor").stdout.strip()
    assert token(state, "revoke", "ann").exit_code == 0
    with pytest.raises(TokenRequired):
        authenticate(state.ledger, secret)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "ann", "--role", "editor"], "exists already"),
        (["create", "a/b", "--role", "editor"], "cannot be the name of a token"),
        (["create", "ben", "--role", "king"], "'king' is not one of"),
        (["revoke", "ben"], "there is no token ben"),
    ],
)
def test_what_cannot_be_made_or_revoked_is_told_with_status_2(state: State, arguments: list[str], said: str) -> None:
    token(state, "create", "ann", "--role", "editor")
    refused = token(state, *arguments)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert refused.stdout == ""


def test_a_folder_that_is_no_state_folder_is_not_made_one_by_a_slip_of_the_pen(tmp_path: Path) -> None:
    refused = CliRunner().invoke(
        main, ["token", "create", "ann", "--role", "editor", "--state", str(tmp_path / "typo")]
    )
    assert refused.exit_code == 2
    assert not (tmp_path / "typo").exists()


def test_a_terminal_gets_a_table_with_a_header(state: State) -> None:
    token(state, "create", "ann", "--role", "reviewer")
    parent, child = os.openpty()
    command = [sys.executable, "-m", "edaphon", "token", "list", "--state", str(state.folder)]
    subprocess.run(command, stdout=child, check=True, timeout=60, env={**os.environ, "TERM": "dumb", "COLUMNS": "100"})
    os.close(child)
    header, *rest = os.read(parent, 65536).decode().strip().splitlines()
    os.close(parent)
    assert header.split() == ["name", "role", "created", "revoked"]
    assert any("ann" in line and "reviewer" in line for line in rest)
