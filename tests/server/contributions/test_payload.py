"""Which bytes are read, and which are refused before they can do harm."""

import pytest

from edaphon.contributions.payload import Payload, read
from edaphon.errors import ContributionRefused, ParseError

RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">\n'
    '<rdf:Description rdf:about="http://example.org/a">\n<e:b>{}</e:b>\n</rdf:Description></rdf:RDF>'
)
DECLARED = '<?xml version="1.0"?>\n<!DOCTYPE rdf:RDF [ <!ENTITY soil "ground"> ]>\n'
BOMB = (
    '<!DOCTYPE r [<!ENTITY a0 "soil">'
    + "".join(f'<!ENTITY a{one} "{f"&a{one - 1};" * 10}">' for one in range(1, 10))
    + "]>\n"
)


@pytest.mark.parametrize(("head", "line"), [(DECLARED, 5), (BOMB, 4)])
def test_entities_that_a_document_declares_are_not_expanded(head: str, line: int) -> None:
    name = "soil" if head == DECLARED else "a9"
    with pytest.raises(ParseError, match=f"entity '{name}'") as caught:
        read(Payload((head + RDF.format(f"&{name};")).encode(), "application/rdf+xml"))
    assert caught.value.line == line


@pytest.mark.parametrize("head", ["", DECLARED])
def test_the_five_entities_and_characters_by_number_are_read(head: str) -> None:
    body = (head + RDF.format("&lt;&#97;&#x62;&amp;&gt;&quot;&apos;")).encode()
    (quad,) = read(Payload(body, "application/rdf+xml")).inserted
    assert quad.object.value == "<ab&>\"'"


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/ld+json", "application/rdf+xml", "application/trig"]
)
def test_a_byte_order_mark_is_no_part_of_the_text(media_type: str) -> None:
    body = {
        "application/ld+json": '{"@id": "http://example.org/a", "http://example.org/b": "c"}',
        "application/rdf+xml": RDF.format("c"),
    }.get(media_type, '<http://example.org/a> <http://example.org/b> "c" .')
    (quad,) = read(Payload(body.encode("utf-8-sig"), media_type)).inserted
    assert quad.object.value == "c"


def nested(depth: int) -> str:
    inside = "<<( <http://example.org/a> <http://example.org/b> "
    return f"<http://example.org/a> <http://example.org/b> {inside * depth} 1 {' )>>' * depth} ."


def test_triple_terms_may_stand_in_triple_terms() -> None:
    assert len(read(Payload(nested(32).encode(), "text/turtle")).inserted) == 1


@pytest.mark.parametrize("depth", [33, 2000])
def test_but_not_so_deep_that_readers_break(depth: int) -> None:
    with pytest.raises(ContributionRefused, match=f"{depth} deep; 32 are the most"):
        read(Payload(nested(depth).encode(), "text/turtle"))
