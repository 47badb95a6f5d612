"""What a person sees in a browser: the start page, an example that runs, a mistake that is explained."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from browser import needs_chromium
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
EXAMPLE = "How many took part in each event, and whether that is a lower bound"

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The shipped graph, served by the command itself."""
    state = tmp_path_factory.mktemp("browser") / "state"
    command = [sys.executable, "-m", "edaphon", "serve", "--port", "0", "--state", str(state), "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        yield "http" + server.stdout.readline().rpartition("http")[2].strip()
        server.terminate()


def test_an_example_leads_to_its_answer(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name=EXAMPLE).click()
    page.get_by_role("button", name="Run the query").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The answer")
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="Global Symposium on Soil Biodiversity").filter(has_text="5000")).to_have_count(1)


def test_a_mistake_is_explained_and_the_text_kept(page: Page, address: str) -> None:
    page.goto(f"{address}/sparql")
    page.get_by_role("textbox").fill("SELECT *\nWHERE { ?s ?p ?o } LIMT 5")
    page.get_by_role("button", name="Run the query").click()
    expect(page.get_by_text("Line 2, column 20")).to_be_visible()
    expect(page.get_by_text("LIMIT")).not_to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_value("SELECT *\nWHERE { ?s ?p ?o } LIMT 5")


@pytest.mark.parametrize("path", ["/", "/sparql", "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+50"])
def test_no_page_is_wider_than_a_phone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_form_can_be_used_with_the_keyboard_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/sparql")
    page.get_by_role("textbox").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("ASK { ?s ?p ?o }")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Yes (true)")).to_be_visible()
