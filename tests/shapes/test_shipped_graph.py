"""The shipped graph has neither a violation nor a warning, as two engines agree."""

from shape_files import published, shapes, shipped

from edaphon.conformance.check import check, corpus_quads
from edaphon.conformance.engine.reference import reference_findings


def test_the_compiled_engine_finds_nothing() -> None:
    report = check(published(), shapes())
    assert not report.findings
    assert not report.remarks, "a shape that is asked of nothing, or a demand that cannot be read"


def test_the_reference_finds_nothing() -> None:
    assert not reference_findings(corpus_quads(shipped()), shapes())
