"""`edaphon check` as people and build servers use it: what it says, in each format, and how it ends."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from edaphon.cli import main
from edaphon.conformance.model.triples import Triples
from edaphon.conformance.model.vocabulary import rdf, sh, xsd

SHAPES = """
PREFIX ex: <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

ex:Body a sh:NodeShape ;
    sh:targetClass ex:Body ;
    sh:property ex:Body-status , ex:Body-size , ex:Body-parent .
ex:Body-status a sh:PropertyShape ; sh:path ex:status ; sh:in ( "active" "closed" ) ; sh:name "status"@en .
ex:Body-size a sh:PropertyShape ; sh:path ex:size ; sh:datatype xsd:int ; sh:severity sh:Warning ;
    sh:message "Eine ganze Zahl angeben."@de , "Give a whole number."@en .
ex:Body-parent a sh:PropertyShape ; sh:path ex:parent ; sh:class ex:Body ; sh:node ex:Named .
ex:Named sh:property ex:Named-label .
ex:Named-label sh:path <http://www.w3.org/2000/01/rdf-schema#label> ; sh:minCount 1 .
"""
WRONG = """PREFIX ex: <http://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

ex:panel a ex:Body ;
    rdfs:label "The panel"@en ;
    ex:status "activ" ;
    ex:size "007"^^xsd:int , "x"^^xsd:int ;
    ex:parent ex:secretariatt .
