"""A contribution as a nanopublication: what it asserts, where that comes from, and how it was published.

The four graphs are those of the nanopublication guidelines (nanopub.net/guidelines/working_draft). The assertion is the
contribution's own graph, so that what is said of it here is said of the same graph in the dataset.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from edaphon.contributions.provenance import agent, described, graph_of
from edaphon.errors import NotAcceptable
from edaphon.namespaces import CONTRIBUTION, PREFIXES
from edaphon.store.ledger.records import Contribution
from edaphon.store.merge import in_graph, triple_of

__all__ = ["NP", "nanopublication"]

NP: Final = "http://www.nanopub.org/nschema#"
TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
DATE_TIME: Final = NamedNode(PREFIXES["xsd"] + "dateTime")


def nanopublication(contribution: Contribution, stated: Iterable[Quad]) -> list[Quad]:
    """The nanopublication of a contribution that states these quads, in whatever graphs.

    Raises NotAcceptable for one that states nothing: an assertion has at least one triple.
    """
    assertion = graph_of(contribution.id)
    asserted = [in_graph(triple, assertion) for triple in dict.fromkeys(map(triple_of, stated))]
    if not asserted:
        raise NotAcceptable(
            f"{contribution.id} only retracts; a nanopublication asserts something",
            offered=("application/json", "text/turtle"),
        )
    head, provenance, publication = (_part(contribution.id, name) for name in ("head", "provenance", "pubinfo"))
    whole = _part(contribution.id, "nanopublication")
    made = list(described(replace(contribution, decided=None, decided_by=None)))
    decided = [triple for triple in described(contribution) if triple not in set(made)]
    return [
        Quad(whole, TYPE, NamedNode(NP + "Nanopublication"), head),
        Quad(whole, NamedNode(NP + "hasAssertion"), assertion, head),
        Quad(whole, NamedNode(NP + "hasProvenance"), provenance, head),
        Quad(whole, NamedNode(NP + "hasPublicationInfo"), publication, head),
        *asserted,
        *(in_graph(triple, provenance) for triple in made),
        *_information(contribution, whole, publication),
        *(in_graph(triple, publication) for triple in decided),
    ]


def _information(contribution: Contribution, whole: NamedNode, graph: NamedNode) -> Iterator[Quad]:
    created = Literal(contribution.created.isoformat().replace("+00:00", "Z"), datatype=DATE_TIME)
    yield Quad(whole, NamedNode(PREFIXES["dcterms"] + "created"), created, graph)
    yield Quad(whole, NamedNode(PREFIXES["dcterms"] + "creator"), agent(contribution.contributor), graph)
    yield Quad(whole, NamedNode(PREFIXES["rdfs"] + "label"), Literal(contribution.title), graph)
    yield Quad(whole, NamedNode(PREFIXES["dcterms"] + "identifier"), Literal(contribution.id), graph)


def _part(identifier: str, name: str) -> NamedNode:
    return NamedNode(f"{CONTRIBUTION}{identifier}#{name}")
