"""Each shape refuses what it is there to refuse, lets pass what it is there to let pass, and has a case of both."""

import re
from functools import cache
from pathlib import Path

import pytest
from shape_files import (
    CASES,
    SHAPE_FILES,
    case_nodes,
    case_quads,
    expected,
    findings,
    name,
    node_shapes,
    property_shapes,
    shapes,
)

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.engine.sources import listed, targeted
from edaphon.conformance.model.constraints import Property

VALID = [case for case in CASES if not expected(case)]
INVALID = [case for case in CASES if expected(case)]
# Other node shapes refuse nothing themselves; their properties do.
WITH_OWN_CONSTRAINT = {
    name
    for name, shape in node_shapes().items()
    if not all(isinstance(constraint, Property) for constraint in shape.constraints)
}
DEMANDS = sorted({*property_shapes(), *WITH_OWN_CONSTRAINT})
# The prefixes are declared in a file that makes no demand.
FILES = {path.stem: path.read_text(encoding="utf-8") for path in SHAPE_FILES if path.stem != "prefixes"}

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
every_demand = pytest.mark.parametrize("shape", DEMANDS)


@every_case
def test_a_case_trips_the_shapes_that_it_names_and_no_others(case: Path) -> None:
    assert {name(finding.shape) for finding in findings(case)} == expected(case)


@every_case
def test_a_case_is_named_after_its_outcome_and_why(case: Path) -> None:
    outcome = "invalid" if expected(case) else "valid"
    assert re.fullmatch(rf"{outcome}\.[a-z0-9-]+\.ttl", case.name)


@pytest.mark.parametrize("case", INVALID, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_a_case_lies_where_a_shape_that_it_trips_is_written(case: Path) -> None:
    assert any(f"\n{shape}\n    a sh:" in FILES[case.parent.name] for shape in expected(case))


@pytest.mark.parametrize("file", FILES)
def test_each_file_of_shapes_has_cases_that_pass_and_cases_that_do_not(file: str) -> None:
    assert [case for case in VALID if case.parent.name == file]
    assert [case for case in INVALID if case.parent.name == file]


@every_demand
def test_a_shape_is_tripped_by_a_case(shape: str) -> None:
    assert any(shape in expected(case) for case in INVALID)


@every_demand
def test_a_shape_is_passed_by_a_case_that_has_what_it_looks_at(shape: str) -> None:
    assert any(shape in put_to_the_test(case) for case in VALID)


@cache
def put_to_the_test(case: Path) -> set[str]:
    """The shapes that find a node which the case is about and, where they have a path, a value at its end."""
    dataset = Dataset.of(case_quads(case))
    engine = Engine(shapes(), dataset)
    tested: set[str] = set()
    for shape in shapes().targeted():
        focus = set().union(*(engine.nodes(source) for source in targeted(shape.targets, dataset))) & case_nodes(case)
        if not focus:
            continue
        tested.add(name(shape.name))
        for constraint in shape.constraints:
            if isinstance(constraint, Property):
                part = shapes()[constraint.shape]
                if engine.nodes(listed(focus, dataset).step(part.path)):
                    tested.add(name(part.name))
    return tested
