"""The shapes look as the style guide says, explain themselves, and name only what exists."""

import re
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, Quad
from rdf_files import iri, ontology, schemes, statements, value
from shape_files import (
    CASES,
    SHAPE_FILES,
    SHAPES,
    name,
    node_shapes,
    property_shapes,
    published,
    shapes,
    shapes_graph,
)

from edaphon.conformance.change.affected import affected, dependencies
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.engine.sources import targeted
from edaphon.conformance.model.constraints import Class, In, Or, Property
from edaphon.conformance.model.paths import Predicate, predicates
from edaphon.conformance.model.shapes import Targets
from edaphon.namespaces import BASE, ONTOLOGY, PREFIXES

FILES = [*SHAPE_FILES, *CASES]
every_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.name if path.parent == SHAPES else f"{path.parent.name}/{path.stem}"
)
every_property_shape = pytest.mark.parametrize("shape", sorted(property_shapes()))
every_node_shape = pytest.mark.parametrize("shape", sorted(node_shapes()))

SEVERITIES = {iri("sh:Violation"), iri("sh:Warning"), iri("sh:Info")}
# Where rdflib has a closed list of a vocabulary's terms, a misspelt one is found.
CLOSED = {
    PREFIXES["dcat"]: rdflib.DCAT,
    PREFIXES["dcterms"]: rdflib.DCTERMS,
    PREFIXES["foaf"]: rdflib.FOAF,
    PREFIXES["org"]: rdflib.ORG,
    PREFIXES["owl"]: rdflib.OWL,
    PREFIXES["prov"]: rdflib.PROV,
    PREFIXES["rdf"]: rdflib.RDF,
    PREFIXES["rdfs"]: rdflib.RDFS,
    PREFIXES["schema"]: rdflib.SDO,
    PREFIXES["sh"]: rdflib.SH,
    PREFIXES["skos"]: rdflib.SKOS,
}
# Looked at although the shipped graph has none: an editor may add one.
NOT_YET_USED = {
    iri("skos:broadMatch"): "no verified link of ours is broader",
    iri("skos:narrowMatch"): "no verified link of ours is narrower",
}
# The slice of BIBO in ontology/borrowed/ holds classes only.
OF_BIBO = {iri("bibo:locator"), iri("bibo:status")}
CODE_LISTS = {
    "eds:Document-audience": "edc:audiences",
    "eds:Figure-counted": "edc:things-counted",
    "eds:Figure-qualifier": "edc:figure-qualifiers",
    "eds:Passage-kind": "edc:passage-kinds",
    "eds:Programme-kind": "edc:programme-kinds",
}


# How the files look ----------------------------------------------------------------------------------------------


def code(path: Path) -> str:
    """The file without comments, strings and full IRIs."""
    text = re.sub(r'""".*?"""', '""', path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text)
    text = re.sub(r"<[^>\n]*>", "<>", text)
    return re.sub(r"#[^\n]*", "", text)


def prefixes(path: Path) -> list[str]:
    return re.findall(r"^PREFIX (\w+): ", path.read_text(encoding="utf-8"), re.MULTILINE)


@every_file
def test_the_first_line_says_what_the_file_is_for(path: Path) -> None:
    assert re.match(r"# \S", path.read_text(encoding="utf-8"))


