"""The IRIs of Edaphon and the one spelling of every prefix that its files and answers use."""

import re
from typing import Final

__all__ = [
    "BASE",
    "CONCEPT",
    "CONTRIBUTION",
    "GENID",
    "GRAPH",
    "GRAPH_CATALOGUE",
    "GRAPH_CONCEPTS",
    "GRAPH_IMPLIED",
    "GRAPH_LINKS",
    "GRAPH_ONTOLOGY",
    "GRAPH_PROVENANCE",
    "ID",
    "ONTOLOGY",
    "PREFIXES",
    "SERVICE",
    "SERVICE_DESCRIPTION",
    "SERVICE_QUERIES",
    "SERVICE_SHAPES",
    "SHAPES",
    "SOURCE",
    "shortened",
]

BASE: Final = "https://w3id.org/edaphon/"

ONTOLOGY: Final = BASE + "ontology#"
ID: Final = BASE + "id/"
CONCEPT: Final = BASE + "concept/"
SOURCE: Final = BASE + "source/"
SHAPES: Final = BASE + "shapes#"
GRAPH: Final = BASE + "graph/"
CONTRIBUTION: Final = BASE + "contribution/"
# Skolem IRIs, RDF 1.1 Concepts section 3.5.
GENID: Final = BASE + ".well-known/genid/"

# Graphs whose triples are part of the default graph.
GRAPH_ONTOLOGY: Final = GRAPH + "ontology"
GRAPH_CONCEPTS: Final = GRAPH + "concepts"
GRAPH_LINKS: Final = GRAPH + "links"
GRAPH_CATALOGUE: Final = GRAPH + "catalogue"
GRAPH_PROVENANCE: Final = GRAPH + "provenance"
GRAPH_IMPLIED: Final = GRAPH + "implied"

# Graphs in which the service speaks about itself: named only, never merged into the default graph.
SERVICE: Final = BASE + "service/"
SERVICE_SHAPES: Final = SERVICE + "shapes"
SERVICE_QUERIES: Final = SERVICE + "queries"
SERVICE_DESCRIPTION: Final = SERVICE + "description"

# Our own prefixes first, then the others in alphabetical order: the order of a file's header.
PREFIXES: Final[dict[str, str]] = {
    "edo": ONTOLOGY,
    "edi": ID,
    "edc": CONCEPT,
    "edsrc": SOURCE,
    "edpr": SOURCE + "progress-report/",
    "eds": SHAPES,
    "edg": GRAPH,
    "bibo": "http://purl.org/ontology/bibo/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "lode": "http://linkedevents.org/ontology/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# What may follow the colon of a prefixed name without an escape, as far as our own IRIs need it.
_LOCAL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")


def shortened(iri: str) -> str:
    """The IRI as a prefixed name where a prefix of ours fits, else between angle brackets."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{iri}>"
