"""Which nodes a shape's targets name, asked of one node after another."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.sources import is_target
from edaphon.conformance.model.shapes import Targets
from edaphon.conformance.model.vocabulary import rdf, rdfs


def ex(name: str) -> NamedNode:
    return NamedNode("http://example.org/" + name)


def about(statements: int) -> Dataset:
    """A dataset in which ex:a is said much of, and said much about; the properties looked for come last."""
    store = Store()
    store.extend(Quad(ex("a"), ex(f"other{number}"), ex(f"b{number}")) for number in range(statements))
    store.extend(Quad(ex(f"b{number}"), ex(f"other{number}"), ex("a")) for number in range(statements))
    store.add(Quad(ex("a"), ex("zzz"), Literal("value")))
    store.add(Quad(ex("b"), ex("zzz"), ex("a")))
    return Dataset(store)


@pytest.mark.parametrize("statements", [0, 1, 49, 50, 51, 200])
def test_a_node_is_a_target_by_its_properties_however_much_is_said_of_it(statements: int) -> None:
    data = about(statements)
    assert is_target(ex("a"), Targets(subjects_of=(ex("no"), ex("zzz"))), data)
    assert is_target(ex("a"), Targets(objects_of=(ex("no"), ex("zzz"))), data)
    assert not is_target(ex("a"), Targets(subjects_of=(ex("no"),), objects_of=(ex("no"),)), data)
    assert not is_target(ex("b"), Targets(objects_of=(ex("zzz"),)), data)


def test_a_literal_is_a_target_as_an_object_only() -> None:
    data, value = about(1), Literal("value")
    assert is_target(value, Targets(objects_of=(ex("zzz"),)), data)
    assert not is_target(value, Targets(subjects_of=(ex("zzz"),), classes=(ex("C"),)), data)


def test_instances_of_subclasses_are_targets_of_each_shape_of_the_class() -> None:
    store = Store()
    store.add(Quad(ex("a"), rdf("type"), ex("D")))
    store.add(Quad(ex("D"), rdfs("subClassOf"), ex("C")))
    data = Dataset(store)
    assert [is_target(ex("a"), Targets(classes=(ex(name),)), data) for name in ("C", "D", "E")] == [True, True, False]
