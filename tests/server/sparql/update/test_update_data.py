"""An update of given data becomes the quads that it names, in order and as spelt."""

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from edaphon.errors import ContributionRefused, EngineRefused, QuerySyntax
from edaphon.sparql.update.data import data_only

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
A, B, C, G = (NamedNode(EX + name) for name in "abcg")
PREFIX = f"PREFIX : <{EX}> "


def number(text: str, datatype: str = "integer") -> Literal:
    return Literal(text, datatype=NamedNode(XSD + datatype))


def test_what_is_inserted_and_deleted_comes_in_the_order_of_the_text() -> None:
    inserted, deleted = data_only(
        PREFIX + "INSERT DATA { :c :b 3 . :a :b 1, 2 GRAPH :g { :a :a :a } . :b :b :b }; DELETE DATA { :a :b :c }"
    )
    assert inserted == [
        Quad(C, B, Literal(3)),
        Quad(A, B, Literal(1)),
        Quad(A, B, Literal(2)),
        Quad(A, A, A, G),
        Quad(B, B, B),
    ]
    assert deleted == [Quad(A, B, C)]
    assert all(quad.graph_name == DefaultGraph() for quad in deleted)


def test_literals_stay_as_they_are_spelt() -> None:
    inserted, _ = data_only(PREFIX + f'INSERT DATA {{ :a :b 007, 1.50, +5, "9"^^<{XSD}int>, true, "x"@en }}')
    assert [quad.object for quad in inserted] == [
        number("007"),
        number("1.50", "decimal"),
        number("+5"),
        number("9", "int"),
        number("true", "boolean"),
        Literal("x", language="en"),
    ]


@pytest.mark.parametrize(
    ("operations", "inserted", "deleted"),
    [
        ("INSERT DATA { :a :b 1 }; DELETE DATA { :a :b 1 }", 0, 1),
        ("DELETE DATA { :a :b 1 }; INSERT DATA { :a :b 1 }", 1, 0),
        # The engine keeps both spellings as one.
        ("INSERT DATA { :a :b 01 }; DELETE DATA { :a :b 1 }", 0, 1),
        ("INSERT DATA { :a :b 1 }; DELETE DATA { GRAPH :g { :a :b 1 } }", 1, 1),
        ("INSERT DATA { :a :b 1 }; INSERT DATA { :a :b 1 }", 1, 0),
        ("", 0, 0),
        ("INSERT DATA { }; DELETE DATA { GRAPH :g { } } ;", 0, 0),
    ],
)
def test_the_last_operation_that_names_a_quad_counts(operations: str, inserted: int, deleted: int) -> None:
    came, went = data_only(PREFIX + operations)
    assert (len(came), len(went)) == (inserted, deleted)


def test_blank_nodes_are_new_ones_and_stay_apart() -> None:
    text = PREFIX + "INSERT DATA { _:x :b _:y . _:x :c [ :b (1 2) ] }"
    (first, _), (second, _) = data_only(text), data_only(text)
    nodes = [{quad.subject for quad in quads if isinstance(quad.subject, BlankNode)} for quads in (first, second)]
    assert len(nodes[0]) == 4
    assert not nodes[0] & nodes[1]
    assert first[0].subject == next(quad for quad in first if quad.predicate == C).subject


@pytest.mark.parametrize(
    "block",
    [
        "{:a :b'}{'}",
        "{ :a :b '''GRAPH :g { '''; :b \"# } \" # }\n }",
        "{ :a :b <http://example.org/#'> . } # }",
        "{ :a :b 1GRAPH<http://example.org/g>{:a a 1}:c a 1}",
        "{ GRAPH :g { :a :b :graph } . GRAPH # { \n :g { :a :b 2 } }",
        "{ :a :b :a\\'\\# . :c :b 1 }",
    ],
)
def test_braces_and_words_in_strings_comments_and_names_mislead_nobody(block: str) -> None:
    inserted, _ = data_only(PREFIX + "INSERT DATA" + block)
    assert inserted