@every_file
def test_prefixes_are_ours_and_then_the_others_in_alphabetical_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    own = [prefix for prefix in PREFIXES if PREFIXES[prefix].startswith(BASE) and prefix in prefixes(path)]
    others = sorted(set(prefixes(path)) - set(own))
    blocks = ["\n".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>" for prefix in block) for block in (own, others)]
    header = "\n\n".join(filter(None, blocks))
    assert text.split("\n", 1)[1].startswith(f"\n{header}\n\n")
    assert "@prefix" not in text


@every_file
def test_no_prefix_is_declared_in_vain(path: Path) -> None:
    for prefix in prefixes(path):
        assert len(re.findall(rf"(?<![\w:-]){prefix}:", code(path))) > 1, prefix


@every_file
def test_the_full_stop_stands_alone(path: Path) -> None:
    for number, line in enumerate(code(path).split("\n"), 1):
        assert line.strip() == "." or not line.rstrip().endswith("."), f"line {number}"


@every_file
def test_lines_are_indented_by_spaces_and_end_without_one(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        assert "\t" not in line and line == line.rstrip(), f"line {number}"


# What a shape says of itself -------------------------------------------------------------------------------------


def objects(subject: str, predicate: str) -> list[object]:
    return [quad.object for quad in shapes_graph() if quad.subject == iri(subject) and quad.predicate == iri(predicate)]


def one_sentence(subject: str, predicate: str) -> str:
    (text,) = objects(subject, predicate)
    assert isinstance(text, Literal) and text.language == "en", (subject, predicate)
    return text.value


def test_every_shape_that_makes_a_demand_has_an_iri_that_reads_aloud() -> None:
    asked = {quad.object for quad in shapes_graph() if quad.predicate == iri("sh:property")}
    # Shapes within sh:or and sh:not make no demand of their own.
    assert {name(shape) for shape in asked} == set(property_shapes())
    for shape in {**property_shapes(), **node_shapes()}:
        assert re.fullmatch(r"eds:[A-Z][A-Za-z]*(-[a-z0-9]+)*", shape)


@every_property_shape
def test_a_property_shape_says_what_it_is_about_why_and_what_to_do(shape: str) -> None:
    assert one_sentence(shape, "sh:name")
    assert one_sentence(shape, "sh:description").endswith(".")
    assert one_sentence(shape, "sh:message").endswith(".")
    (severity,) = objects(shape, "sh:severity")
    assert severity in SEVERITIES


@every_property_shape
def test_a_property_shape_is_asked_of_something(shape: str) -> None:
    askers = [
        other.name
        for other in node_shapes().values()
        for one in other.constraints
        if isinstance(one, Property) and name(one.shape) == shape
    ]
    assert askers


@every_node_shape
def test_a_node_shape_has_a_label_and_targets(shape: str) -> None:
    assert one_sentence(shape, "rdfs:label")
    assert node_shapes()[shape].targets


@every_node_shape
def test_a_node_shape_that_refuses_by_itself_says_why_and_what_to_do(shape: str) -> None:
    own = [one for one in node_shapes()[shape].constraints if not isinstance(one, Property)]
    if not own:
        assert not objects(shape, "sh:severity"), "its properties have their own"
        return
    assert one_sentence(shape, "rdfs:comment").endswith(".")
    (severity,) = objects(shape, "sh:severity")
    assert severity in SEVERITIES
    queries = [name(query) for query in objects(shape, "sh:sparql")]
    for speaker in queries or [shape]:
        assert one_sentence(speaker, "sh:message").endswith(".")
    for query in queries:
        assert objects(query, "sh:prefixes") == [NamedNode(BASE + "shapes")]


# What the shapes name --------------------------------------------------------------------------------------------


def named() -> set[NamedNode]:
    """The classes and properties that shapes are about."""
    wanted = {value for quad in shapes_graph() if quad.predicate == iri("sh:class") for value in [quad.object]}
    found = {term for term in wanted if isinstance(term, NamedNode)}
    for shape in shapes().by_name.values():
        found |= {*shape.targets.subjects_of, *shape.targets.objects_of}
        found |= {term for term in shape.targets.classes if isinstance(term, NamedNode)}
        if shape.path is not None:
            found |= set(predicates(shape.path))
    return found


def exists(term: NamedNode) -> bool:
    if term.value.startswith(ONTOLOGY):
        return any(quad.subject == term for quad in ontology())
    for namespace, closed in CLOSED.items():
        if term.value.startswith(namespace):
            # rdflib has schema.org under https, the same terms.
            return rdflib.URIRef(str(closed) + term.value.removeprefix(namespace)) in closed
    return term in OF_BIBO or any(term in (quad.subject, quad.object) for quad in ontology())


def test_every_class_and_property_exists_in_the_ontology_or_a_borrowed_vocabulary() -> None:
    assert named()
    assert not {term for term in named() if not exists(term)}


def test_every_term_of_shacl_exists() -> None:
    used = {
        term
        for quad in shapes_graph()
        for term in (quad.predicate, quad.object)
        if isinstance(term, NamedNode) and term.value.startswith(PREFIXES["sh"])
    }
    assert used
    assert not {term for term in used if not exists(term)}


def test_every_target_and_every_property_is_in_the_shipped_graph() -> None:
    data = published()
    engine = Engine(shapes(), data)
    idle = set()
    for shape in shapes().by_name.values():
        each = [Targets(classes=(term,)) for term in shape.targets.classes]
        each += [Targets(subjects_of=(term,)) for term in shape.targets.subjects_of]
        for target in each:
            if all(map(engine.is_empty, targeted(target, data))):
                idle |= {*target.classes, *target.subjects_of}
        if shape.path is not None:
            used = {term: next(data.store.quads_for_pattern(None, term, None), None) for term in predicates(shape.path)}
            idle |= {term for term, quad in used.items() if quad is None}
    assert idle == set(NOT_YET_USED)


def test_every_class_of_ours_has_a_shape_of_its_own_or_of_a_broader_class() -> None:
    subclass = iri("rdfs:subClassOf")
    broader: dict[object, set[object]] = {}
    for quad in ontology():
        if quad.predicate == subclass:
            broader.setdefault(quad.subject, set()).add(quad.object)
    classes = {
        quad.subject
        for quad in ontology()
        if quad.object == iri("owl:Class") and value(quad.subject).startswith(ONTOLOGY)
    }
    targets = {term for shape in shapes().targeted() for term in shape.targets.classes}
    for cls in classes:
        reached: set[object] = set()
        waiting: list[object] = [cls]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += broader.get(one, ())
        assert reached & targets, value(cls)


def classes_allowed(constraints: tuple[object, ...]) -> set[NamedNode]:
    """The classes of which a value must have one, by `sh:class` or an `sh:or` of such."""
    allowed = {one.cls for one in constraints if isinstance(one, Class) and isinstance(one.cls, NamedNode)}
    for either in (one for one in constraints if isinstance(one, Or)):
        for option in either.shapes:
            allowed |= classes_allowed(shapes()[option].constraints)
    return allowed


def objects_in_ontology(subject: NamedNode, predicate: str) -> set[NamedNode]:
    return {
        quad.object
        for quad in ontology()
        if quad.subject == subject and quad.predicate == iri(predicate) and isinstance(quad.object, NamedNode)
    }


def broader(term: NamedNode) -> set[NamedNode]:
    """The property and those that it implies in the same direction."""
    reached = {term}
    for one in objects_in_ontology(term, "rdfs:subPropertyOf"):
        reached |= broader(one)
    return reached


def inverses(term: NamedNode) -> set[NamedNode]:
    found = {quad.subject for quad in ontology() if quad.predicate == iri("owl:inverseOf") and quad.object == term}
    return objects_in_ontology(term, "owl:inverseOf") | {one for one in found if isinstance(one, NamedNode)}


def asked_of_one_end(subjects: set[NamedNode], objects: set[NamedNode]) -> list[set[NamedNode]]:
    """The classes that shapes ask of the subjects of some properties, and of the objects of others."""
    return [
        classes_allowed(shape.constraints)
        for shape in shapes().by_name.values()
        if subjects & set(shape.targets.subjects_of)
        or (isinstance(shape.path, Predicate) and shape.path.iri in objects)
    ]


def with_classes_at(end: str) -> list[object]:
    """The properties of ours of which the ontology has classes at this end, other than those with a closed list."""
    listed = {
        shape.path.iri
        for shape in shapes().by_name.values()
        if isinstance(shape.path, Predicate) and any(isinstance(one, In) for one in shape.constraints)
    }
    terms = {
        quad.subject
        for quad in ontology()
        if quad.predicate == iri(end)
        and not value(quad.object).startswith((PREFIXES["xsd"], PREFIXES["rdf"], PREFIXES["rdfs"]))
        and not (end == "schema:rangeIncludes" and quad.subject in listed)
    }
    assert terms
    return [pytest.param(term, id=value(term).removeprefix(ONTOLOGY)) for term in sorted(terms, key=value)]


@pytest.mark.parametrize("term", with_classes_at("schema:domainIncludes"))
def test_a_property_of_ours_is_refused_at_things_where_the_ontology_does_not_have_it(term: NamedNode) -> None:
    domain = objects_in_ontology(term, "schema:domainIncludes")
    assert domain in asked_of_one_end(subjects=broader(term), objects=inverses(term))


@pytest.mark.parametrize("term", with_classes_at("schema:rangeIncludes"))
def test_values_of_a_property_of_ours_are_refused_that_the_ontology_does_not_have(term: NamedNode) -> None:
    allowed = objects_in_ontology(term, "schema:rangeIncludes")
    assert allowed in asked_of_one_end(subjects=inverses(term), objects=broader(term))


@pytest.mark.parametrize("shape", CODE_LISTS)
def test_a_code_list_has_the_members_of_its_scheme(shape: str) -> None:
    (allowed,) = (set(one.terms) for one in property_shapes()[shape].constraints if isinstance(one, In))
    scheme = iri(CODE_LISTS[shape])
    members = {quad.subject for quad in schemes() if quad.predicate == iri("skos:inScheme") and quad.object == scheme}
    members |= {
        quad.subject for quad in schemes() if quad.predicate == iri("skos:topConceptOf") and quad.object == scheme
    }
    assert members
    assert allowed == members


def test_there_is_no_code_list_but_these() -> None:
    with_list = {
        name(shape.name) for shape in shapes().by_name.values() for one in shape.constraints if isinstance(one, In)
    }
    assert with_list == set(CODE_LISTS)


def own_terms(*kinds: str) -> set[str]:
    """The local names of our classes or properties."""
    found = {
        value(quad.subject)
        for quad in ontology()
        if quad.predicate == iri("rdf:type") and quad.object in {iri(kind) for kind in kinds}
    }
    names = {term.removeprefix(ONTOLOGY) for term in found if term.startswith(ONTOLOGY)}
    assert names
    return names


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("eds:Term-class-query", ("owl:Class",)),
        ("eds:Term-property-query", ("owl:ObjectProperty", "owl:DatatypeProperty")),
    ],
)
def test_the_terms_of_ours_that_may_be_used_are_those_of_the_ontology(query: str, kinds: tuple[str, ...]) -> None:
    (select,) = objects(query, "sh:select")
    assert isinstance(select, Literal)
    (listed,) = re.findall(r'CONCAT\("\^\(",(.*?)"\)\$"\)', select.value, re.DOTALL)
    assert set(re.sub(r'[\s",]', "", listed).split("|")) == own_terms(*kinds)


