"""How one constraint on value nodes becomes a SPARQL expression that is true where the value is right."""

from pyoxigraph import Literal, NamedNode

from edaphon.conformance import constraints as c
from edaphon.conformance.dataset import Dataset
from edaphon.conformance.lexical import INTEGER_RANGES
from edaphon.conformance.spelling import AS_WRITTEN, value_of
from edaphon.conformance.vocabulary import RDF, XSD

__all__ = ["LONG_LIST", "less", "value_test"]

# A list longer than this is looked through in Python's set, not member by member in the query.
LONG_LIST = 30

# Datatypes for which the engine has a cast, which tells a well-formed literal from another one.
CASTS = (
    "boolean decimal double float date dateTime time gYear gYearMonth gMonth gDay gMonthDay duration "
    "yearMonthDuration dayTimeDuration"
)


def value_test(constraint: c.Constraint, value: str, dataset: Dataset) -> str | None:
    """The expression over the variable `value`, never an error; None where one expression cannot say it."""
    match constraint:
        case c.NodeKind(kinds):
            tests = {"IRI": "isIRI", "BlankNode": "isBLANK", "Literal": "isLITERAL"}
            return "(" + " || ".join(f"{tests[kind]}({value})" for kind in sorted(kinds)) + ")"
        case c.Datatype(datatype):
            return _datatype(datatype, value, dataset)
        case c.Comparison(_, operator, bound):
            plain = f"{value} {operator} {bound}"
            if dataset.disguised:
                return f"COALESCE({plain}, {value_of(value)} {operator} {bound}, false)"
            return f"COALESCE({plain}, false)"
        case c.MinLength(length):
            return f"(!isBLANK({value}) && STRLEN(STR({value})) >= {length})"
        case c.MaxLength(length):
            return f"(!isBLANK({value}) && STRLEN(STR({value})) <= {length})"
        case c.Pattern(pattern, flags):
            arguments = f"{Literal(pattern)}, {Literal(flags)}" if flags else str(Literal(pattern))
            return f"(!isBLANK({value}) && REGEX(STR({value}), {arguments}))"
        case c.LanguageIn(ranges):
            tags = " || ".join(f"LANGMATCHES(LANG({value}), {Literal(one)})" for one in ranges) or "false"
            return f"(isLITERAL({value}) && ({tags}))"
        case c.In(terms) if len(terms) <= LONG_LIST:
            same = (f"sameTerm({value}, {dataset.encode(term)})" for term in terms if _writable(term))
            return "(" + (" || ".join(same) or "false") + ")"
        case _:
            return None


def _writable(term: object) -> bool:
    # A blank node of the shapes graph is none of the data graph's.
    return isinstance(term, NamedNode | Literal)


def _datatype(datatype: NamedNode, value: str, dataset: Dataset) -> str:
    given = f"isLITERAL({value}) && sameTerm(DATATYPE({value}), {datatype})"
    name = datatype.value.removeprefix(XSD)
    if dataset.written:
        if not dataset.disguised:
            return f"({given})"
        disguise = NamedNode(AS_WRITTEN + datatype.value)
        return f"(isLITERAL({value}) && DATATYPE({value}) IN ({datatype}, {disguise}))"
    if datatype.value == RDF + "langString" or name == datatype.value:
        return f"({given})"
    if name in INTEGER_RANGES:
        # The store has made an xsd:integer of it; what is left to judge is the range.
        least, greatest = INTEGER_RANGES[name]
        bounds = [f"{value} >= {least}"] if least is not None else []
        bounds += [f"{value} <= {greatest}"] if greatest is not None and greatest < 2**63 else []
        whole = f"DATATYPE({value}) = <{XSD}integer> && BOUND({value}) && <{XSD}integer>(STR({value})) = {value}"
        return f"COALESCE(isLITERAL({value}) && {' && '.join([whole, *bounds])}, false)"
    if name in CASTS.split():
        return f"({given} && COALESCE(isLITERAL({datatype}(STR({value}))), false))"
    return f"({given})"


def less(left: str, right: str, or_equal: bool, dataset: Dataset) -> str:
    """True where both variables can be compared and the left one is less (or equal)."""
    operator = "<=" if or_equal else "<"
    plain = f"{left} {operator} {right}"
    if dataset.disguised:
        return f"COALESCE({plain}, {value_of(left)} {operator} {value_of(right)}, false)"
    return f"COALESCE({plain}, false)"