def test_triple_terms_and_annotations_are_read() -> None:
    inserted, _ = data_only(PREFIX + "INSERT DATA { :a :b <<( :a :b 1 )>> . :a :b 2 {| :c 3 |} . << :a :b 4 >> :c 5 }")
    assert len(inserted) == 6


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("DELETE WHERE { ?s ?p 1 }", "DELETE WHERE"),
        ("INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", "INSERT WHERE"),
        ("WITH :g DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p ?o }", "DELETE … INSERT WHERE"),
        ("LOAD <http://127.0.0.1:9/>", "LOAD"),
        ("CLEAR ALL", "CLEAR ALL"),
        ("DROP SILENT GRAPH :g", "DROP :g"),
        ("CREATE GRAPH :g", "CREATE GRAPH"),
        ("COPY DEFAULT TO :g", "COPY DEFAULT TO :g"),
    ],
)
def test_any_other_operation_is_refused_by_name_and_place(operation: str, named: str) -> None:
    with pytest.raises(ContributionRefused) as refused:
        data_only(f"{PREFIX}\nINSERT DATA {{ }};\n  {operation}")
    assert f"{named} (line 3, column 3)" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("INSERT DATA { :a :b 1 }", (1, 15), "prefix"),
        (PREFIX + "\nINSERT DATA {\n :a :b ?x }", (3, 8), "`?x` is a variable"),
        (PREFIX + "\nINSERT DATA {\n :a :b 1", (3, 9), "ends too early"),
        (PREFIX + "\nDELETE DATA { :a :b [] }", (2, 21), "Blank nodes"),
        ("SELECT * { ?s ?p ?o }", (1, 1), "an operation"),
    ],
)
def test_a_text_that_is_no_update_is_told_where_it_stops_being_one(
    text: str, place: tuple[int, int], words: str
) -> None:
    with pytest.raises(QuerySyntax) as refused:
        data_only(text)
    assert (refused.value.line, refused.value.column) == place
    assert words in str(refused.value)


def test_a_number_apart_from_its_sign_is_refused_with_what_to_do() -> None:
    with pytest.raises(EngineRefused, match="no space between a sign and its number"):
        data_only(PREFIX + "INSERT DATA { :a :b - 1 }")


@pytest.mark.parametrize(
    "text",
    [
        PREFIX + "INSERT DATA { :a :b :c } ;\n" + PREFIX + "DELETE DATA { :c :b :a }",
        "INSERT DATA { <http://example.org/a> <http://example.org/b> <http://example.org/c> };"
        + PREFIX
        + "DELETE DATA { :c :b :a }",
        PREFIX
        + "INSERT DATA { :a :b :c } ; prefix x:<http://example.org/> PREFIX y: <http://e/> DELETE DATA{x:c :b x:a}",
        PREFIX + "INSERT DATA { :a :b :c } ; # PREFIX : <http://e/>\nDELETE DATA { :c :b :a } ; " + PREFIX,
        PREFIX + 'INSERT DATA { :a :b :c } ; VERSION "1.2" DELETE DATA { :c :b :a }',
    ],
)
def test_prefixes_may_be_declared_after_a_semicolon(text: str) -> None:
    assert data_only(text) == ([Quad(A, B, C)], [Quad(C, B, A)])


def test_what_looks_like_a_declaration_in_a_string_stays() -> None:
    text = PREFIX + 'INSERT DATA { :a :b "; PREFIX : <http://e/>" } ; ' + PREFIX + "INSERT DATA { :a :b :c }"
    assert data_only(text)[0] == [Quad(A, B, Literal("; PREFIX : <http://e/>")), Quad(A, B, C)]


def test_an_operation_behind_a_declaration_is_told_of_where_it_was_written() -> None:
    with pytest.raises(ContributionRefused, match=r"CLEAR.* \(line 3, column 23\)"):
        data_only(PREFIX + "INSERT DATA { :a :b :c } ;\n\nPREFIX x: <http://x/> CLEAR GRAPH x:g")


def test_a_prefix_keeps_its_meaning_in_the_whole_of_an_update() -> None:
    with pytest.raises(QuerySyntax, match="one meaning of a prefix"):
        data_only(PREFIX + "INSERT DATA { :a :b :c } ; PREFIX : <http://e/> INSERT DATA { :a :b :c }")
