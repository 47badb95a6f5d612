"""The compiled engine finds what pySHACL finds, and after a change just what a whole check would find new or gone."""

from hypothesis import HealthCheck, given, note, settings
from pyoxigraph import Literal
from shacl_worlds import REFUSED, Changed, World, changes, keys, turtle, unexplained, worlds

from edaphon.conformance.change.incremental import Incremental, difference
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine, findings
from edaphon.conformance.engine.reference import reference_findings
from edaphon.conformance.reading.graph import read_shapes
from edaphon.errors import ShapesError

RUN = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@RUN
@given(worlds())
def test_the_engine_agrees_with_the_reference(world: World) -> None:
    note(turtle(world.shapes))
    note(turtle(world.data))
    shapes = read_shapes(world.shapes)
    ours = keys(findings(world.data, shapes))
    try:
        theirs = keys(reference_findings(world.data, shapes))
    except ShapesError as error:
        assert REFUSED in str(error)
        return
    assert unexplained(ours - theirs) == {}, "the engine finds more"
    assert theirs - ours == {}, "the engine finds less"


@RUN
@given(changes())
def test_after_a_change_the_engine_finds_just_what_came_and_went(change: Changed) -> None:
    world = change.world
    note(turtle(world.shapes))
    note(turtle(world.data))
    note("added:\n" + turtle(change.added))
    note("removed:\n" + turtle(change.removed))
    shapes = read_shapes(world.shapes)
    before = Dataset.of(world.data)
    after = Dataset.of((world.data | change.added) - change.removed)
    came, went = difference(Engine(shapes, before).validate(), Engine(shapes, after).validate())
    found = Incremental(shapes).check(lambda: before, after, change.added | change.removed)
    assert keys(found.introduced) == keys(came)
    assert keys(found.removed) == keys(went)
    assert not any(isinstance(one.focus, Literal) and one.focus.datatype.value.startswith("urn:") for one in came)
