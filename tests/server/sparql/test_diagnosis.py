"""What the service says of queries and updates that the engine refuses: the place, the fault, the way out."""

import pyoxigraph as ox
import pytest

from edaphon.errors import QuerySyntax
from edaphon.namespaces import PREFIXES
from edaphon.sparql.diagnosis.diagnose import diagnose, locate

# The place stands before the token that cannot stand there.
PLACE = "▲"

# A query, and words that the detail and the hint together must have.
QUERIES: list[tuple[str, tuple[str, ...]]] = [
    # Nothing, or not yet a query.
    ("▲", ("ends too early", "SELECT")),
    ("▲   ", ("ends too early",)),
    ("▲# SELECT * {}", ("commented out",)),
    ("▲hello", ("not a word of SPARQL", "begins with SELECT")),
    ("▲{ ?s ?p ?o }", ("begins with SELECT",)),
    ("SELECT▲", ("ends too early", "a variable")),
    ("SELECT ?s WHERE▲ \n ", ("ends too early", "WHERE { … }")),
    # Misspelt or misplaced words.
    ("▲SELEC * { ?s ?p ?o }", ("Did you mean SELECT?",)),
    ("SELECT DISTINT▲ ?s { ?s ?p ?o }".replace("DISTINT▲", "▲DISTINT"), ("Did you mean DISTINCT?",)),
    ("SELECT * ▲WERE { ?s ?p ?o }", ("Did you mean WHERE?",)),
    ("SELECT * WHERE { ?s ?p ?o } ▲LIMT 5", ("Did you mean LIMIT?", "ORDER BY", "the end of the query")),
    ("SELECT * { ?s ?p ?o } ▲ORDR BY ?s", ("Did you mean ORDER BY?",)),
    ("SELECT * { ?s ?p ?o ▲OPTINAL { ?a ?b ?c } }", ("Did you mean OPTIONAL?",)),
    ("SELECT * { ?s ?p ?o ▲FLITER(?o) }", ("Did you mean FILTER?",)),
    ("SELECT * { ?s ?p ?o FILTER NOT ▲EXIST { ?a ?b ?c } }", ("Did you mean EXISTS?",)),
    ("SELECT ?s { ?s ?p ?o } ORDER ▲?s", ("Write ORDER BY",)),
    ("SELECT ?s { ?s ?p ?o } LIMIT 5 ▲ORDER BY ?s", ("The order is GROUP BY",)),
    ("SELECT ?s { ?s ?p ?o ▲LIMIT 5 }", ("LIMIT comes after the closing `}`",)),
    ("SELECT ?s { ?s ?p ?o } LIMIT ▲-1", ("whole number",)),
    ("SELECT ?s { ?s ?p ?o } LIMIT 5▲, 10", ("OFFSET",)),
    ("SELECT ?s { ?s ?p ?o } LIMIT ▲99999999999999999999", ("larger",)),
    ("SELECT ?s { ?s ?p ?o } ORDER BY ?s▲, ?p", ("not commas",)),
    ("SELECT ?s { ?s ?p ?o } ORDER BY ASC ▲?s", ("ASC(?variable)",)),
    ("ASK { ?s ▲A ?o }", ("small a",)),
    ("ASK { FILTER(▲TRUE) }", ("small letters: true",)),
    # SELECT.
    ("SELECT ▲{ ?s ?p ?o }", ("SELECT * for everything",)),
    ("SELECT ▲name { ?s ?p ?name }", ("?name",)),
    ("SELECT ▲COUNT(?s) { ?s ?p ?o }", ("(COUNT(…) AS ?name)",)),
    ("SELECT (COUNT(?s)▲) { ?s ?p ?o }", ("(expression AS ?name)",)),
    ("SELECT ?s▲, ?p { ?s ?p ?o }", ("not commas",)),
    ("SELECT ?s ▲AS ?t { ?s ?p ?o }", ("(?s AS ?name)",)),
    ("SELECT ?a ▲?a { ?a ?b ?c }", ("selected twice",)),
    ("SELECT (1 AS ▲?s) { ?s ?p ?o }", ("already used in the WHERE clause",)),
    ("SELECT ▲?s { ?s ?p ?o } GROUP BY ?p", ("not in GROUP BY", "SAMPLE(?s)")),
    ("SELECT ?p (STR(▲?s) AS ?t) { ?s ?p ?o } GROUP BY ?p", ("not in GROUP BY",)),
    ("SELECT ▲?s (COUNT(?o) AS ?n) { ?s ?p ?o }", ("not in GROUP BY",)),
    ("SELECT ▲* { ?s ?p ?o } GROUP BY ?s", ("SELECT * does not go together with GROUP BY",)),
    ("SELECT ?t { ?s ?p ?o } GROUP BY (?s AS ▲?t)", ("does not rename",)),
    ("SELECT (COUNT(?s) AS ?n) (▲?n AS ?m) { ?s ?p ?o }", ("this same SELECT",)),
    ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } ▲GROUP BY ?s", ("sub-SELECT",)),
    ("SELECT * { ?s ?p ?o } ▲ASK {}", ("one query",)),
    ("SELECT * { ?s ?p ?o } ▲;", ("without a semicolon",)),
    # Prefixes and IRIs.
    ("ASK { ?s ?p ▲?🪱 }", ("beyond U+FFFF", "`?🪱`", "Choose a name")),
    ("ASK { ?s ?p ▲_:a🪱 }", ("beyond U+FFFF",)),
    ("PREFIX ▲🪱: <http://e/> ASK {}", ("U+1FAB1", "write the IRI in full")),
    ("PREFIX e: <http://e/> ASK { ?s ?p ▲e:a🪱 }", ("U+1FAB1", "write the IRI in full")),
    ("BASE <urn:e:a> ASK { <#s> ?p ?o ▲! }", ("`!` cannot stand here",)),
    ("SELECT * { ?s ▲rdfs:label ?o }", (f"PREFIX rdfs: <{PREFIXES['rdfs']}>",)),
    ("SELECT * { ?s ▲foo:bar ?o }", ("`foo:` is not declared", "PREFIX foo:")),
    ("PREFIX foaf: <http://xmlns.com/foaf/0.1/>\nASK { ?s ▲foaff:name ?o }", ("Did you mean `foaf:`",)),
    ("ASK { ?s ?p '1'^^▲xsd:int }", (f"<{PREFIXES['xsd']}>",)),
    ("PREFIX ▲ex <http://example.org/> ASK {}", ("with a colon",)),
    ("PREFIX ex: ▲http://example.org/ ASK {}", ("between < and >",)),
    ("PREFIX ex: <http://example.org/> ▲. ASK {}", ("no dot",)),
    ("▲@prefix ex: <http://example.org/> . ASK {}", ("without @",)),
    ("ASK { ?s ▲http://example.org/p ?o }", ("between < and >",)),
    ("ASK { ▲<a> ?p ?o }", ("relative", "BASE")),
    ("ASK { ▲<http://example.org/a b> ?p ?o }", ("space", "%20")),
    ("ASK { ▲<http://example.org/%zz> ?p ?o }", ("not a valid IRI",)),
    ("ASK { ?s ?p ▲<http://example.org/a }", ("not closed by `>`",)),
    ("PREFIX ex: <http://example.org/> ASK { ?s ▲ex:a.b.c ?o }", ("one dot", "<http://example.org/a.b.c>")),
    # Statements.
    ("ASK { ?s ?p ▲}", ("The object is missing",)),
    ("ASK { ?s ▲}", ("The predicate is missing",)),
    ("ASK { ?s ?p ?o ; ?q ▲}", ("The object is missing",)),
    ("ASK { ?s ?p ?o\n  ▲?s ?q ?r }", ("with a dot",)),
    ("ASK { ?s ?p ?o . ▲. }", ("One dot is enough",)),
    ("ASK { ?s ▲'p' ?o }", ("Only an IRI, a variable or a property path",)),
    ("ASK { ?s ?p 5 ▲+ 3 }", ("BIND",)),
    ("ASK { ?s <http://example.org/p>▲{2} ?o }", ("no counts",)),
    ("ASK { ?s ?p 'a'@▲ en }".replace("@▲", "▲@"), ("right after its string",)),
    ("ASK { ?s ?p 'a'▲@en--up }", ("ltr",)),
    ("ASK { ?s ?p 'a'▲@toolonglanguage }", ("not a language tag",)),
    ("CONSTRUCT { ?s <http://example.org/p>▲/<http://example.org/q> ?o } { ?s ?p ?o }", ("Property paths",)),
    # Strings and characters.
    ("ASK { ?s ?p ▲'soil }", ("does not end", "Close the string with '")),
    ('ASK { ?s ?p ▲"""soil\n\n" }', ("does not end", '"""')),
    ("ASK { ?s ?p ▲'a\\q' }", ("`\\q`",)),
    ("ASK { ?s ?p 'it'▲s' }", ("the other kind of quotes",)),
    ("ASK { ?s ?p ▲“soil” }", ("LEFT DOUBLE QUOTATION MARK".lower(), "straight quotes")),
    ("ASK▲\u00a0{ ?s ?p ?o }", ("no-break space", "looks like a space")),
    ("ASK { ?s ?p ?o FILTER(?o ▲\u2013 1 = 0) }", ("plain hyphen",)),
    ("ASK { ?s ?p ?o FILTER(?o ▲&lt; 1) }", ("escaped for HTML", "<")),
    ("SELECT▲%20*%20WHERE%20%7B%7D", ("URL-encoded", "SELECT * WHERE {}")),
    ("SELECT▲+*+WHERE+{?s+?p+?o}", ("URL-encoded",)),
    # Expressions.
    ("ASK { ?s ?p ?o FILTER ▲?o > 1 }", ("in parentheses",)),
    ("ASK { ?s ?p ?o FILTER(?o =▲= 1) }", ("a single =",)),
    ("ASK { ?s ?p ?o FILTER(?o <▲> 1) }", ("!=",)),
    ("ASK { ?s ?p ?o FILTER(?o > 1 ▲AND ?o < 9) }", ("&&",)),
    ("ASK { FILTER(1 < 2 ▲< 3) }", ("do not chain",)),
    ("ASK { ?s ?p ?o FILTER(?o ▲LIKE 'x') }", ("CONTAINS",)),
    ("ASK { ?s ?p ?o FILTER(?o IN ▲?p) }", ("a list in parentheses",)),
    ("ASK { ?s ?p ?o FILTER(NOT▲ ?o) }".replace("▲ ?o", " ▲?o"), ("negated by !",)),
    ("ASK { FILTER(▲STRLENGTH('a') > 2) }", ("Did you mean STRLEN?",)),
    ("ASK { FILTER(▲LENGTH('a') > 2) }", ("STRLEN",)),
    ("ASK { FILTER(▲FROBNICATE('a') > 2) }", ("no function FROBNICATE",)),
    ("ASK { FILTER(STRLEN('a'▲, 'b')) }", ("STRLEN(text)",)),
    ("ASK { FILTER(IF(1, 2▲)) }", ("IF(condition",)),
    ("ASK { FILTER REGEX('a'▲) }", ("REGEX(text, pattern, [flags])",)),
    ("ASK { FILTER(NOW▲(1) = 1) }", ("NOW()",)),
    ("ASK { FILTER(CONCAT ▲('a', 'b') = 'ab') }", ("no space",)),
    ("SELECT (SUM(▲*) AS ?n) {}", ("Only COUNT takes *",)),
    ("SELECT (GROUP_CONCAT(?s▲, ',') AS ?n) { ?s ?p ?o }", ("SEPARATOR",)),
    ("SELECT ?s { ?s ?p ?o FILTER(▲COUNT(?o) > 1) }", ("HAVING",)),
    ("SELECT (<http://example.org/f>(▲DISTINCT ?s) AS ?n) { ?s ?p ?o }", ("aggregate",)),
    # Groups.
    ("SELECT * {\n  ?s ?p ?o .\n  { ?a ?b ?c }▲\n\n", ("ends too early", "opened at line 1, column 10")),
    ("ASK { ?s ?p ?o }▲}", ("one `}` too many",)),
    ("ASK { ?s ?p (1 2 ▲}", ("The `(` opened at line 1, column 13",)),
    ("ASK { FILTER(?o > (1 + 2) ▲}", ("The `(` opened at line 1, column 13",)),
    ("ASK { ?s ?p [ ?a ?b ▲}", ("The `[` opened",)),
    ("ASK { OPTIONAL ▲?s ?p ?o }", ("OPTIONAL { … }",)),
    ("SELECT * WHERE ▲?s ?p ?o", ("WHERE { … }",)),
    ("ASK { ?s ?p ?o } ▲UNION { ?a ?b ?c }", ("{ … } UNION { … }",)),
    ("ASK { ?s ?p ?o . ▲SELECT ?x { ?x ?y ?z } }", ("braces of its own",)),
    ("ASK { BIND(?x ▲:= 1) }", ("BIND(expression AS ?variable)",)),
    ("ASK { ?x ?y ?z BIND(1 AS ▲?x) }", ("already has a value",)),
    ("ASK { ?x ?y ?z LATERAL { BIND(1 AS ▲?x) } }", ("LATERAL",)),
    ("ASK { _:a ?p ?o . { ▲_:a ?q ?r } }", ("another group",)),
    ("ASK { VALUES (?a ?b) { (1 2) (3▲) } }", ("1 value for 2 variables", "UNDEF")),
    ("ASK { VALUES (?a ?b) { (1 'x'@en ▲-3) } }", ("3 values for 2 variables",)),
    ("ASK { VALUES (?a ▲?a) { (1 2) } }", ("twice",)),
    ("ASK { VALUES ?a { ▲?b } }", ("VALUES takes",)),
    ("ASK { ?s <http://example.org/p>/<http://example.org/q> ?o ▲~ }", ("not a property path",)),
    # An update.
    ("PREFIX ex: <http://example.org/>\n▲INSERT DATA { ex:a ex:b 1 }", ("send it as an update",)),
]

