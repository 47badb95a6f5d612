"""Titles, reasons and sources can be shown to others without surprise."""

import pytest
from contributing import EVE, PREFIXES, Desk

from edaphon.contributions.direct import Update, update
from edaphon.contributions.proposal import about
from edaphon.errors import ContributionRefused

HIDDEN = ["\0", "\x07", "\ud800", "\u202e", "\u2066", "\uffff", "\ufdd0"]


@pytest.mark.parametrize("sign", HIDDEN)
def test_a_title_has_no_signs_that_cannot_be_shown_or_that_turn_others_round(sign: str) -> None:
    with pytest.raises(ContributionRefused, match="cannot be shown"):
        about(f"Survey{sign}2020", None)


@pytest.mark.parametrize("title", ["مسح التربة", "भू‍मि", "👩‍🌾 soil", "\u200eאדמה"])
def test_a_title_may_be_in_any_script(title: str) -> None:
    assert about(title, None).title == title


@pytest.mark.parametrize("sign", HIDDEN)
def test_neither_has_a_reason(desk: Desk, sign: str) -> None:
    one = desk.accept(desk.propose(":other :title 'Other' ."))
    with pytest.raises(ContributionRefused, match="cannot be shown"):
        desk.revert(one, reason=f"wrong{sign}")
    assert desk.state.ledger.contribution(one.id).status == "accepted"


def test_a_reason_may_have_lines(desk: Desk) -> None:
    one = desk.accept(desk.propose(":other :title 'Other' ."), reason="first\nsecond\tthird")
    assert one.reason == "first\nsecond\tthird"


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/hostname",
        "view-source:http://example.org/",
        "http://example.org/\u202efdp.exe",
        "http://example.org/" + "a" * 8000,
        "report.pdf",
    ],
)
def test_a_source_is_what_others_can_look_up(source: str) -> None:
    with pytest.raises(ContributionRefused, match="source") as caught:
        about("x", source)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("source", ["https://example.org/é?q=1#p", "urn:isbn:9780000000000", "doi:10.1000/1"])
def test_a_source_need_not_be_on_the_web(source: str) -> None:
    assert about("x", source).source == source


def test_the_title_of_an_update_leaves_out_what_its_first_line_hides(desk: Desk) -> None:
    made = update(desk.state, EVE, Update(f"# a\0b\u202ec\x07\n{PREFIXES} INSERT DATA {{ :other :title 'Other' }}"))
    assert made is not None
    assert made.title == "SPARQL Update: # a b c"
