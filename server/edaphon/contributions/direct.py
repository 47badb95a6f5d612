"""Changes by editors, without a proposal: SPARQL Update and Graph Store writes, checked and recorded like any other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Store

from edaphon.contributions.entry import entry
from edaphon.contributions.legible import made_legible
from edaphon.contributions.payload import refuse_nesting
from edaphon.contributions.proposal import new_identifier
from edaphon.contributions.provenance import graph_of, provenance
from edaphon.contributions.resolution import guard_others, guard_record, is_protected
from edaphon.contributions.roles import Actor, Role, require
from edaphon.contributions.verdict import check
from edaphon.errors import NotConforming
from edaphon.namespaces import GENID
from edaphon.store.delta import Delta, effective
from edaphon.store.ledger.records import Brought, Contribution, Kind
from edaphon.store.publishing import Publication, publish
from edaphon.store.revisions import Revision
from edaphon.store.scratch import scratch_folder
from edaphon.store.state import State

__all__ = ["Edit", "Update", "edit", "update"]

GraphName = NamedNode | DefaultGraph


@dataclass(frozen=True, slots=True)
class Edit:
    """What an editor sent, as it is recorded."""

    kind: Kind
    title: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Update:
    """An update request (SPARQL 1.1 Protocol section 2.2) with the dataset that it names and what it may call."""

    text: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()
    allow_service: tuple[str, ...] = ()


class _Unchanged(Exception):
    """The change turned out to be none."""


def edit(state: State, actor: Actor, one: Edit, work: Callable[[Revision, Store, str], Delta]) -> Contribution | None:
    """Publish what `work` makes of the published revision; None, and nothing published, when it changes nothing.

    `work` gets a revision, its store open for reading, and the identifier of the contribution that its change is
    recorded as, and gives an effective delta; it is called again when another change was published meanwhile. Raises
    Forbidden, NotConforming with the report, GraphProtected and ContributionRefused for what nobody may state, and what
    `work` raises.
    """
    require(actor, Role.EDITOR, "write without a proposal")
    now = datetime.now(UTC)
    identifier = new_identifier(one.title, now)

    def work_out(revision: Revision, store: Store) -> Publication:
        delta = work(revision, store, identifier)
        if not delta:
            raise _Unchanged
        refuse_nesting(delta.added)
        if state.default_graph == "merge":
            guard_record(delta.added, store)
            guard_others(delta.added, identifier, state.ledger)
        verdict = check(state, revision, delta)
        if not verdict.conforms:
            raise NotConforming(
                "after this change the graph would not conform to its shapes; the report says what to mend",
                report=verdict.report,
            )
        at = datetime.now(UTC)
        record = entry(
            identifier,
            one.kind,
            one.title,
            actor.name,
            now,
            one.content,
            one.media_type,
            delta,
            verdict,
            revision.number,
            decided=at,
        )
        return Publication(
            _with_provenance(state, store, record, delta),
            "update" if one.kind == "update" else "graph-store",
            actor.name,
            at,
            contribution=identifier,
            title=one.title,
            brought=Brought(record, one.content, delta.packed(), verdict.packed()),
        )

    try:
        publish(state, work_out)
    except _Unchanged:
        return None
    return state.ledger.contribution(identifier)


def update(state: State, actor: Actor, one: Update) -> Contribution | None:
    """Evaluate an update and publish what it changes, as `edit` does.

    Raises QuerySyntax, EgressRefused, MalformedRequest, GraphProtected, ContributionRefused and NotConforming.
    """
    # Only where there is an update: the grammar costs a server's start the time that reading it takes.
    from edaphon.sparql.update.splitting import prologue_end

    # A comment at the top says what it is for; declarations say nothing of that.
    begins = 0 if one.text.lstrip().startswith("#") else prologue_end(one.text)
    lines = map(made_legible, one.text[begins:].splitlines())
    title = f"SPARQL Update: {next(filter(None, lines), '')}"[:120]

    def work(_: Revision, store: Store, identifier: str) -> Delta:
        with state.writing(), scratch_folder(state.folder) as folder:
            return _evaluated(state, store, folder / "store", one, identifier)

    content = one.text.encode()
    return edit(state, actor, Edit("update", title, content, "application/sparql-update"), work)


def _evaluated(state: State, published: Store, copy: Path, one: Update, identifier: str) -> Delta:
    # See `payload.read`; whole graphs are written without it.
    from edaphon.sparql.update.evaluation import evaluate

    published.backup(str(copy))
    candidate = Store(str(copy))
    made = 0

    def skolem() -> NamedNode:
        nonlocal made
        made += 1
        return NamedNode(f"{GENID}{identifier}/b{made - 1}")

    merged = state.default_graph == "merge"
    return evaluate(
        candidate,
        one.text,
        mode=state.default_graph,
        home=graph_of(identifier) if merged else None,
        skolem=skolem,
        protected=is_protected if merged else _nothing,
        using=one.using,
        using_named=one.using_named,
        allow_service=one.allow_service,
    )


def _nothing(_: object) -> bool:
    return False


def _with_provenance(state: State, store: Store, record: Contribution, delta: Delta) -> Delta:
    if state.default_graph == "plain":
        # There a dataset holds what its users put in, and nothing else; the ledger has the record.
        return delta
    return effective(store, delta.added | provenance(record), delta.removed)