UPDATES: list[tuple[str, tuple[str, ...]]] = [
    ("▲SELECT * {}", ("send it as a query",)),
    ("INSERT { ?s ?p ?o }▲", ("WHERE { … }",)),
    ("INSERT DATA { <http://e/a> <http://e/b> ▲?c }", ("a variable", "INSERT { … } WHERE { … }")),
    ("INSERT DATA { ▲'a' <http://e/b> 1 }", ("subject",)),
    ("DELETE DATA { ▲_:a <http://e/b> 1 }", ("Blank nodes cannot be used in DELETE DATA",)),
    ("DELETE WHERE { ▲[] ?p ?o }", ("Blank nodes cannot be used in DELETE WHERE",)),
    ("DELETE { ?s ?p ▲_:b } WHERE { ?s ?p ?o }", ("Blank nodes cannot be used in DELETE",)),
    ("INSERT DATA {} ▲INSERT DATA {}", ("semicolon between",)),
    ("INSERT DATA {} ; ▲; INSERT DATA {}", ("One semicolon",)),
    ("INSERT DATA {} ; ▲BASE <http://e/> INSERT DATA {}", ("only at the start",)),
    ("PREFIX e: <http://e/> INSERT DATA {} ; PREFIX ▲e: <http://f/> INSERT DATA {}", ("<http://e/> above", "another")),
    ("INSERT DATA {} ; PREFIX e: <http://e/> INSERT DATA { ▲f:a e:b e:c }", ("`f:` is not declared",)),
    ("INSERT DATA {} ; PREFIX e: <http://e/> INSERT DATA { e:a e:b ▲}", ("expected",)),
    ("INSERT DATA { _:a <http://e/p> 1 } ;\nINSERT DATA { ▲_:a <http://e/p> 2 }", ("earlier operation",)),
    ("CLEAR ▲<http://e/g>", ("Write GRAPH",)),
    ("COPY <http://e/g> ▲<http://e/h>", ("Write TO",)),
    ("LOAD <http://e/g> INTO ▲<http://e/h>", ("Write GRAPH",)),
    ("INSERT DATA { <http://e/a> ▲^<http://e/b> 1 }", ("Property paths",)),
]


