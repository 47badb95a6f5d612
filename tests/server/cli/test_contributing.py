"""The loop from a terminal: propose, review, revert, history, by whom, and with which exit status."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from contributing import EX, PREFIXES, Desk

from edaphon.cli import main
from edaphon.cli.acting import system_user
from edaphon.contributions import tokens
from edaphon.contributions.provenance import graph_of
from edaphon.store.ledger import Contribution


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


def run(desk: Desk, *arguments: str, given: str | None = None, token: str | None = None) -> Result:
    env = {"EDAPHON_STATE": str(desk.state.folder), "EDAPHON_TOKEN": token}
    return CliRunner().invoke(main, list(arguments), input=given, env=env)


def proposed(desk: Desk, body: str, name: str = "more.ttl", *options: str) -> Contribution:
    file = desk.state.folder.parent / name
    file.write_text(PREFIXES + body, encoding="utf-8")
    done = run(desk, "propose", str(file), *options)
    assert done.exit_code == 0, done.output
    return desk.state.ledger.contribution(done.stdout.strip())


def secret(desk: Desk, name: str, role: str) -> str:
    return tokens.make(desk.state.ledger, name, role, None).secret


GOOD = ':another a :Survey ; :year 2020 ; :title "Another" .'
BAD = ':another a :Survey ; :title "Another" .'
CORRECTION = "DELETE DATA { :survey :year 2019 } ; INSERT DATA { :survey :year 2018 }"


# Proposing


def test_a_proposal_prints_its_id_and_waits(desk: Desk) -> None:
    one = proposed(desk, GOOD, "more.ttl", "--title", "Another survey", "--source", EX + "paper")
    assert (one.status, one.title, one.source, one.media_type) == (
        "proposed",
        "Another survey",
        EX + "paper",
        "text/turtle",
    )
    assert desk.state.current().number == 1


def test_without_a_title_the_name_of_the_file_is_one(desk: Desk) -> None:
    assert proposed(desk, GOOD, "survey-of-2020.ttl").title == "survey-of-2020.ttl"


def test_a_file_of_updates_is_a_correction(desk: Desk) -> None:
    one = proposed(desk, CORRECTION, "fix.ru")
    assert (one.media_type, one.added, one.removed) == ("application/sparql-update", 1, 1)


def test_standard_input_is_read_in_the_format_that_is_told(desk: Desk) -> None:
    done = run(desk, "propose", "-", "--format", "text/turtle", given=PREFIXES + GOOD)
    assert done.exit_code == 0
    assert desk.state.ledger.contribution(done.stdout.strip()).added == 3


def test_what_would_not_conform_is_reported_and_not_recorded(desk: Desk) -> None:
    done = run(desk, "propose", "-", "--format", "text/turtle", given=PREFIXES + BAD)
    assert done.exit_code == 1
    assert "State the one year of the survey." in done.stdout
    assert "Does not conform: 1 violation" in done.stdout
    assert desk.state.ledger.contributions() == []


def test_what_is_published_already_is_a_negative_answer(desk: Desk) -> None:
    done = run(desk, "propose", "-", "--format", "text/turtle", given=PREFIXES + ":survey :year 2019 .")
    assert done.exit_code == 1
    assert "published already" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["propose", "-"], GOOD, "use --format"),
        (["propose", "-", "--format", "text/plain+html"], GOOD, "is no RDF format"),
        (["propose", "-", "--format", "text/turtle"], ":a :b ", "standard input:1"),
        (["propose", "-", "--format", "application/sparql-update"], "INSERT DATA {", "standard input:1:"),
        (["propose", "no-such-file.ttl"], "", "does not exist"),
        (["review", "show", "nobody-made-it"], "", "there is no contribution"),
        (["review", "reject", "nobody-made-it"], "", "--reason"),
    ],
)
def test_what_cannot_be_read_or_found_is_status_2(desk: Desk, arguments: list[str], given: str, said: str) -> None:
    done = run(desk, *arguments, given=given)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


# Who acts


def test_without_a_token_the_systems_user_acts_as_an_admin_who_may_accept_an_own_proposal(desk: Desk) -> None:
    one = proposed(desk, GOOD)
    assert run(desk, "review", "accept", one.id).exit_code == 0
    done = desk.state.ledger.contribution(one.id)
    assert (done.contributor, done.decided_by, done.revision) == (system_user(), system_user(), 2)


def test_with_a_token_its_holder_acts_in_that_role(desk: Desk) -> None:
    ann = secret(desk, "ann", "reviewer")
    done = run(desk, "propose", "-", "--format", "text/turtle", given=PREFIXES + GOOD, token=ann)
    identifier = done.stdout.strip()
    assert desk.state.ledger.contribution(identifier).contributor == "ann"
    own = run(desk, "review", "accept", identifier, token=ann)
    assert own.exit_code == 1
    assert "somebody else has to decide" in own.stderr
    assert run(desk, "review", "accept", identifier, token=secret(desk, "ben", "reviewer")).exit_code == 0


def test_a_role_that_does_not_suffice_is_a_negative_answer(desk: Desk) -> None:
    one = proposed(desk, GOOD)
    done = run(desk, "review", "reject", one.id, "--reason", "no", token=secret(desk, "ann", "contributor"))
    assert done.exit_code == 1
    assert desk.state.ledger.contribution(one.id).status == "proposed"


def test_an_unknown_token_is_wrong_usage(desk: Desk) -> None:
    done = run(desk, "propose", "-", "--format", "text/turtle", given=PREFIXES + GOOD, token="edaphon_nobodys")
    assert done.exit_code == 2
    assert "unknown or has been revoked" in done.stderr


# Deciding


def test_show_tells_the_change_whose_statement_goes_and_the_report(desk: Desk) -> None:
    first = proposed(desk, GOOD, "more.ttl", "--title", "Another survey")
    run(desk, "review", "accept", first.id)
    fix = proposed(desk, "DELETE DATA { :another :year 2020 } ; INSERT DATA { :another :year 2021 }", "fix.ru")
    shown = run(desk, "review", "show", fix.id).stdout.splitlines()
    another, year = f"<{EX}another>", f"<{EX}year>"
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    assert [line for line in shown if line.startswith(("D ", "A "))] == [
        f'D {another} {year} "2020"^^{integer} {graph_of(first.id)} .    # stated by Another survey',
        f'A {another} {year} "2021"^^{integer} {graph_of(fix.id)} .',
    ]
    assert shown[0] == fix.id
    assert shown[-1] == "Conforms."


def test_show_tells_why_a_proposal_cannot_be_accepted_any_more(desk: Desk) -> None:
    left, right = proposed(desk, CORRECTION, "left.ru"), proposed(desk, CORRECTION, "right.ru")
    run(desk, "review", "accept", left.id)
    shown = run(desk, "review", "show", right.id).stdout
    assert "It cannot be accepted as things are" in shown
    refused = run(desk, "review", "accept", right.id)
    assert refused.exit_code == 1
    assert "cannot be retracted" in refused.stderr


def test_show_tells_what_was_decided_and_why(desk: Desk) -> None:
    one = proposed(desk, GOOD)
    assert run(desk, "review", "reject", one.id, "--reason", "hearsay").exit_code == 0
    shown = run(desk, "review", "show", one.id).stdout
    assert "  status      rejected" in shown
    assert "  reason      hearsay" in shown
    assert f"by {system_user()}" in shown


def test_the_list_can_be_narrowed_to_a_status(desk: Desk) -> None:
    first, second = proposed(desk, GOOD), proposed(desk, CORRECTION, "fix.ru")
    run(desk, "review", "withdraw", first.id)
    rows = [line.split("\t") for line in run(desk, "review", "list", "--status", "proposed").stdout.splitlines()]
    assert [(row[0], row[1], *row[4:]) for row in rows] == [(second.id, "proposed", "1", "1", "yes", "fix.ru")]
    assert len(run(desk, "review", "list").stdout.splitlines()) == 2


def test_what_conforms_no_longer_is_reported_when_it_is_accepted_and_listed_as_such(desk: Desk) -> None:
    add = proposed(desk, ":third a :Survey ; :year 2020 .", "add.ttl")
    rival = proposed(desk, ":third a :Survey ; :year 2021 .", "rival.ttl")
    run(desk, "review", "accept", add.id)
    refused = run(desk, "review", "accept", rival.id)
    assert refused.exit_code == 1
    assert "State the one year of the survey." in refused.stdout
    listed = run(desk, "review", "list", "--not-conforming").stdout.splitlines()
    assert [line.split("\t")[0] for line in listed] == [rival.id]


# Undoing


def test_a_revert_prints_the_id_of_what_undoes_it_and_history_tells_both(desk: Desk) -> None:
    one = proposed(desk, CORRECTION, "fix.ru")
    run(desk, "review", "accept", one.id)
    undone = run(desk, "revert", one.id, "--reason", "the paper says 2019")
    assert undone.exit_code == 0
    by = desk.state.ledger.contribution(undone.stdout.strip())
    assert (by.reverts, by.reason, by.contributor) == (one.id, "the paper says 2019", system_user())
    assert desk.says("survey", "year")["default"] == {"2019"}
    rows = [line.split("\t") for line in run(desk, "history").stdout.splitlines()]
    assert [(row[0], row[2], row[6]) for row in rows] == [
        ("3", "revert", by.id),
        ("2", "contribution", one.id),
        ("1", "corpus", ""),
    ]
    assert [line.split("\t")[0] for line in run(desk, "history", "--before", "2").stdout.splitlines()] == ["1"]


def test_what_is_not_accepted_cannot_be_reverted(desk: Desk) -> None:
    one = proposed(desk, GOOD)
    done = run(desk, "revert", one.id, "--reason", "never mind")
    assert done.exit_code == 1
    assert "is proposed, not accepted" in done.stderr


def test_a_revision_that_is_not_kept_any_more_is_made_again_for_a_dump(desk: Desk) -> None:
    before = run(desk, "dump").stdout
    run(desk, "review", "accept", proposed(desk, CORRECTION, "fix.ru").id)
    assert run(desk, "dump").stdout != before
    shutil.rmtree(desk.state.folder / "revisions" / "000001")
    assert run(desk, "dump", "--revision", "1").stdout == before


def test_a_terminal_shows_what_comes_and_what_goes_in_colours(desk: Desk) -> None:
    fix = proposed(desk, CORRECTION, "fix.ru")
    parent, child = os.openpty()
    command = [sys.executable, "-m", "edaphon", "review", "show", fix.id, "--state", str(desk.state.folder)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "300"}
    environment.pop("NO_COLOR", None)
    subprocess.run(command, stdout=child, check=True, timeout=60, env=environment)
    os.close(child)
    shown = os.read(parent, 65536).decode()
    os.close(parent)
    assert "\x1b[31mD <" in shown
    assert "\x1b[32mA <" in shown
