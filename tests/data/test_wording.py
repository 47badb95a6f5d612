"""Facts are carried over, sentences are not."""

import re

from pyoxigraph import Literal
from rdf_files import iri, statements
from shared import shared

# Titles and names are facts; a label repeats them.
NAMES = {iri(name) for name in ("dcterms:title", "rdfs:label", "skos:altLabel", "skos:prefLabel")}
WORDS = 8


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + WORDS]) for start in range(len(found) - WORDS + 1)}


def test_no_sentence_of_the_report_is_copied() -> None:
    source = runs(shared("source/progress-report.txt").read_text(encoding="utf-8"))
    assert source
    copied = [
        quad.object.value
        for quad in statements()
        if isinstance(quad.object, Literal) and quad.predicate not in NAMES and runs(quad.object.value) & source
    ]
    assert copied == []


def test_a_label_repeats_no_more_of_the_report_than_names() -> None:
    source = runs(shared("source/progress-report.txt").read_text(encoding="utf-8"))
    names = {
        "International Initiative for the Conservation and Sustainable Use of Soil Biodiversity",
        "Commission on Genetic Resources for Food and Agriculture",
        "Food and Agriculture Organization of the United Nations",
        "United Nations Environment Assembly of the United Nations Environment Programme",
        "Conference of the Parties of the Convention on Biological Diversity",
        "State of knowledge of soil biodiversity",
        "Intergovernmental Technical Panel on Soils",
        "Plan of Action 2020\N{EN DASH}2030",
        "Progress on Mainstreaming Biodiversity across Agricultural Sectors",
    }
    titles = {
        quad.object.value
        for quad in statements()
        if quad.predicate == iri("dcterms:title") and isinstance(quad.object, Literal)
    }

    def rest(label: str) -> str:
        for name in names:
            label = label.replace(name, "/")
        return label

    labels = {
        quad.object.value for quad in statements() if quad.predicate in NAMES and isinstance(quad.object, Literal)
    }
    assert {label for label in labels - titles if runs(rest(label)) & source} == set()