def refusal(text: str, *, update: bool = False) -> str:
    """What the engine says of a text that it must refuse."""
    store = ox.Store()
    with pytest.raises(SyntaxError) as caught:
        store.update(text) if update else store.query(text)
    return str(caught.value)


def found(text: str, *, update: bool = False) -> QuerySyntax:
    return diagnose(text, refusal(text, update=update), update=update)


def check(marked: str, words: tuple[str, ...], *, update: bool) -> None:
    text = marked.replace(PLACE, "")
    before = marked[: marked.index(PLACE)].split("\n")
    fault = found(text, update=update)
    assert (fault.line, fault.column) == (len(before), len(before[-1]) + 1), str(fault)
    said = f"{fault} {fault.hint or ''}"
    for word in words:
        assert word in said, said


@pytest.mark.parametrize(("marked", "words"), QUERIES, ids=[text for text, _ in QUERIES])
def test_a_broken_query_is_explained_where_it_breaks(marked: str, words: tuple[str, ...]) -> None:
    check(marked, words, update=False)


@pytest.mark.parametrize(("marked", "words"), UPDATES, ids=[text for text, _ in UPDATES])
def test_a_broken_update_is_explained_where_it_breaks(marked: str, words: tuple[str, ...]) -> None:
    check(marked, words, update=True)