ex:secretariat a ex:Body ; rdfs:label "The secretariat"@en .
"""


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    file = tmp_path / "shapes.ttl"
    file.write_text(SHAPES)
    return file


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.ttl"
    file.write_text(WRONG)
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_data_that_conform_end_with_status_0(tmp_path: Path, shapes: Path) -> None:
    file = tmp_path / "right.ttl"
    file.write_text('PREFIX ex: <http://example.org/> ex:b a ex:Body ; ex:status "closed" .')
    result = run(file, "--shapes", shapes)
    assert (result.exit_code, result.stdout) == (0, "Conforms.\n")


def test_findings_end_with_status_1_and_are_told_with_line_and_remedy(shapes: Path, wrong: Path) -> None:
    result = run(wrong, "--shapes", shapes)
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "<http://example.org/panel>  The panel" in lines
    assert f'violation  {wrong}:7  <http://example.org/status>  "activ"' in lines
    assert 'Did you mean "active"?' in lines
    assert f'warning  {wrong}:8  <http://example.org/size>  "x"^^xsd:int' in lines
    assert "Give a whole number." in lines
    assert "Did you mean <http://example.org/secretariat>?" in lines
    assert lines[-1] == "Does not conform: 3 violations, 1 warning."


def test_what_is_only_advised_is_not_called_a_violation(tmp_path: Path, shapes: Path) -> None:
    file = tmp_path / "poor.ttl"
    file.write_text('PREFIX ex: <http://example.org/> ex:b a ex:Body ; ex:status "closed" ; ex:size "many" .')
    result = run(file, "--shapes", shapes)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "No violation, but 1 warning."


def test_options_may_come_before_the_files(shapes: Path, wrong: Path) -> None:
    assert run("--shapes", shapes, "--format", "json", wrong).exit_code == 1


def test_json_is_a_list_of_findings_with_lines(shapes: Path, wrong: Path) -> None:
    found = json.loads(run(wrong, "--shapes", shapes, "--format", "json").stdout)
    assert [(one["severity"], one["path"], one["line"]) for one in found] == [
        ("Violation", "<http://example.org/parent>", 9),
        ("Violation", "<http://example.org/parent>", 9),
        ("Violation", "<http://example.org/status>", 7),
        ("Warning", "<http://example.org/size>", 8),
    ]
    status = found[2]
    assert status["name"] == "status"
    assert status["nearest"] == [{"value": "active", "datatype": xsd("string").value}]
    (node,) = (one for one in found if one["component"].endswith("#NodeConstraintComponent"))
    assert [one["component"] for one in node["details"]] == [sh("MinCountConstraintComponent").value]


@pytest.mark.parametrize(
    ("form", "rdf_format"),
    [
        ("turtle", RdfFormat.TURTLE),
        ("jsonld", RdfFormat.JSON_LD),
        ("ntriples", RdfFormat.N_TRIPLES),
        ("rdfxml", RdfFormat.RDF_XML),
    ],
)
def test_rdf_is_the_report_graph_of_the_specification(
    shapes: Path, wrong: Path, form: str, rdf_format: RdfFormat
) -> None:
    graph = Triples(parse(run(wrong, "--shapes", shapes, "--format", form).stdout, rdf_format))
    (report,) = graph.subjects(rdf("type"), sh("ValidationReport"))
    assert graph.objects(report, sh("conforms")) == [Literal("false", datatype=xsd("boolean"))]
    assert len(graph.objects(report, sh("result"))) == 4
    (status,) = graph.subjects(sh("sourceShape"), NamedNode("http://example.org/Body-status"))
    assert graph.value(status, sh("focusNode")) == NamedNode("http://example.org/panel")
    assert graph.value(status, sh("resultPath")) == NamedNode("http://example.org/status")
    assert graph.value(status, sh("value")) == Literal("activ")
    assert graph.value(status, sh("resultSeverity")) == sh("Violation")
    (detailed,) = graph.subjects(sh("detail"))
    assert graph.value(detailed, sh("sourceConstraintComponent")) == sh("NodeConstraintComponent")


def test_sarif_has_what_its_schema_requires(shapes: Path, wrong: Path) -> None:
    log = json.loads(run(wrong, "--shapes", shapes, "--format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    (one_run,) = log["runs"]
    rules = one_run["tool"]["driver"]["rules"]
    assert one_run["tool"]["driver"]["name"] == "edaphon"
    assert len({rule["id"] for rule in rules}) == len(rules)
    levels = []
    for result in one_run["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        levels.append(result["level"])
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == wrong.as_uri()
        assert location["physicalLocation"]["region"]["startLine"] in (7, 8, 9)
    assert sorted(levels) == ["error", "error", "error", "warning"]


def test_junit_has_a_failed_case_for_each_finding(shapes: Path, wrong: Path) -> None:
    root = ElementTree.fromstring(run(wrong, "--shapes", shapes, "--format", "junit").stdout)
    (suite,) = root.iter("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "4")
    assert len(suite.findall("testcase/failure")) == 4


def test_junit_has_a_passed_case_when_the_data_conform(tmp_path: Path, shapes: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("")
    root = ElementTree.fromstring(run(empty, "--shapes", shapes, "--format", "junit").stdout)
    assert [case.get("name") for case in root.iter("testcase")] == ["the data conform"]


def test_csv_has_a_row_for_each_finding(shapes: Path, wrong: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(wrong, "--shapes", shapes, "--format", "csv").stdout)))
    assert {(row["value"], row["line"]) for row in rows} >= {("activ", "7"), ("x", "8")}


def test_a_capped_report_says_so(tmp_path: Path, shapes: Path) -> None:
    many = tmp_path / "many.nt"
    many.write_text(
        "".join(
            f"<http://example.org/b{number}> <{rdf('type').value}> <http://example.org/Body> .\n"
            f'<http://example.org/b{number}> <http://example.org/status> "?" .\n'
            for number in range(20)
        )
    )
    result = run(many, "--shapes", shapes, "--cap", "5")
    assert result.stdout.count('"?"') == 5
    assert "Only 5 of 20 findings of <http://example.org/Body-status> are shown." in result.stdout
    assert "Does not conform: 20 violations." in result.stdout


def test_a_target_that_matches_nothing_is_a_remark_with_the_nearest_class(tmp_path: Path, wrong: Path) -> None:
    shapes = tmp_path / "typo.ttl"
    shapes.write_text(SHAPES.replace("sh:targetClass ex:Body", "sh:targetClass ex:Bodie"))
    result = run(wrong, "--shapes", shapes)
    assert result.exit_code == 0
    assert "remark: <http://example.org/Body> has targets (<http://example.org/Bodie>) but none" in result.stderr
    assert "Did you mean Body?" in result.stderr


@pytest.mark.parametrize("text", ["ex:a a", "<http://example.org/a> a <http://example.org/b> ; ; ] ."])
def test_data_that_do_not_parse_end_with_status_2_naming_the_line(tmp_path: Path, shapes: Path, text: str) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text(text)
    result = run(broken, "--shapes", shapes)
    assert result.exit_code == 2
    assert f"{broken}:1" in result.stderr


def test_shapes_that_cannot_be_used_end_with_status_2_naming_the_term(tmp_path: Path, wrong: Path) -> None:
    shapes = tmp_path / "bad.ttl"
    shapes.write_text(SHAPES.replace("sh:datatype", "sh:dataType"))
    result = run(wrong, "--shapes", shapes)
    assert result.exit_code == 2
    assert "Did you mean sh:datatype?" in result.stderr


def test_a_missing_file_ends_with_status_2(tmp_path: Path) -> None:
    assert run(tmp_path / "none.ttl").exit_code == 2


def test_graphs_are_merged_before_they_are_checked(tmp_path: Path, shapes: Path) -> None:
    data = tmp_path / "data.trig"
    data.write_text(
        "PREFIX ex: <http://example.org/> GRAPH ex:g { ex:b a ex:Body . } GRAPH ex:h { ex:b ex:status 'nope' . }"
    )
    assert run(data, "--shapes", shapes).exit_code == 1
