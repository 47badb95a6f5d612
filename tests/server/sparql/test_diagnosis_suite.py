"""The diagnosis reads every query and update that the W3C suites call well formed, and places a fault in all others."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse

import pyoxigraph as ox
import pytest
from shared import shared

from edaphon.sparql.diagnosis.diagnose import diagnose, locate
from edaphon.sparql.diagnosis.grammar import read

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
# Negative tests that the engine accepts, so that nothing can be said about them.
ACCEPTED = {"nested-aggregate-functions.rq", "tripleterm-subject-03.rq", "tripleterm-subject-06.rq"}
UPDATE = {".rq": False, ".ru": True}


@cache
def suites() -> dict[Path, bool]:
    """Every query and update that the manifests of both suites name, and whether it is well formed."""
    found = {}
    for folder in (shared("w3c/sparql11"), shared("w3c/sparql12")):
        for manifest in folder.rglob("manifest*.ttl"):
            store = ox.Store()
            store.load(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
            for test, _, action, _ in store.quads_for_pattern(None, ox.NamedNode(f"{MF}action"), None):
                kinds = [quad.object.value for quad in store.quads_for_pattern(test, TYPE, None)]
                # A syntax test's action is the file; an evaluation's has properties, of which one is the file.
                parts = [action, *(quad.object for quad in store.quads_for_pattern(action, None, None))]
                for part in parts:
                    path = Path(unquote(urlparse(part.value).path))
                    if path.suffix in UPDATE:
                        found[path] = not any(kind.startswith(f"{MF}Negative") for kind in kinds)
    return found


def test_every_well_formed_text_of_the_suites_follows_the_grammar() -> None:
    good = [path for path, well_formed in suites().items() if well_formed]
    assert len(good) > 500
    strayed = {}
    for path in good:
        text = path.read_bytes().decode()
        stray = read(text, update=UPDATE[path.suffix]).stray
        if stray is not None:
            strayed[f"{path.parent.name}/{path.name}"] = locate(text, int(stray.start_pos or 0))
    assert strayed == {}


def test_every_ill_formed_text_of_the_suites_has_its_fault_placed_and_named() -> None:
    refused = [path for path, well_formed in suites().items() if not well_formed and path.name not in ACCEPTED]
    assert len(refused) > 120
    for path in refused:
        text, update = path.read_bytes().decode(), UPDATE[path.suffix]
        with pytest.raises(SyntaxError) as caught:
            ox.Store().update(text) if update else ox.Store().query(text)
        fault = diagnose(text, str(caught.value), update=update)
        assert (1, 1) <= (fault.line, fault.column) <= locate(text, len(text)), path.name
        assert "does not say why" not in str(fault), path.name
        assert str(fault).isprintable(), path.name