@pytest.mark.parametrize(("marked", "_words"), [*QUERIES, *UPDATES], ids=[text for text, _ in [*QUERIES, *UPDATES]])
def test_a_message_is_a_sentence_without_the_engines_grammar(marked: str, _words: tuple[str, ...]) -> None:
    update = (marked, _words) in UPDATES
    fault = found(marked.replace(PLACE, ""), update=update)
    for said in (str(fault), *([fault.hint] if fault.hint else [])):
        assert said[0] in "`<'\"" or said[0].upper() == said[0]
        assert "\\u{" not in said
        assert "[_]" not in said
    assert str(fault).endswith(".")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_and_columns_do_not_depend_on_line_ends(end: str) -> None:
    lines = ["# what lives here", "SELECT *", "WHERE {", "\t?s ?p '''a", "b''' ; ?q", "}"]
    fault = found(end.join(lines))
    assert (fault.line, fault.column) == (6, 1)


@pytest.mark.parametrize("text", ["soil", "Böden", "土壤", "🪱🪱", "e\u0301"])
def test_columns_count_characters_whatever_their_encoding(text: str) -> None:
    fault = found(f"ASK {{ ?s ?p '{text}' }} LIMT 1")
    assert (fault.line, fault.column) == (1, len(f"ASK {{ ?s ?p '{text}' }} ") + 1)


