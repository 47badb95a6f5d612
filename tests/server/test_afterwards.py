"""What can wait is done when the answer is on its way, in order, and never for the wrong task."""

import pytest

from edaphon.afterwards import afterwards, deferring


@pytest.fixture
def done() -> list[str]:
    return []


def test_where_nobody_waits_it_is_done_at_once(done: list[str]) -> None:
    afterwards(lambda: done.append("tidied"))
    assert done == ["tidied"]


def test_it_is_done_after_the_answer_in_order(done: list[str]) -> None:
    with deferring():
        afterwards(lambda: done.append("tidied"))
        afterwards(lambda: done.append("and again"))
        done.append("answered")
    assert done == ["answered", "tidied", "and again"]


def test_what_it_leaves_to_be_done_is_done_as_well(done: list[str]) -> None:
    with deferring():
        afterwards(lambda: afterwards(lambda: done.append("later")))
    assert done == ["later"]


def test_a_task_without_an_answer_leaves_nothing_for_the_next(done: list[str]) -> None:
    with pytest.raises(BrokenPipeError), deferring():
        afterwards(lambda: done.append("tidied"))
        raise BrokenPipeError
    with deferring():
        pass
    assert done == []
