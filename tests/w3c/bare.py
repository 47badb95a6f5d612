"""What the engine answers on its own: pyoxigraph in this process, with nothing of Edaphon around it."""

import resource
from typing import Final

import pyoxigraph as ox
from w3c.manifests import Case

__all__ = ["ask", "query_parses", "update_parses"]

FORMATS: Final = {
    ".srx": ox.QueryResultsFormat.XML,
    ".srj": ox.QueryResultsFormat.JSON,
    ".csv": ox.QueryResultsFormat.CSV,
    ".tsv": ox.QueryResultsFormat.TSV,
}


def ask(case: Case, suffix: str) -> bytes:
    """The engine's answer to the test's query on the test's data, in the format of files called `suffix`."""
    store = ox.Store()
    store.extend(case.quads())
    answer = store.query(case.text, base_iri=case.base)
    if isinstance(answer, ox.QueryTriples):
        written = answer.serialize(format=ox.RdfFormat.N_TRIPLES)
    else:
        written = answer.serialize(format=FORMATS[suffix])
    assert written is not None
    return written


def query_parses(case: Case) -> bool:
    """Whether the engine takes the text for a query."""
    try:
        # Told to set a variable that is not there, the engine stops after parsing, and calls no SERVICE.
        ox.Store().query(case.text, base_iri=case.base, substitutions={ox.Variable("absent"): ox.Literal("")})
    except SyntaxError:
        return False
    except RuntimeError:
        return True
    raise AssertionError("a test uses the variable ?absent")


def update_parses(case: Case) -> bool:
    """Whether the engine takes the text for an update."""
    text = case.text
    # The engine runs what it parses, LOAD included: without descriptors it can open no socket.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        # Not the test's own base, whose https would have the engine read certificates.
        ox.Store().update(text, base_iri="http://example.org/")
    except SyntaxError:
        return False
    except (OSError, RuntimeError):
        # Understood, but it cannot be done: nothing to load, or an unknown graph.
        return True
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return True