def test_a_byte_order_mark_is_named_when_nothing_else_is_wrong_and_counts_as_nothing() -> None:
    fault = found("\ufeffASK {}")
    assert (fault.line, fault.column) == (1, 1)
    assert "byte order mark" in str(fault)
    fault = found("\ufeffASK {} LIMT 1")
    assert (fault.line, fault.column) == (1, 8)


def test_offsets_become_lines_and_columns() -> None:
    text = "a\tb\r\nc🪱d\re\n\nf"
    places = {1: (1, 2), 2: (1, 3), 5: (2, 1), 7: (2, 3), 9: (3, 1), 11: (4, 1), 12: (5, 1), 13: (5, 2)}
    assert {offset: locate(text, offset) for offset in places} == places
    assert locate("\ufeffab", 0) == (1, 1)
    assert locate("\ufeffab", 1) == (1, 1)
    assert locate("\ufeffab", 2) == (1, 2)


def test_two_words_in_one_are_read_as_the_engine_reads_them() -> None:
    ox.Store().query("SELECTDISTINCT*{?s ?p ?o}LIMIT5")
    fault = found("SELECTDISTINCT*{?s ?p ?o}LIMIT5 6")
    assert (fault.line, fault.column) == (1, 33)


def test_a_keyword_may_touch_a_name_unless_the_two_make_another_name() -> None:
    prefix = "PREFIX : <http://example.org/> "
    ox.Store().query(prefix + "ASK { GRAPH:g { ?s ?p ?o } }")
    assert found(prefix + "ASK { GRAPH:g { ?s ?p } }").column == len(prefix) + 23
    assert found("ASK { GRAPH:g { ?s ?p ?o } }").column == 12
    assert found("PREFIX graph: <http://example.org/> ASK { graph:g ?p ?o ?q }").column == 57


