"""What the graph says of a contribution: who proposed it, on what source, who decided, checked by which shapes, why.

Each is a prov:Activity of the PROV Ontology (W3C Recommendation, 30 April 2013) that generated the contribution's
graph; the decision is another one, informed by it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

from edaphon.namespaces import BASE, CONTRIBUTION, GRAPH_PROVENANCE, PREFIXES
from edaphon.store.ledger.records import Contribution
from edaphon.store.merge import in_graph

__all__ = [
    "AGENT",
    "PROVENANCE",
    "RECORDS",
    "activity",
    "agent",
    "described",
    "graph_of",
    "invalidated",
    "prov",
    "provenance",
]

PROVENANCE: Final = NamedNode(GRAPH_PROVENANCE)
AGENT: Final = BASE + "contributor/"
SHAPES_VERSION: Final = BASE + "shapes/version/"
# What is said of the things below these is the record of who did what, which the server alone writes.
RECORDS: Final = (CONTRIBUTION, AGENT, SHAPES_VERSION, BASE + "history#")
DATE_TIME: Final = NamedNode(PREFIXES["xsd"] + "dateTime")
TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
TITLE: Final = NamedNode(PREFIXES["dcterms"] + "title")
LABEL: Final = NamedNode(PREFIXES["rdfs"] + "label")
COMMENT: Final = NamedNode(PREFIXES["rdfs"] + "comment")


def prov(name: str) -> NamedNode:
    """A term of the PROV Ontology."""
    return NamedNode(PREFIXES["prov"] + name)


def graph_of(identifier: str) -> NamedNode:
    """The graph in which a contribution's statements are."""
    return NamedNode(CONTRIBUTION + identifier)


def activity(identifier: str) -> NamedNode:
    """The activity that made a contribution."""
    return NamedNode(f"{CONTRIBUTION}{identifier}#activity")


def agent(name: str) -> NamedNode:
    """The one who holds the token of that name."""
    return NamedNode(AGENT + name)


def provenance(contribution: Contribution) -> frozenset[Quad]:
    """The quads of the provenance graph for a contribution that is being published."""
    return frozenset(in_graph(triple, PROVENANCE) for triple in described(contribution))


def described(contribution: Contribution) -> Iterator[Triple]:
    """A contribution as PROV-O, with its decision once there is one."""
    graph, making = graph_of(contribution.id), activity(contribution.id)
    contributor = agent(contribution.contributor)
    yield Triple(graph, TYPE, prov("Entity"))
    yield Triple(graph, TITLE, Literal(contribution.title))
    yield Triple(graph, prov("wasGeneratedBy"), making)
    yield Triple(graph, prov("wasAttributedTo"), contributor)
    yield Triple(making, TYPE, prov("Activity"))
    yield Triple(making, LABEL, Literal(f"making of contribution {contribution.id}", language="en"))
    yield Triple(making, prov("generated"), graph)
    yield Triple(making, prov("startedAtTime"), _time(contribution.created))
    yield Triple(making, prov("wasAssociatedWith"), contributor)
    yield from _person(contribution.contributor)
    if contribution.source is not None:
        source = NamedNode(contribution.source)
        yield Triple(making, prov("used"), source)
        yield Triple(graph, prov("wasDerivedFrom"), source)
    if contribution.reverts is not None:
        yield Triple(making, prov("wasInformedBy"), activity(contribution.reverts))
    if contribution.decided is not None and contribution.decided_by is not None:
        yield from _decision(contribution, contribution.decided, contribution.decided_by)


def _decision(contribution: Contribution, decided: datetime, decided_by: str) -> Iterator[Triple]:
    making = activity(contribution.id)
    deciding = NamedNode(f"{CONTRIBUTION}{contribution.id}#decision")
    shapes = NamedNode(SHAPES_VERSION + contribution.shapes)
    yield Triple(making, prov("endedAtTime"), _time(decided))
    yield Triple(deciding, TYPE, prov("Activity"))
    yield Triple(deciding, LABEL, Literal(f"decision on contribution {contribution.id}", language="en"))
    yield Triple(deciding, prov("wasInformedBy"), making)
    yield Triple(deciding, prov("used"), graph_of(contribution.id))
    yield Triple(deciding, prov("used"), shapes)
    yield Triple(deciding, prov("wasAssociatedWith"), agent(decided_by))
    yield Triple(deciding, prov("endedAtTime"), _time(decided))
    if contribution.reason:
        yield Triple(deciding, COMMENT, Literal(contribution.reason))
    yield Triple(shapes, TYPE, prov("Entity"))
    yield Triple(shapes, LABEL, Literal(f"shapes, version {contribution.shapes[:12]}", language="en"))
    yield from _person(decided_by)


def invalidated(identifier: str, by: str) -> frozenset[Quad]:
    """The quads that say that a contribution was reverted by another one."""
    return frozenset({Quad(graph_of(identifier), prov("wasInvalidatedBy"), activity(by), PROVENANCE)})


def _person(name: str) -> Iterator[Triple]:
    yield Triple(agent(name), TYPE, prov("Agent"))
    yield Triple(agent(name), LABEL, Literal(name))


def _time(moment: datetime) -> Literal:
    return Literal(moment.isoformat().replace("+00:00", "Z"), datatype=DATE_TIME)
