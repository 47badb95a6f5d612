"""What the tests of the store share: a small corpus in a folder, and what a state says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Store

from edaphon.store.state import State

EX = "http://example.org/"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one alignment and of a document with two paragraphs that state one triple both."""
    root = tmp_path / "corpus"
    (root / "ontology").mkdir(parents=True)
    (root / "data" / "documents").mkdir(parents=True)
    (root / "ontology" / "terms.ttl").write_text(
        f"<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}B> .", encoding="utf-8"
    )
    (root / "data" / "documents" / "one.trig").write_text(
        f"GRAPH <{EX}para-1> {{ <{EX}x> a <{EX}A> . }} GRAPH <{EX}para-2> {{ <{EX}x> a <{EX}A> . }}", encoding="utf-8"
    )
    return root


@pytest.fixture
def says() -> Callable[[State], set[str]]:
    """The quads of the published revision as lines, the ontology's own left out."""

    def lines(state: State) -> set[str]:
        store = Store.read_only(str(state.current().folder))
        return {str(quad).replace(EX, "").replace("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "") for quad in store}

    return lines