def test_a_less_than_sign_is_an_operator_where_no_iri_may_stand() -> None:
    ox.Store().query("ASK { ?a ?b ?c FILTER(?a<?b&&?c>?b) }")
    fault = found("ASK { ?a ?b ?c FILTER(?a<?b&&?c>) }")
    assert (fault.line, fault.column) == (1, 33)


def test_many_brackets_do_not_exhaust_the_stack() -> None:
    depth = 10_000
    # The engine itself would overflow its stack, so it is not asked.
    fault = diagnose("ASK { FILTER(" + "(" * depth + "1" + ")" * (depth - 1) + ") }", "error at 1:1: expected [_]")
    assert (fault.line, fault.column) == (1, len("ASK { FILTER(") + 2 * depth + 3)
    fault = diagnose("ASK " + "{" * depth + "}" * depth + "}", "error at 1:1: expected [_]")
    assert (fault.line, fault.column) == (1, 5 + 2 * depth)
    fault = diagnose("ASK " + "{" * depth + "BIND(1 AS ?a) BIND(2 AS ?a)" + "}" * depth, "error at 1:1: expected [_]")
    assert (fault.line, fault.column) == (1, 5 + depth + len("BIND(1 AS ?a) BIND(2 AS "))


def test_where_nothing_is_found_the_engines_own_place_is_given_in_plain_words() -> None:
    fault = diagnose("ASK { ?s ?p ?o }", "error at 1:13: expected one of [_], OPTIONAL")
    assert (fault.line, fault.column) == (1, 13)
    assert str(fault) == "The engine refuses this query, and does not say why; it stopped reading near here."
    fault = diagnose("ASK { ?s ?p ?o }", "error at 9:99: expected one of BIND is overriding an existing variable, [_]")
    assert str(fault).startswith("BIND gives a value to a variable that already has one.")
    assert fault.line == 1


def test_a_text_too_long_to_be_read_to_the_end_still_gets_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edaphon.sparql.diagnosis.diagnose.MOST", 20)
    fault = diagnose("ASK { ?s ?p ?o .\n ?s ?p ?o } LIMT 1", "error at 2:16: expected LIMIT")
    assert (fault.line, fault.column) == (2, 16)
    assert "too long to say more" in str(fault)
    assert "The first 20 characters" in (fault.hint or "")
