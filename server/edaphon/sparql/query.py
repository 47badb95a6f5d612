"""What is asked of a query worker, and how its answer begins."""

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Form", "Head", "Query"]

Form = Literal["solutions", "boolean", "graph"]

# Functions whose value differs from call to call, and SERVICE, whose answer is another server's. Searched in the raw
# text, strings and comments included, and without a word boundary: the engine reads `1NOW()` as two tokens. A comment
# behind the word, which may hide the parenthesis, counts like the parenthesis: to look for its end would take time that
# grows with the square of a hostile text. A false alarm costs one evaluation; a miss would hand out an old answer as a
# new one.
VOLATILE_WORDS: Final = ("NOW", "RAND", "UUID", "BNODE", "SERVICE")
VOLATILE: Final = re.compile(r"(?:NOW|RAND|UUID|BNODE)\s*[(#]|SERVICE")


@dataclass(frozen=True, slots=True)
class Query:
    """A query with the dataset, the formats and the time that its request asks for.

    `default_graphs` and `named_graphs` are the protocol's default-graph-uri and named-graph-uri (SPARQL 1.1 Protocol
    section 2.1.4); when either is given, both replace the query's own FROM clauses. `solutions` and `graph` are the
    media types for the two kinds of answer, None where the client takes none. `seconds` runs from the moment the pool
    is asked, time in the queue included.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    solutions: str | None = "application/sparql-results+json"
    graph: str | None = "text/turtle"
    gzip: bool = False
    seconds: float = 30.0

    @property
    def repeatable(self) -> bool:
        """Whether the same query on the same revision must give the same answer, so that one may be reused."""
        # In capitals, since a search that ignores case is many times slower, and this one holds up other clients.
        text = self.text.upper()
        for word in VOLATILE_WORDS:
            if word in text:
                return VOLATILE.search(text) is None
        return True


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an answer before its first byte. `encoding` is "gzip" or None."""

    form: Form
    media_type: str
    encoding: str | None
    revision: int
