"""What the engine tells beyond whether the data conform: details, messages and caps; and traps that it steps around."""

from pyoxigraph import NamedNode, RdfFormat, parse

from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.model.vocabulary import sh
from edaphon.conformance.reading.graph import read_shapes

PREFIXES = """
PREFIX ex: <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/" ] .
"""


def shapes_of(text: str) -> Shapes:
    return read_shapes(parse(PREFIXES + text, RdfFormat.TURTLE))


def engine(shapes: str, data: str, cap: int | None = None) -> Engine:
    return Engine(shapes_of(shapes), Dataset.of(parse(PREFIXES + data, RdfFormat.TURTLE)), cap=cap)


def words(found: list[Finding]) -> list[str]:
    return sorted(one.component.value.rpartition("#")[2].removesuffix("ConstraintComponent") for one in found)


def test_a_nested_shape_says_why_it_fails() -> None:
    (finding,) = engine(
        """
        ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:node ex:T ] .
        ex:T sh:property [ sh:path ex:q ; sh:minCount 1 ] ; sh:nodeKind sh:Literal .
        """,
        "ex:a ex:p ex:b .",
    ).validate()
    assert words([finding]) == ["Node"]
    assert words(list(finding.details)) == ["MinCount", "NodeKind"]
    assert {one.focus for one in finding.details} == {NamedNode("http://example.org/b")}


def test_each_failed_alternative_says_why() -> None:
    (finding,) = engine(
        "ex:S sh:targetNode ex:a ; sh:or ( [ sh:nodeKind sh:Literal ] [ sh:class ex:C ] ) .", "ex:b ex:p 1 ."
    ).validate()
    assert words(list(finding.details)) == ["Class", "NodeKind"]


def test_placeholders_of_a_message_are_filled() -> None:
    (finding,) = engine(
        """
        ex:S sh:targetNode ex:a ; sh:sparql [ sh:prefixes ex:prefixes ;
            sh:message "{$this} has {?value}, not {?other}"@en ;
            sh:select "SELECT $this ?value WHERE { $this ex:p ?value }" ] .
        """,
        "ex:a ex:p 5 .",
    ).validate()
    (message,) = finding.messages
    assert (message.value, message.language) == ("<http://example.org/a> has 5, not {?other}", "en")
    assert finding.value is not None and finding.value.value == "5"


def test_a_query_that_counts_over_all_solutions_runs_for_each_node() -> None:
    found = engine(
        """
        ex:S sh:targetSubjectsOf ex:p ; sh:sparql [ sh:prefixes ex:prefixes ;
            sh:select "SELECT $this ?value WHERE { $this ex:p ?value } ORDER BY ?value LIMIT 1" ] .
        """,
        "ex:a ex:p 1, 2 . ex:b ex:p 3, 4 .",
    ).validate()
    assert sorted(str(one.value.value) for one in found if one.value is not None) == ["1", "3"]


def test_an_unread_cap_is_told_with_the_total() -> None:
    capped = engine("ex:S sh:targetObjectsOf ex:p ; sh:nodeKind sh:IRI .", "ex:a ex:p 1, 2, 3, 4, 5 .", cap=2)
    assert len(capped.validate()) == 2
    (one,) = capped.capped()
    assert (one.component, one.shown, one.total) == (sh("NodeKindConstraintComponent"), 2, 5)


def test_shapes_that_refer_to_each_other_many_times_over_are_no_trap() -> None:
    # Each refers twice to the next: followed one by one, that would be 2 to the 60 references.
    chain = " ".join(f"ex:S{number} sh:and ( ex:S{number + 1} [ sh:node ex:S{number + 1} ] ) ." for number in range(30))
    text = f"ex:S0 sh:targetNode ex:a . {chain} ex:S30 sh:nodeKind sh:Literal ."
    assert words(engine(text, "ex:a ex:p 1 .").validate()) == ["And"]
    assert len(Incremental(shapes_of(text)).shapes.by_name) > 30


def test_triple_terms_are_passed_over() -> None:
    data = "ex:a ex:p <<( ex:b ex:q ex:c )>>, ex:d ."
    assert engine("ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] .", data).validate() == []
