"""What the cache of answers keeps, gives again and lets go."""

from dataclasses import dataclass

from edaphon.sparql.cache import OVERHEAD, AnswerCache, entity_tag, matches


@dataclass(frozen=True)
class Body:
    size: int = 10


def opened(megabytes: int = 1, revision: int = 1) -> AnswerCache[Body]:
    cache: AnswerCache[Body] = AnswerCache(megabytes)
    assert cache.again("nothing yet", revision) is None
    return cache


def test_a_kept_answer_is_found_by_its_question_and_by_its_spelling() -> None:
    cache, body = opened(), Body()
    cache.keep("key", 1, body, "spelling")
    assert cache.find("key", 1) is body
    assert cache.again("spelling", 1) is body


def test_another_spelling_of_the_question_finds_the_same_answer() -> None:
    cache, body = opened(), Body()
    cache.keep("key", 1, body, "spelling")
    assert cache.again("variant", 1) is None
    assert cache.find("key", 1, "variant") is body
    assert cache.again("variant", 1) is body


def test_a_new_revision_forgets_all_answers() -> None:
    cache = opened()
    cache.keep("key", 1, Body(), "spelling")
    assert cache.again("spelling", 2) is None
    assert cache.find("key", 2) is None
    assert cache.find("key", 1) is None


def test_an_answer_from_a_revision_that_has_passed_is_not_kept() -> None:
    cache = opened(revision=2)
    cache.keep("key", 1, Body(), "spelling")
    assert cache.find("key", 2) is None


def test_the_bytes_are_bounded_and_the_least_recently_used_go_first() -> None:
    cache = opened()
    size = 100_000 - OVERHEAD
    for number in range(10):
        cache.keep(number, 1, Body(size), f"spelling {number}")
    assert cache.again("spelling 0", 1) is not None
    cache.keep(10, 1, Body(size))
    assert cache.again("spelling 0", 1) is not None
    assert cache.again("spelling 1", 1) is None
    assert sum(cache.find(number, 1) is not None for number in range(10)) == 9


def test_an_answer_that_would_push_out_most_others_is_not_kept() -> None:
    cache = opened()
    cache.keep("key", 1, Body(cache.largest))
    assert cache.find("key", 1) is None


def test_the_length_of_questions_counts() -> None:
    cache = opened()
    for number in range(30):
        cache.keep((f"{number}" + "x" * 100_000, ()), 1, Body())
    assert sum(cache.find((f"{number}" + "x" * 100_000, ()), 1) is not None for number in range(30)) == 9
    cache.keep(("x" * 1_000_000, ()), 1, Body())
    assert cache.find(("x" * 1_000_000, ()), 1) is None


def test_the_length_of_spellings_counts() -> None:
    cache, body = opened(), Body()
    cache.keep("key", 1, body)
    spellings = [(b"x" * 20_000, b"%d" % number, None) for number in range(100)]
    for spelling in spellings:
        assert cache.find("key", 1, spelling) is body
    remembered = [spelling for spelling in spellings if cache.again(spelling, 1) is not None]
    assert remembered == spellings[-len(remembered) :]
    assert 0 < sum(len(spelling[0]) for spelling in remembered) <= 250_000
    assert cache.find("key", 1, (b"x" * 200_000,)) is body
    assert cache.again((b"x" * 200_000,), 1) is None


def test_a_cache_of_no_size_keeps_nothing() -> None:
    cache = opened(0)
    cache.keep("key", 1, Body(0), "spelling")
    assert cache.again("spelling", 1) is None


def test_tags_tell_all_their_parts_apart() -> None:
    tags = {entity_tag(*parts) for parts in [("a", "b"), ("ab",), ("a", "b", None), ("a", ("b",)), ("b", "a")]}
    assert len(tags) == 5
    assert entity_tag("a", "b") in tags


def test_if_none_match_is_a_list_compared_weakly() -> None:
    assert matches('"x"', "x")
    assert matches('"a", W/"x" ,"b"', "x")
    assert matches("*", "x")
    assert not matches('"xy"', "x")
    assert not matches("x", "x")
    assert not matches("", "x")
