"""What a validation found: one finding for each demand that is not met, and the report that holds them."""

from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.paths import Path
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import sh

__all__ = ["INFO", "VIOLATION", "WARNING", "Capped", "Finding", "Place", "Remark", "Report", "rank"]

VIOLATION = sh("Violation")
WARNING = sh("Warning")
INFO = sh("Info")

RANK = {VIOLATION: 0, WARNING: 1, INFO: 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, both as the person who submitted it knows them; `line` counts from 1."""

    source: FilePath | str
    line: int | None = None

    def __str__(self) -> str:
        return str(self.source) if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One validation result, section 3.6 of SHACL, and below it what helps to mend the data.

    The first group of fields decides whether two engines agree; the second is added for readers by `explain`.
    """

    focus: Term
    shape: NamedNode | BlankNode
    component: NamedNode
    severity: NamedNode = VIOLATION
    path: Path | None = None
    value: Term | None = None
    messages: tuple[Literal, ...] = ()
    constraint: NamedNode | BlankNode | None = None
    details: "tuple[Finding, ...]" = ()

    focus_label: str | None = None
    shape_name: str | None = None
    path_text: str | None = None
    place: Place | None = None
    nearest: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the shapes or the data that makes no finding but that their author should know."""

    text: str
    subject: Term | None = None


@dataclass(frozen=True, slots=True)
class Capped:
    """A constraint with more findings than the report shows."""

    shape: NamedNode | BlankNode
    component: NamedNode
    shown: int
    total: int


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one validation.."""

    findings: tuple[Finding, ...] = ()
    remarks: tuple[Remark, ...] = ()
    capped: tuple[Capped, ...] = field(default=())

    @property
    def conforms(self) -> bool:
        """True when there is no finding of any severity, as SHACL section 3.6.1.1 defines it."""
        return not self.findings

    def count(self, severity: NamedNode) -> int:
        """How many findings have that severity, those included that a cap left out of the report."""
        hidden = sum(
            one.total - one.shown
            for one in self.capped
            if any(
                finding.severity == severity
                for finding in self.findings
                if (finding.shape, finding.component) == (one.shape, one.component)
            )
        )
        return hidden + sum(finding.severity == severity for finding in self.findings)


def rank(finding: Finding) -> tuple[int, str, str, str, str, str]:
    """A sort key: the gravest first, then by focus node, so that one node's findings stand together."""
    return (
        RANK.get(finding.severity, 0),
        str(finding.place.source) if finding.place else "",
        str(finding.focus),
        str(finding.path_text or finding.path or ""),
        finding.component.value,
        str(finding.value or ""),
    )