def listed_of(query: str, namespace: str) -> set[str]:
    """The names that a query lets pass of those that begin with a namespace."""
    (select,) = objects(query, "sh:select")
    assert isinstance(select, Literal)
    (listed,) = re.findall(
        rf'STRSTARTS\(\?iri, {re.escape(namespace)}\) && !REGEX\(\?iri, "[/#]\((.*?)\)\$"\)', select.value
    )
    return set(listed.split("|"))


@pytest.mark.parametrize(
    ("namespace", "vocabulary"),
    [
        ("STR(dcterms:)", rdflib.DCTERMS),
        ('"http://xmlns.com/foaf/0.1/"', rdflib.FOAF),
        ("STR(org:)", rdflib.ORG),
        ("STR(prov:)", rdflib.PROV),
        ("STR(skos:)", rdflib.SKOS),
    ],
)
def test_the_borrowed_terms_that_may_be_used_are_all_that_the_vocabulary_has(
    namespace: str, vocabulary: type[rdflib.namespace.DefinedNamespace]
) -> None:
    classes = {term for term in vocabulary.__annotations__ if term[0].isupper()}
    assert listed_of("eds:Term-borrowed-class-query", namespace) == classes
    if vocabulary not in (rdflib.FOAF, rdflib.PROV):
        properties = {term for term in vocabulary.__annotations__ if term[0].islower()}
        assert listed_of("eds:Term-borrowed-query", namespace) == properties


