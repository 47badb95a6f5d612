"""Someone who knows only PROV, ORG, schema.org, SKOS or DCMI Terms finds things by those terms."""

from functools import cache

import pytest
from pyoxigraph import Quad, QuerySolutions, Store
from rdf_files import iri, statements

from edaphon.namespaces import PREFIXES


@cache
def merged() -> Store:
    """Every statement in the default graph; what they imply is asked for by property paths."""
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in statements())
    return store


def members(name: str) -> set[str]:
    """What is of a class, by the hierarchy."""
    found = merged().query(f"SELECT DISTINCT ?x WHERE {{ ?x a/rdfs:subClassOf* {name} }}", prefixes=PREFIXES)
    assert isinstance(found, QuerySolutions)
    return {row["x"].value for row in found}


def pairs(name: str) -> set[tuple[str, str]]:
    """What a property joins, by the hierarchy, the inverses and symmetry."""
    found = merged().query(
        f"""SELECT DISTINCT ?x ?y WHERE {{
              {{ ?property rdfs:subPropertyOf* {name} . ?x ?property ?y }}
              UNION
              {{ ?other rdfs:subPropertyOf*/(owl:inverseOf|^owl:inverseOf)/rdfs:subPropertyOf* {name} . ?y ?other ?x }}
              UNION
              {{ ?property rdfs:subPropertyOf* {name} . ?property a owl:SymmetricProperty . ?y ?property ?x }}
            }}""",
        prefixes=PREFIXES,
    )
    assert isinstance(found, QuerySolutions)
    return {(row["x"].value, row["y"].value) for row in found}


MEMBERS = [
    ("prov:Activity", "edi:preparation-of-the-state-of-knowledge-report"),
    ("prov:Activity", "edi:global-symposium-on-soil-biodiversity"),
    ("prov:Activity", "edi:launch-of-soilex"),
    ("prov:Activity", "edi:recsoil"),
    ("prov:Agent", "edi:gsp-secretariat"),
    ("prov:Agent", "edi:fao-experts"),
    ("prov:Organization", "edi:convention-on-biological-diversity"),
    ("prov:Entity", "edi:gsoc-mrv-protocol"),
    ("prov:Entity", "edi:soilex"),
    ("prov:Plan", "edi:draft-plan-of-action-2020-2030"),
    ("prov:Plan", "edi:request-for-a-review-of-the-initiative"),
    ("org:Organization", "edi:global-soil-partnership"),
    ("org:Organization", "edi:conference-of-the-parties"),
    ("schema:Event", "edi:global-symposium-on-soil-biodiversity"),
    ("schema:Event", "edi:webinar-on-soil-biodiversity"),
    ("schema:Event", "edi:launch-of-the-global-assessment-of-soil-pollution"),
    ("schema:Event", "edi:cgrfa-seventeenth-regular-session"),
    ("schema:CreativeWork", "edi:the-magical-world-of-soil-biodiversity"),
    ("schema:Organization", "edi:unep"),
    ("schema:Place", "edi:rome"),
    ("bibo:Document", "edi:cop-decision-14-30"),
    ("foaf:Document", "edi:cbd-sbstta-24-inf-8"),
    ("foaf:Agent", "edi:other-organizations"),
    ("foaf:Project", "edi:global-soil-doctors-programme"),
    ("lode:Event", "edi:world-soil-day-2020-celebrations"),
    ("prov:Location", "edi:rome"),
]

