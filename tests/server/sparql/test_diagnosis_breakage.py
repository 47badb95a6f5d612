"""A valid query broken in any way gets a diagnosis, and one broken at a known place gets that place."""

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token

from edaphon.errors import QuerySyntax
from edaphon.sparql.diagnosis.diagnose import diagnose, locate
from edaphon.sparql.diagnosis.grammar import read
from edaphon.sparql.diagnosis.scanning import END

VALID = [
    """PREFIX ex: <http://example.org/>
SELECT DISTINCT ?s (COUNT(?o) AS ?n) # how many
WHERE { ?s a ex:Thing ; ex:p/ex:q* ?o . FILTER(?o > 1 && STRLEN(STR(?s)) < 20) }
GROUP BY ?s HAVING (COUNT(?o) > 2) ORDER BY DESC(?n) ?s LIMIT 10 OFFSET 5""",
    """BASE <http://example.org/>
CONSTRUCT { ?s <p> [ <q> "soil"@en , 'x'^^<t> , -1.5e3 ] }
FROM <g> WHERE { GRAPH ?g { ?s !(<p>|^<q>) (1 ?x "y") } OPTIONAL { ?s ?p ?o BIND(IF(BOUND(?o), 1, 0) AS ?b) } }""",
    """SELECT * { { ?a ?b ?c } UNION { ?d ?e ?f MINUS { ?a ?b ?f } }
  VALUES (?x ?y) { (1 UNDEF) ("a" <http://example.org/b>) }
  FILTER NOT EXISTS { << ?a ?b ?c ~ ?r >> ?q <<( ?a ?b ?c )>> } }""",
    "ASK { ?s ?p ?o ~ ?r {| ?q 1 |} . LATERAL { SELECT ?s { ?s ?q ?z } LIMIT 1 } }",
    "DESCRIBE ?s <http://example.org/a> WHERE { ?s ?p 'it''s' , true }".replace("''", ""),
]
UPDATES = [
    """PREFIX ex: <http://example.org/>
INSERT DATA { ex:a ex:b 1 . GRAPH ex:g { ex:c a ex:D } } ;
WITH ex:g DELETE { ?s ?p ?o } INSERT { ?s ?p 2 } USING ex:h WHERE { ?s ?p ?o } ;
COPY SILENT ex:g TO DEFAULT ; CLEAR ALL""",
]
WORDS = [*"{}()[].;,^|/*+-?!=<>~@&%$\\'\"", "SELECT", "WHERE", "FILTER", "foo", "ex:a", "?x", "5", "<http://e/a>", "AS"]

texts = st.sampled_from([*((text, False) for text in VALID), *((text, True) for text in UPDATES)])


def tokens(text: str, update: bool) -> tuple[Token, ...]:
    reading = read(text, update=update)
    assert reading.tree is not None
    return reading.tokens


def refusal(text: str, update: bool) -> str | None:
    """What the engine says of a text; None where it takes it."""
    try:
        if update:
            # Nothing is stored and nothing is loaded: an update that parses runs on an empty store.
            ox.Store().update(text)
        else:
            ox.Store().query(text)
    except SyntaxError as error:
        return str(error)
    except (OSError, RuntimeError, ValueError):
        return None
    return None


def check(text: str, update: bool) -> QuerySyntax | None:
    """Whatever the text, the engine's refusal has a diagnosis within it, behind tokens that could stand there."""
    message = refusal(text, update)
    if message is None:
        # Of a query that the engine takes, nothing is found wrong; of updates, it takes more than the grammar allows.
        assert update or "does not say why" in str(diagnose(text, ""))
        return None
    fault = diagnose(text, message, update=update)
    assert type(fault) is QuerySyntax
    assert (1, 1) <= (fault.line, fault.column) <= locate(text, len(text))
    assert str(fault)
    reading = read(text, update=update)
    if reading.stray is not None:
        before = read(text[: reading.stray.start_pos], update=update)
        assert before.stray is None or before.stray.type == END
    return fault


@pytest.mark.parametrize(("text", "update"), [*((text, False) for text in VALID), *((text, True) for text in UPDATES)])
def test_the_texts_that_are_broken_below_are_whole(text: str, update: bool) -> None:
    assert refusal(text, update) is None
    assert read(text, update=update).stray is None


@given(texts, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_text_without_one_of_its_tokens_is_diagnosed(case: tuple[str, bool], data: st.DataObject) -> None:
    text, update = case
    token = data.draw(st.sampled_from(tokens(text, update)))
    check(text[: token.start_pos] + text[token.end_pos :], update)


@given(texts, st.sampled_from(WORDS), st.data())
@settings(max_examples=250, deadline=None, derandomize=True)
def test_a_text_with_a_token_too_many_is_diagnosed(case: tuple[str, bool], word: str, data: st.DataObject) -> None:
    text, update = case
    token = data.draw(st.sampled_from(tokens(text, update)))
    check(f"{text[: token.start_pos]}{word} {text[token.start_pos :]}", update)


@given(texts, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_sign_that_means_nothing_is_found_where_it_was_put(case: tuple[str, bool], data: st.DataObject) -> None:
    text, update = case
    token = data.draw(st.sampled_from(tokens(text, update)))
    place = int(token.start_pos or 0)
    broken = f"{text[:place]}§ {text[place:]}"
    fault = check(broken, update)
    assert fault is not None
    assert (fault.line, fault.column) == locate(broken, place)


@given(texts, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_text_cut_short_ends_behind_its_last_token(case: tuple[str, bool], data: st.DataObject) -> None:
    text, update = case
    kept = data.draw(st.integers(0, len(tokens(text, update)) - 1))
    cut = text[: tokens(text, update)[kept].start_pos]
    fault = check(cut, update)
    if fault is not None and read(cut, update=update).stray is not None:
        end = int(tokens(text, update)[kept - 1].end_pos or 0) if kept else 0
        assert (fault.line, fault.column) == locate(cut, end)


PIECES = [*"{}()<>?:;.,'\"\\#@^|&=!ab1 \n\r\t", "SELECT ", "ASK ", "ex:", "🪱", "\ufeff"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_at_all_is_diagnosed(text: str) -> None:
    check(text, False)
    check(text, True)