@every_node_shape
def test_a_change_is_checked_where_it_matters_alone(shape: str) -> None:
    """A shape that depends on everything would be checked whole for every contribution, however large the graph."""
    assert not dependencies(shapes(), node_shapes()[shape]).everything


def test_queries_name_only_things_that_the_shipped_graph_describes() -> None:
    """A query that names a body under an IRI that nobody uses would never find anything."""
    described = {quad.subject for quad in statements()}
    for quad in shapes_graph():
        if quad.predicate == iri("sh:select"):
            for thing in re.findall(r"\bed[ic]:[\w-]+", value(quad.object)):
                assert iri(thing) in described, thing


def test_queries_that_look_for_a_name_ask_for_types_in_a_filter_alone() -> None:
    """As a pattern beside the name, `?value a …` has the engine go through all instances for each node."""
    by_name = [
        value(quad.object)
        for quad in shapes_graph()
        if quad.predicate == iri("sh:select")
        and re.search(r"\?value\b[^.{}]*\b(rdfs:label|skos:altLabel)", value(quad.object))
    ]
    assert len(by_name) == 2
    for query in by_name:
        patterns = re.sub(r"EXISTS \{[^{}]*\}", "", query)
        assert not re.search(r"[?$]\w+ a |;\s+a ", patterns), query
        # Neither does it look a name up by a path of alternatives.
        assert not re.search(r"\w\|\w", patterns), query


@pytest.mark.parametrize(
    ("shape", "kind"), [("eds:Thing-not-twice", "bibo:Document"), ("eds:Body-one-name", "org:Organization")]
)
def test_a_type_that_something_gets_concerns_what_has_its_name_alone(shape: str, kind: str) -> None:
    """Not all things of that type, of which there are as many as the graph is large."""
    old, new, other = (iri(f"edi:{which}") for which in ("old-one", "new-one", "other-one"))
    named = {old: "One name", new: "One name", other: "Another name"}
    stated = [Quad(node, iri("rdfs:label"), Literal(text, language="en")) for node, text in named.items()]
    came = Quad(new, iri("rdf:type"), iri(kind))
    data = Dataset.of([*stated, came, *(Quad(node, iri("rdf:type"), iri(kind)) for node in (old, other))])
    (concerned,) = affected([dependencies(shapes(), node_shapes()[shape])], [came], data)
    assert concerned == {old, new}
    assert {finding.focus for finding in Engine(shapes(), data).check_targets(node_shapes()[shape])} == {old, new}
