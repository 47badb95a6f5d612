"""Every Turtle and TriG file of the graph is laid out as the style guide says."""

import re
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode
from rdf_files import RDF_FILES, ROOT, iri, read

from edaphon.namespaces import BASE, PREFIXES

every_file = pytest.mark.parametrize("path", RDF_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())

# Codes and numbers as printed, which belong to no language.
PLAIN = {
    iri(name)
    for name in (
        "edo:symbol",
        "edo:passageNumber",
        "bibo:locator",
        "dcterms:identifier",
        "schema:inLanguage",
        "vann:preferredNamespacePrefix",
        "owl:versionInfo",
    )
}


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def code(path: Path) -> str:
    """The file without comments, strings and full IRIs."""
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', path.read_text(encoding="utf-8"))
    text = re.sub(r"<[^>\n]*>", "<>", text)
    return re.sub(r"#[^\n]*", "", text)


def prefix_lines(path: Path) -> list[str]:
    return [line for line in lines(path) if line.startswith("PREFIX ")]


@every_file
def test_the_first_line_says_what_the_file_is_for(path: Path) -> None:
    assert re.match(r"# \S", lines(path)[0])


@every_file
def test_prefixes_are_spelt_as_everywhere_else(path: Path) -> None:
    assert "@prefix" not in path.read_text(encoding="utf-8")
    for line in prefix_lines(path):
        match = re.fullmatch(r"PREFIX (\w+): <([^>]+)>", line)
        assert match, line
        assert PREFIXES[match[1]] == match[2]


@every_file
def test_own_prefixes_come_first_and_then_the_others_in_alphabetical_order(path: Path) -> None:
    names = [line.split()[1].rstrip(":") for line in prefix_lines(path)]
    own = [name for name in PREFIXES if PREFIXES[name].startswith(BASE) and name in names]
    others = sorted(name for name in names if name not in own)
    assert names == own + others
    if own and others:
        block = lines(path)
        last = block.index(prefix_lines(path)[len(own) - 1])
        assert block[last + 1] == "", "an empty line parts our own prefixes from the others"


@every_file
def test_no_prefix_is_declared_in_vain(path: Path) -> None:
    body = code(path)
    for line in prefix_lines(path):
        name = line.split()[1]
        used = re.findall(rf"(?<![\w:]){re.escape(name)}", body)
        assert len(used) > 1, f"{name} is declared but not used"


@every_file
def test_the_full_stop_stands_alone(path: Path) -> None:
    for number, line in enumerate(code(path).split("\n"), 1):
        assert line.strip() == "." or not line.rstrip().endswith("."), f"line {number}"


@every_file
def test_lines_are_indented_by_four_spaces_and_end_without_a_space(path: Path) -> None:
    for number, line in enumerate(lines(path), 1):
        assert "\t" not in line, f"line {number}"
        assert line == line.rstrip(), f"line {number}"
        assert (len(line) - len(line.lstrip(" "))) % 4 == 0, f"line {number}"


@every_file
def test_the_type_is_the_first_thing_said_of_a_subject(path: Path) -> None:
    body = code(path).split("\n")
    for number, line in enumerate(body, 1):
        if re.match(r"\s+a ", line):
            before = body[number - 2].strip()
            assert before and not before.endswith((";", ",", ".", "{")), f"line {number}: `a` comes after {before!r}"


@every_file
def test_there_is_no_blank_node(path: Path) -> None:
    assert not [
        quad for quad in read(path) if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
    ]


@every_file
def test_every_text_has_a_language_or_a_datatype(path: Path) -> None:
    string = NamedNode(PREFIXES["xsd"] + "string")
    bare = [
        quad
        for quad in read(path)
        if isinstance(quad.object, Literal)
        and not quad.object.language
        and quad.object.datatype == string
        and quad.predicate not in PLAIN
    ]
    assert not bare


@every_file
def test_numbers_are_of_types_that_the_engine_keeps(path: Path) -> None:
    kept = {
        PREFIXES["xsd"] + name
        for name in ("string", "integer", "decimal", "date", "gYear", "gYearMonth", "gMonthDay", "anyURI")
    }
    for quad in read(path):
        if isinstance(quad.object, Literal) and not quad.object.language:
            assert quad.object.datatype.value in kept, str(quad)


@every_file
def test_language_tags_are_in_lower_case(path: Path) -> None:
    tags = re.findall(r'"@([A-Za-z-]+)', path.read_text(encoding="utf-8"))
    assert [tag for tag in tags if tag != tag.lower()] == []