PAIRS = [
    ("org:memberOf", "edi:members-of-the-itps", "edi:intergovernmental-technical-panel-on-soils"),
    ("org:hasMember", "edi:intergovernmental-technical-panel-on-soils", "edi:members-of-the-itps"),
    ("org:hasUnit", "edi:convention-on-biological-diversity", "edi:cbd-secretariat"),
    ("org:hasSubOrganization", "edi:global-soil-partnership", "edi:intergovernmental-technical-panel-on-soils"),
    ("prov:generated", "edi:recsoil", "edi:gsoc-mrv-protocol"),
    ("prov:wasGeneratedBy", "edi:keep-soil-alive-outcome-document", "edi:global-symposium-on-soil-biodiversity"),
    ("prov:wasGeneratedBy", "edi:cop-decision-viii-23", "edi:cop-8"),
    ("prov:wasAssociatedWith", "edi:global-symposium-on-soil-biodiversity", "edi:global-soil-partnership"),
    ("prov:wasAssociatedWith", "edi:international-initiative-for-soil-biodiversity", "edi:fao"),
    ("prov:wasAssociatedWith", "edi:launch-of-the-global-assessment-of-soil-pollution", "edi:unep"),
    ("prov:wasAttributedTo", "edi:cop-decision-14-30", "edi:conference-of-the-parties"),
    ("prov:wasAttributedTo", "edi:global-assessment-of-soil-pollution", "edi:unep"),
    ("prov:wasInfluencedBy", "edi:review-of-the-initiative", "edi:request-for-a-review-of-the-initiative"),
    ("prov:wasInfluencedBy", "edi:global-soil-doctors-programme", "edi:launch-of-the-global-soil-doctors-programme"),
    ("edo:gives", "edi:cop-decision-14-30", "edi:request-for-a-review-of-the-initiative"),
    ("edo:answeredBy", "edi:request-for-a-review-of-the-initiative", "edi:review-of-the-initiative"),
    ("edo:launchedAt", "edi:soilex", "edi:launch-of-soilex"),
    ("edo:coincidedWith", "edi:world-environment-day-2021", "edi:launch-of-the-global-assessment-of-soil-pollution"),
    ("schema:subEvent", "edi:world-soil-day-2020-celebrations", "edi:launch-of-the-state-of-knowledge-report"),
    ("prov:atLocation", "edi:cop-8", "edi:curitiba"),
    ("schema:author", "edi:global-assessment-of-soil-pollution", "edi:unep"),
    ("schema:about", "edi:global-assessment-of-soil-pollution", "edc:soil-pollution"),
    ("skos:narrower", "edc:biodiversity", "edc:soil-biodiversity"),
    ("skos:related", "edc:ecosystem-services", "edc:soil-biodiversity"),
    ("dcterms:hasPart", "edi:progress-report", "edpr:para-4"),
    ("dcterms:isReferencedBy", "edi:gsoc-mrv-protocol", "edpr:note-11"),
    ("dcterms:source", "edi:invitation-to-prepare-a-report-on-soil-biodiversity", "edi:cop-decision-14-30"),
]


@pytest.mark.parametrize(("kind", "thing"), MEMBERS)
def test_a_thing_is_found_by_a_class_of_another_vocabulary(kind: str, thing: str) -> None:
    assert iri(thing).value in members(kind)


@pytest.mark.parametrize(("name", "subject", "thing"), PAIRS)
def test_a_relation_is_found_by_a_property_of_another_vocabulary(name: str, subject: str, thing: str) -> None:
    assert (iri(subject).value, iri(thing).value) in pairs(name)


NAMES = [
    ("schema:name", "edi:unep", "United Nations Environment Programme"),
    ("schema:alternateName", "edi:unep", "UNEP"),
    ("schema:name", "edi:global-symposium-on-soil-biodiversity", "Global Symposium on Soil Biodiversity"),
    ("schema:name", "edi:rome", "Rome"),
    ("schema:name", "edc:soil-pollution", "soil pollution"),
    ("rdfs:label", "edc:soil-pollution", "soil pollution"),
]


@pytest.mark.parametrize(("name", "subject", "text"), NAMES)
def test_a_thing_is_called_by_a_property_of_another_vocabulary(name: str, subject: str, text: str) -> None:
    assert (iri(subject).value, text) in pairs(name)


def test_an_unnamed_group_is_no_body() -> None:
    assert not members("edo:UnnamedGroup") & members("org:Organization")


def test_bodies_activities_and_documents_are_kept_apart() -> None:
    assert not members("prov:Activity") & members("prov:Agent")
    assert not members("prov:Activity") & members("prov:Entity")
