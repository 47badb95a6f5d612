"""Which terms SHACL has: the ones that shapes here may use, and the ones of its extensions."""

from typing import Final

from pyoxigraph import NamedNode

__all__ = [
    "CONSTRAINT_TERMS",
    "CORE_TERMS",
    "DATATYPES",
    "DERIVED_INTEGERS",
    "EXTENSION_TERMS",
    "OWL",
    "RDF",
    "RDFS",
    "SH",
    "SHACL",
    "THINGS",
    "XSD",
    "rdf",
    "rdfs",
    "sh",
    "xsd",
]

SHACL: Final = "http://www.w3.org/ns/shacl#"
SH = SHACL
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def sh(name: str) -> NamedNode:
    """The SHACL term of that local name."""
    return NamedNode(SHACL + name)


def rdf(name: str) -> NamedNode:
    """The RDF term of that local name."""
    return NamedNode(RDF + name)


def rdfs(name: str) -> NamedNode:
    """The RDFS term of that local name."""
    return NamedNode(RDFS + name)


def xsd(name: str) -> NamedNode:
    """The XML Schema datatype of that local name."""
    return NamedNode(XSD + name)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Properties that a shapes graph may use with SHACL Core and SHACL-SPARQL, W3C Recommendation of 20 July 2017.
CORE_TERMS: Final = _words(
    """
    alternativePath and annotationProperty annotationValue annotationVarName ask class closed conforms datatype
    deactivated declare defaultValue description detail disjoint equals flags focusNode group hasValue
    ignoredProperties in inversePath labelTemplate languageIn lessThan lessThanOrEquals maxCount maxExclusive
    maxInclusive maxLength message minCount minExclusive minInclusive minLength name namespace node nodeKind
    nodeValidator not oneOrMorePath optional or order parameter path pattern prefix prefixes property
    propertyValidator qualifiedMaxCount qualifiedMinCount qualifiedValueShape qualifiedValueShapesDisjoint result
    resultAnnotation resultMessage resultPath resultSeverity select severity shapesGraph shapesGraphWellFormed
    sourceConstraint sourceConstraintComponent sourceShape sparql suggestedShapesGraph targetClass targetNode
    targetObjectsOf targetSubjectsOf uniqueLang update validator value xone zeroOrMorePath zeroOrOnePath entailment
    """
)

# Properties of the Advanced Features and of SHACL-JS: real terms that nothing here evaluates.
EXTENSION_TERMS: Final = _words(
    """
    condition construct count desc distinct else expression filterShape groupConcat if intersection js
    jsFunctionName jsLibrary jsLibraryURL limit max min minus nodes object offset orderBy predicate returnType rule
    separator subject sum target then union this
    """
)

# Properties whose presence makes a node a shape, because they state a constraint.
CONSTRAINT_TERMS: Final = _words(
    """
    class datatype nodeKind minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength maxLength
    pattern languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone node property
    qualifiedValueShape closed hasValue in sparql
    """
)

# Classes and individuals that may stand as objects.
THINGS: Final = _words(
    """
    AbstractResult BlankNode BlankNodeOrIRI BlankNodeOrLiteral ConstraintComponent Function IRI IRIOrLiteral Info
    JSConstraint JSExecutable JSFunction JSLibrary JSRule JSTarget JSTargetType JSValidator Literal NodeKind
    NodeShape Parameter Parameterizable PrefixDeclaration PropertyGroup PropertyShape ResultAnnotation Rule
    SPARQLAskExecutable SPARQLAskValidator SPARQLConstraint SPARQLConstructExecutable SPARQLExecutable
    SPARQLFunction SPARQLRule SPARQLSelectExecutable SPARQLSelectValidator SPARQLTarget SPARQLTargetType
    SPARQLUpdateExecutable Severity Shape Target TargetType TripleRule ValidationReport ValidationResult Validator
    Violation Warning this
    """
)

# The datatypes of XML Schema 1.1 that RDF 1.1 knows.
DATATYPES: Final = _words(
    """
    string boolean decimal integer double float date time dateTime dateTimeStamp gYear gMonth gDay gYearMonth
    gMonthDay duration yearMonthDuration dayTimeDuration byte short int long unsignedByte unsignedShort unsignedInt
    unsignedLong positiveInteger nonNegativeInteger negativeInteger nonPositiveInteger hexBinary base64Binary anyURI
    language normalizedString token NMTOKEN Name NCName ENTITY ID IDREF NOTATION QName anyType anySimpleType
    anyAtomicType
    """
)

# The datatypes derived from xsd:integer that are used for counts.
DERIVED_INTEGERS: Final = _words(
    """
    nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger int long short byte unsignedInt unsignedLong
    unsignedShort unsignedByte
    """
)
