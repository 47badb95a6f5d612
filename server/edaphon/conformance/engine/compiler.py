"""How one constraint on value nodes becomes a SPARQL expression that is true where the value is right."""

from pyoxigraph import Literal, NamedNode

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.lexical import FORMS, INTEGER_RANGES
from edaphon.conformance.engine.spelling import AS_WRITTEN, value_of
from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.vocabulary import XSD

__all__ = ["LONG_LIST", "less", "value_test"]

# A list longer than this is looked through in Python's set, not member by member in the query.
LONG_LIST = 30

# Datatypes for which the engine has a cast, which tells a well-formed literal from another one.
CASTS = frozenset(FORMS) - frozenset(INTEGER_RANGES) - {"dateTimeStamp", "hexBinary", "base64Binary", "language"}


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
    name = datatype.value.removeprefix(XSD)
    given = f"isLITERAL({value}) && sameTerm(DATATYPE({value}), {datatype})"
    if name == datatype.value or name == "string":
        return f"({given})"
    # Ill-formed literals of the submitted text are in a disguise of their own, so nothing is left to judge.
    disguised = f"isLITERAL({value}) && sameTerm(DATATYPE({value}), <{AS_WRITTEN}{datatype.value}>)"
    if dataset.literals == "written":
        return f"({given} || {disguised})" if dataset.disguised else f"({given})"
    read = _read_back(datatype, name, value, given)
    return f"({disguised} || {read})" if dataset.disguised else read


def _read_back(datatype: NamedNode, name: str, value: str, given: str) -> str:
    """The test for a literal that the store gave back, which keeps neither derived integer types nor spellings."""
    if name in INTEGER_RANGES:
        least, greatest = INTEGER_RANGES[name]
        bounds = [f"{value} >= {least}"] if least is not None else []
        bounds += [f"{value} <= {greatest}"] if greatest is not None and greatest < 2**63 else []
        whole = f"sameTerm(DATATYPE({value}), <{XSD}integer>) && isLITERAL(<{XSD}integer>(STR({value})))"
        return f"COALESCE({' && '.join([whole, *bounds])}, false)"
    if name in CASTS:
        return f"({given} && COALESCE(isLITERAL({datatype}(STR({value}))), false))"
    return f"({given})"


def less(left: str, right: str, or_equal: bool, dataset: Dataset) -> str:
    """True where both variables can be compared and the left one is less (or equal)."""
    operator = "<=" if or_equal else "<"
    plain = f"{left} {operator} {right}"
    if dataset.disguised:
        return f"COALESCE({plain}, {value_of(left)} {operator} {value_of(right)}, false)"
    return f"COALESCE({plain}, false)"
