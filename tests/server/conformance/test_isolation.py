"""A check in a process of its own cannot run away with it."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edaphon.conformance.isolation import Checker, without_files
from edaphon.conformance.submission import Submission, check_on_nothing
from edaphon.errors import DeadlineReached, EngineFailed, MemoryReached, ParseError, ShapesError

SHAPES = """
PREFIX ex: <http://example.org/> PREFIX sh: <http://www.w3.org/ns/shacl#>
ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:message "Say p."@en ] .
"""


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker(memory=400) as one:
        yield one


def turtle(text: str) -> Submission:
    return Submission("body", text.encode(), "text/turtle")


def test_a_report_comes_back(checker: Checker) -> None:
    report = checker.run(check_on_nothing, turtle("<http://example.org/a> a 1 ."), turtle(SHAPES), seconds=60)
    (finding,) = report.findings
    assert finding.messages[0].value == "Say p."
    assert finding.place is not None and finding.place.line == 1


def test_what_is_wrong_with_the_submission_comes_back(checker: Checker) -> None:
    with pytest.raises(ParseError) as error:
        checker.run(check_on_nothing, turtle("<a"), turtle(SHAPES), seconds=60)
    assert error.value.line == 1
    with pytest.raises(ShapesError):
        checker.run(check_on_nothing, turtle(""), turtle(SHAPES.replace("minCount", "mincount")), seconds=60)


def test_a_check_that_takes_too_long_is_stopped_and_the_next_one_runs(checker: Checker) -> None:
    with pytest.raises(DeadlineReached):
        checker.run(time.sleep, 60, seconds=0.2)
    assert checker.run(abs, -5, seconds=60) == 5


def test_a_check_that_needs_too_much_memory_is_stopped_and_the_next_one_runs(checker: Checker) -> None:
    with pytest.raises(MemoryReached):
        checker.run(bytes, 5_000_000_000, seconds=60)
    assert checker.run(abs, -5, seconds=60) == 5


def test_a_process_that_dies_is_told_of_and_replaced(checker: Checker) -> None:
    with pytest.raises(MemoryReached) as error:
        checker.run(os.kill, checker.run(os.getpid, seconds=60), 11, seconds=60)
    assert error.value.limit == "stack"
    assert checker.run(abs, -5, seconds=60) == 5


def test_what_is_nested_too_deep_is_told_of_and_ends_nothing(checker: Checker) -> None:
    process = checker.run(os.getpid, seconds=60)
    with pytest.raises(MemoryReached, match="nested too deep") as error:
        checker.run(json.loads, "[" * 100_000, seconds=60)
    assert error.value.limit == "stack"
    assert checker.run(os.getpid, seconds=60) == process


def test_a_defect_is_not_taken_for_a_lack_of_memory(checker: Checker) -> None:
    with pytest.raises(EngineFailed, match="broke off"):
        checker.run(divmod, 1, 0, seconds=60)
    assert checker.run(abs, -5, seconds=60) == 5


def test_the_process_stays_for_the_next_check(checker: Checker) -> None:
    assert checker.run(os.getpid, seconds=60) == checker.run(os.getpid, seconds=60)


def test_no_file_opens_behind_the_second_wall(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x")
    with pytest.raises(OSError), without_files():
        file.read_text()
    assert file.read_text() == "x"
