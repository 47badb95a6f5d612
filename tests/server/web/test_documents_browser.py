"""What a person sees who follows the links of the graph: a thing, who says so, what else that passage says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import needs_chromium
from playwright.sync_api import Page, ViewportSize, expect
from serving import serving

from edaphon.store.preparing import prepare
from edaphon.store.state import State

PHONE: ViewportSize = {"width": 390, "height": 844}
PARAGRAPH = "Progress report, paragraph 1"

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The shipped graph, served."""
    state = State.open(Path(tmp_path_factory.mktemp("documents")) / "state")
    prepare(state)
    with serving(state, "--workers", "2", "--processes", "1") as server:
        yield server.url


def test_a_statement_leads_to_who_makes_it_and_on_from_there(page: Page, address: str) -> None:
    page.goto(f"{address}/id/fao")
    expect(page.get_by_role("heading", level=1)).to_have_text("FAO")
    about = page.get_by_role("region", name="What is said of it")
    about.get_by_role("link", name=PARAGRAPH, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(PARAGRAPH)
    states = page.get_by_role("region", name="What it states itself")
    states.get_by_role("link", name="Convention on Biological Diversity", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Convention on Biological Diversity")
    page.get_by_role("link", name="treaty regime").first.click()
    assert page.url == f"{address}/ontology#TreatyRegime"
    expect(page.locator("#TreatyRegime")).to_be_in_viewport()


def test_what_only_follows_is_folded_away(page: Page, address: str) -> None:
    page.goto(f"{address}/doc/fao")
    follows = page.get_by_role("region", name="What follows for it")
    expect(follows).to_be_hidden()
    page.get_by_text("What follows from that by the ontology").click()
    expect(follows).to_be_visible()


def test_an_earlier_version_is_found_and_says_that_it_is_one(page: Page, address: str) -> None:
    page.goto(f"{address}/doc/fao")
    page.get_by_role("link", name="earlier versions").click()
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(page.get_by_text("As it was in revision 1")).to_be_visible()
    page.get_by_role("link", name="See it as it is now.").click()
    assert page.url == f"{address}/doc/fao"


@pytest.mark.parametrize(
    "path",
    ["/doc/fao", "/source/progress-report/para-1", "/concept/soil-biodiversity?revision=1", "/ontology", "/shapes"],
)
def test_no_document_is_wider_than_a_phone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
