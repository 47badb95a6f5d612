"""A saved query file becomes the description of a SPARQL executable that others can find and run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pyoxigraph import Literal, NamedNode, Quad

from edaphon.errors import CorpusError
from edaphon.namespaces import BASE, PREFIXES

__all__ = ["SavedQuery", "describe", "read_saved_query"]

RDF_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
QUERIES: Final = BASE + "queries/"
HEADER: Final = re.compile(r"^#\+ ?(.*)$", re.MULTILINE)
FORM: Final = re.compile(r"^[ \t]*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.MULTILINE | re.IGNORECASE)
# The SHACL class and property for each query form (SHACL-SPARQL section 5); DESCRIBE has none there.
EXECUTABLE: Final = {
    "SELECT": ("SPARQLSelectExecutable", "select"),
    "ASK": ("SPARQLAskExecutable", "ask"),
    "CONSTRUCT": ("SPARQLConstructExecutable", "construct"),
}


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A saved query. `defaults` has the value of each parameter by name, as the header gives it."""

    name: str
    text: str
    form: str
    summary: str
    description: str
    tags: tuple[str, ...]
    defaults: dict[str, Any]


def read_saved_query(path: Path) -> SavedQuery:
    """Read a `.rq` file and its `#+` header (grlc's decorators, YAML). Raises CorpusError with what is wrong."""
    text = path.read_text(encoding="utf-8")
    try:
        header = yaml.safe_load("\n".join(HEADER.findall(text))) or {}
    except yaml.YAMLError as error:
        raise CorpusError(f"{path}: the lines that begin with #+ are not YAML: {error}") from error
    if not isinstance(header, dict) or "summary" not in header:
        raise CorpusError(f"{path}: the header has no `#+ summary:`")
    form = FORM.search(HEADER.sub("", text))
    if form is None:
        raise CorpusError(f"{path}: no SELECT, ASK, CONSTRUCT or DESCRIBE begins a line")
    tags = header.get("tags") or []
    return SavedQuery(
        name=path.stem,
        text=text,
        form=form[1].upper(),
        summary=str(header["summary"]),
        description=str(header.get("description", "")).strip(),
        tags=tuple(tags if isinstance(tags, list) else str(tags).replace(",", " ").split()),
        defaults=_defaults(header.get("defaults") or {}, path),
    )


def _defaults(given: Any, path: Path) -> dict[str, Any]:
    """The values by parameter; grlc itself wants a list of them, one each. Raises CorpusError."""
    parts = given if isinstance(given, list) else [given]
    if not all(isinstance(part, dict) for part in parts):
        raise CorpusError(f"{path}: write the defaults as `#+   - parameter: value`, a line for each")
    return {str(name): value for part in parts for name, value in part.items()}


def describe(query: SavedQuery, graph: NamedNode) -> Iterator[Quad]:
    """The triples that say what the query is, in the convention of the SIB's example queries."""
    subject = NamedNode(QUERIES + query.name)
    sh, rdfs, schema = PREFIXES["sh"], PREFIXES["rdfs"], PREFIXES["schema"]

    def quad(predicate: str, object_: NamedNode | Literal) -> Quad:
        return Quad(subject, NamedNode(predicate), object_, graph)

    yield Quad(subject, RDF_TYPE, NamedNode(sh + "SPARQLExecutable"), graph)
    if query.form in EXECUTABLE:
        kind, property_ = EXECUTABLE[query.form]
        yield Quad(subject, RDF_TYPE, NamedNode(sh + kind), graph)
        yield quad(sh + property_, Literal(query.text))
    yield quad(rdfs + "label", Literal(query.summary, language="en"))
    if query.description:
        yield quad(rdfs + "comment", Literal(query.description, language="en"))
    for tag in query.tags:
        yield quad(schema + "keywords", Literal(tag))
