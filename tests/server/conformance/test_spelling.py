"""Literals are judged as they were submitted, although the engine keeps values and not spellings."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine, findings
from edaphon.conformance.engine.lexical import is_well_formed
from edaphon.conformance.engine.spelling import PLAIN, Spelling
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.reading.graph import read_shapes

XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = f"PREFIX ex: <http://example.org/> PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX xsd: <{XSD}> "


def literal(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + datatype))


def shapes(constraint: str) -> Shapes:
    return read_shapes(
        parse(
            f"{PREFIXES} ex:S sh:targetNode ex:a ; sh:property ex:P . ex:P sh:path ex:p ; {constraint} .",
            RdfFormat.TURTLE,
        )
    )


def values(constraint: str, *literals: str) -> list[str]:
    """The values of ex:a that are found wrong, as they were written."""
    data = parse(f"{PREFIXES} ex:a ex:p {', '.join(literals)} .", RdfFormat.TURTLE)
    return sorted(str(one.value) for one in findings(data, shapes(constraint)))


def test_derived_integers_keep_their_datatype() -> None:
    wrong = values("sh:datatype xsd:int", '"5"^^xsd:int', "5", '"5"^^xsd:long')
    assert wrong == sorted([f'"5"^^<{XSD}integer>', f'"5"^^<{XSD}long>'])


def test_an_ill_formed_literal_does_not_match_its_datatype() -> None:
    assert values("sh:datatype xsd:byte", '"300"^^xsd:byte', '"c"^^xsd:byte', '"12"^^xsd:byte') == sorted(
        [f'"300"^^<{XSD}byte>', f'"c"^^<{XSD}byte>']
    )


def test_a_spelling_that_the_engine_would_change_is_compared_by_value() -> None:
    assert values("sh:minInclusive 6", '"007"^^xsd:int', '"05"^^xsd:integer') == [f'"05"^^<{XSD}integer>']


def test_members_of_a_list_are_terms_not_values() -> None:
    assert values("sh:in ( 1 2.50 )", "1", '"01"^^xsd:integer', "2.50", "2.5") == sorted(
        [f'"01"^^<{XSD}integer>', f'"2.5"^^<{XSD}decimal>']
    )


def test_two_spellings_of_one_value_are_two_values() -> None:
    data = parse(f"{PREFIXES} ex:a ex:p 1, 01 .", RdfFormat.TURTLE)
    assert len(findings(data, shapes("sh:maxCount 1"))) == 1


def test_a_pattern_sees_the_text_as_written() -> None:
    assert values("sh:pattern '^0'", "007", "7") == [f'"7"^^<{XSD}integer>']


def test_a_query_of_the_shapes_sees_plain_values_and_leaves_the_data_as_they_were() -> None:
    dataset = Dataset.of(parse(f'{PREFIXES} ex:a ex:p "007"^^xsd:int, 7 ; ex:q 6 .', RdfFormat.TURTLE))
    before = set(dataset.store)
    query = "SELECT $this ?value WHERE { $this <http://example.org/p> ?value FILTER (?value > 6) }"
    found = Engine(shapes("sh:sparql [ sh:select '" + query + "' ]"), dataset).validate()
    assert [str(one.value) for one in found] == [f'"7"^^<{XSD}integer>']
    assert set(dataset.store) == before


def test_what_was_read_back_from_a_store_is_judged_by_range() -> None:
    store = Store()
    store.extend(
        Quad(NamedNode("http://example.org/a"), NamedNode("http://example.org/p"), one)
        for one in (literal("5", "byte"), literal("300", "integer"), Literal("5"), literal("x", "byte"))
    )
    found = Engine(shapes("sh:datatype xsd:byte"), Dataset(store)).validate()
    assert {str(one.value) for one in found} == {f'"300"^^<{XSD}integer>', '"5"', f'"x"^^<{XSD}byte>'}


@pytest.mark.parametrize(
    ("datatype", "right", "wrong"),
    [
        ("integer", ["0", "-5", "+007"], ["", "1.0", "x", " 1"]),
        ("nonNegativeInteger", ["0", "+1"], ["-1"]),
        ("byte", ["-128", "127"], ["128", "-129"]),
        ("unsignedLong", ["18446744073709551615"], ["18446744073709551616", "9" * 5000]),
        ("decimal", ["1", "1.", ".5", "-1.50"], [".", "1e0", "INF"]),
        ("double", ["1", "1e0", "INF", "-INF", "NaN", ".5E-3"], ["inf", "1e", "+NaN"]),
        ("boolean", ["true", "false", "1", "0"], ["True", "yes"]),
        (
            "date",
            ["2020-02-29", "2020-01-01Z", "-0044-03-15", "12020-01-01+14:00"],
            ["2021-02-29", "2020-1-1", "20-01-01"],
        ),
        (
            "dateTime",
            ["2020-01-01T00:00:00", "2020-01-01T24:00:00", "2020-01-01T10:00:00.5-05:00"],
            ["2020-01-01", "2020-01-01T25:00:00"],
        ),
        ("dateTimeStamp", ["2020-01-01T00:00:00Z"], ["2020-01-01T00:00:00"]),
        ("gYear", ["2020", "2020Z", "-0001"], ["20", "MMXX"]),
        ("gMonthDay", ["--02-29"], ["--02-30", "02-01"]),
        ("duration", ["P1Y", "-P1DT2H", "PT0.5S"], ["P", "PT", "P1S"]),
        ("hexBinary", ["", "0aFF"], ["0", "0g"]),
    ],
)
def test_the_forms_of_a_datatype(datatype: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if not is_well_formed(literal(text, datatype))] == []
    assert [text for text in wrong if is_well_formed(literal(text, datatype))] == []


@pytest.mark.parametrize(
    ("datatype", "text"),
    [
        ("integer", "-123456789012345678"),
        ("boolean", "false"),
        ("decimal", "-12345.678"),
        ("decimal", "99999999999999.99"),
        ("date", "1999-12-28"),
        ("dateTime", "2020-06-15T23:59:59Z"),
        ("dateTime", "2020-06-15T00:00:00"),
        ("gYear", "1850"),
        ("anyURI", "http://example.org/?a=b"),
    ],
)
def test_spellings_that_are_taken_for_kept_are_kept(datatype: str, text: str) -> None:
    one = literal(text, datatype)
    assert PLAIN[XSD + datatype].fullmatch(text)
    store = Store()
    store.add(Quad(NamedNode("urn:a"), NamedNode("urn:p"), one))
    assert [quad.object for quad in store] == [one]
    assert is_well_formed(one)


@pytest.mark.parametrize("text", ["007", "+7", "-0", "1.50", "1E3", "true", "2020-01-01+00:00", "300"])
@pytest.mark.parametrize("datatype", ["integer", "decimal", "double", "float", "boolean", "date", "dateTime", "byte"])
def test_every_literal_comes_back_as_written(datatype: str, text: str) -> None:
    spelling, store = Spelling(), Store()
    one = literal(text, datatype)
    store.add(Quad(NamedNode("urn:a"), NamedNode("urn:p"), spelling.encode(one)))  # type: ignore[arg-type]
    (quad,) = store
    assert spelling.decode(quad.object) == one  # type: ignore[arg-type]
