"""Which accepted contributions no longer conform, after the corpus or its shapes have changed under them.

They stay published: somebody was right to accept them, and somebody has to decide what becomes of them. They are
listed, and their last report is the one that says what is wrong now.
"""

from collections.abc import Iterator

from pyoxigraph import NamedNode, Quad

from edaphon.conformance.check import check_store, corpus_shapes
from edaphon.conformance.model.findings import VIOLATION, Finding, Report
from edaphon.contributions.provenance import PROVENANCE
from edaphon.contributions.verdict import Verdict, shapes_of
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution
from edaphon.store.reading import reading
from edaphon.store.state import State

__all__ = ["recheck"]

PAGE = 200


def recheck(state: State) -> list[Contribution]:
    """Check the published graph, record what that says of accepted contributions, and give those that do not conform.

    A contribution is one of them when it has changed what is said of a node at which the graph violates its shapes; of
    several that have, all are. Those that had been among them and are not any more are recorded as conforming again.
    """
    base = state.current()
    compiled, version = shapes_of(state.corpus)
    found: dict[str, Report] = {}
    if compiled is not None:
        with reading(base) as store:
            report = check_store(store, corpus_shapes(state.corpus))
        found = _concerned(state, [one for one in report.findings if one.severity == VIOLATION])
    ledger = state.ledger
    for identifier, report in found.items():
        packed = Verdict(report, version).packed()
        ledger.checked(identifier, base.number, packed, conforms=False, shapes=version, status="accepted")
    good = Verdict(Report(), version).packed()
    for one in list(_listed(state)):
        if one.id not in found:
            ledger.checked(one.id, base.number, good, conforms=True, shapes=version, status="accepted")
    ledger.rechecked(base.number, version, len(found))
    return [ledger.contribution(identifier) for identifier in found]


def _listed(state: State) -> Iterator[Contribution]:
    """The accepted contributions that do not conform, as far as the ledger knows."""
    before: str | None = None
    while page := state.ledger.contributions(status="accepted", conforms=False, limit=PAGE, before=before):
        yield from page
        before = page[-1].id


def _concerned(state: State, violations: list[Finding]) -> dict[str, Report]:
    """The accepted contributions that have changed what is said of a violation's node or value, with those violations.

    In the order in which they were published.
    """
    if not violations:
        return {}
    at: dict[NamedNode, list[Finding]] = {}
    for one in violations:
        for term in {one.focus, one.value}:
            # That many things have the same number or name says nothing.
            if isinstance(term, NamedNode):
                at.setdefault(term, []).append(one)
    found: dict[str, Report] = {}
    last = state.ledger.last_revision()
    for record, packed in state.ledger.deltas(0, last.number if last else 0):
        if record.contribution is None or packed is None:
            continue
        touched = _nodes(Delta.unpacked(packed))
        hits = dict.fromkeys(one for term in at if term in touched for one in at[term])
        if hits and state.ledger.contribution(record.contribution).status == "accepted":
            found[record.contribution] = Report(tuple(hits))
    return found


def _nodes(delta: Delta) -> set[object]:
    """The things that a change says or unsays something about, its own record left out."""
    quads: Iterator[Quad] = (quad for quad in delta.added | delta.removed if quad.graph_name != PROVENANCE)
    return {quad.subject for quad in quads}
