"""What does not parse is told of in words that say what to do."""

import pytest
from pyoxigraph import RdfFormat, parse

from edaphon.corpus.complaints import complaint


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("<a> <x:b> 1 .", RdfFormat.TURTLE, "this IRI is relative, and no base is declared; write the whole address"),
        ("edi:fao <x:b> 1 .", RdfFormat.TURTLE, "declare it at the top: PREFIX edi: <https://w3id.org/edaphon/id/>"),
        ("ours:fao <x:b> 1 .", RdfFormat.TURTLE, "declare it at the top: PREFIX ours: <…>"),
        ("<x:a> <x:b> 1", RdfFormat.TURTLE, "the text ends in the middle of a statement"),
        ("<x:a> <x:b> 'open", RdfFormat.TURTLE, "the text ends in the middle of a statement"),
        ("x y", RdfFormat.TURTLE, "an IRI stands between < and >, or is a prefixed name"),
        ("<x:a> <x:b> <x: c> .", RdfFormat.TURTLE, "Invalid IRI code point ' '"),
        ('{"@context": "http://example.org/c"}', RdfFormat.JSON_LD, "none is fetched, so put the context itself there"),
        ("<x>", RdfFormat.RDF_XML, "this is no RDF/XML"),
    ],
)
def test_a_complaint_says_what_to_do(text: str, form: RdfFormat, said: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        list(parse(text, form))
    assert said in complaint(caught.value)
    assert "Parser error" not in complaint(caught.value)
