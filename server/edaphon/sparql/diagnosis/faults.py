"""What is wrong at one place of a SPARQL text."""

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`start` is an offset into the text; `detail` says what is wrong there, `hint` what to do about it."""

    start: int
    detail: str
    hint: str | None = None
