"""What somebody sends to be checked is read without expanding what it declares itself."""

import pytest

from edaphon.conformance.submission import Submission
from edaphon.errors import ParseError


def test_entities_that_a_document_declares_are_not_expanded() -> None:
    body = (
        '<!DOCTYPE rdf:RDF [<!ENTITY soil "ground">]>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">\n'
        '<rdf:Description rdf:about="http://example.org/a" e:b="&soil;"/></rdf:RDF>'
    )
    with pytest.raises(ParseError, match="the body:3: the entity 'soil'"):
        list(Submission("the body", body.encode(), "application/rdf+xml").quads())
