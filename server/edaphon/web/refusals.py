"""How a failure goes out: as a problem document, on a page, or as the SHACL report that says what is wrong."""

from typing import Final

from edaphon.errors import NotConforming
from edaphon.sparql import negotiation
from edaphon.sparql.negotiation import FAILURE, HTML, Offer
from edaphon.web import pages, problems
from edaphon.web.problems import Problem
from edaphon.web.replies import CORS, NEGOTIATED, NEVER_STORED, Headers, Reply, packed

__all__ = ["refusal", "told"]

# Who asks for RDF by name gets the report alone.
REPORTS: Final = {
    "text/turtle": "turtle",
    "application/ld+json": "jsonld",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
}
OFFERS: Final = (*FAILURE, *(Offer(name, wild=False) for name in REPORTS), Offer(HTML, wild=False))


def refusal(error: BaseException, accept: str | None, *, gzip: bool = False) -> Reply:
    """The reply that tells of a failure."""
    problem = problems.of(error)
    if not isinstance(error, NotConforming):
        return told(problem, accept, gzip=gzip)
    chosen = negotiation.choose(accept, OFFERS)
    if chosen not in REPORTS:
        return told(problem, accept, gzip=gzip)
    from edaphon.conformance.report import WRITERS

    body, packing = packed(WRITERS[REPORTS[chosen]](error.report).encode(), gzip=gzip)
    suffix = "; charset=utf-8" if chosen.startswith("text/") else ""
    headers: Headers = [(b"content-type", (chosen + suffix).encode()), *packing, NEGOTIATED, NEVER_STORED, *CORS]
    return Reply(problem.kind.status, headers, body)


def told(problem: Problem, accept: str | None, *, gzip: bool = False) -> Reply:
    """The problem, to a program or on a page."""
    if not negotiation.prefers_page(accept):
        return problems.reply(problem, gzip=gzip)
    page = pages.render("problem.html", problem=problem)
    return problems.reply(problem, page, pages.policy(), gzip=gzip)
