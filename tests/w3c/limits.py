"""Which W3C tests the engine does not pass, and why; `docs/conformance.md` tells users what that means for them."""

from typing import Final

__all__ = ["ENGINE_LIMITS"]

ZERO_LENGTH: Final = "a zero-length path finds no term that is in no triple"
GRAPH_VARIABLE: Final = "GRAPH ?g around a group without a triple pattern does not go through the named graphs"
LANGUAGE_KEPT: Final = "GROUP_CONCAT over literals of one language keeps the language tag"

# Compared by value. A test listed here that passes makes the suite fail: the entry, and the page, are then out of date.
ENGINE_LIMITS: Final[dict[str, str]] = {
    "aggregates/agg-empty-group-count-graph": GRAPH_VARIABLE,
    "aggregates/agg-groupconcat-04": LANGUAGE_KEPT,
    "aggregates/agg-groupconcat-06": LANGUAGE_KEPT,
    "bindings/graph": GRAPH_VARIABLE,
    "csv-tsv-res/tsv03": "integers of derived types come back as xsd:integer",
    "functions/bnode01": "BNODE(label) gives one blank node per label, not one per label and solution",
    "negation/graph-minus": "MINUS counts the variable of an enclosing GRAPH as shared",
    "property-path/zero_or_more_set_end": ZERO_LENGTH,
    "property-path/zero_or_more_set_start": ZERO_LENGTH,
    "property-path/zero_or_one_set_end": ZERO_LENGTH,
    "property-path/zero_or_one_set_start": ZERO_LENGTH,
}
