"""What a change of the data makes wrong or right, found without looking at what it cannot concern."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

from pyoxigraph import Quad, Triple

from edaphon.conformance.change.affected import Dependencies, affected, dependencies
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.engine.sources import is_target, listed
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.model.shapes import Shape, Shapes

__all__ = ["Change", "Incremental", "difference"]


@dataclass(frozen=True, slots=True)
class Change:
    """The findings that a change brings and those that it takes away; `checked` counts pairs of shape and node."""

    introduced: tuple[Finding, ...] = ()
    removed: tuple[Finding, ...] = ()
    checked: int = 0


class Incremental:
    """Shapes, compiled once for any number of changes."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self._needs: list[tuple[Shape, Dependencies]] = [
            (shape, dependencies(shapes, shape)) for shape in shapes.targeted()
        ]

    def check(
        self,
        before: Callable[[], Dataset] | None,
        after: Dataset,
        changed: Iterable[Quad | Triple],
        *,
        removals: bool = True,
    ) -> Change:
        """Compare the findings before and after the change of these triples, which came or went.

        `before` gives the old state, once it has to be looked at; None when that is known to conform. The result is
        that of checking both states whole and comparing. Without `removals` only what the change introduces is looked
        for, which spares most looks at the old state.
        """
        state = cache(before) if before is not None else None
        nodes = affected([need for _, need in self._needs], list(changed), after)
        introduced: list[Finding] = []
        removed: list[Finding] = []
        checked = 0
        for (shape, need), concerned in zip(self._needs, nodes, strict=True):
            if not need.everything and not concerned:
                continue
            new = Engine(self.shapes, after)
            gone: list[Finding] = []
            if need.everything:
                found = new.check_targets(shape)
                if state is not None and (found or removals):
                    gone = Engine(self.shapes, state()).check_targets(shape)
            else:
                now = sorted((node for node in concerned if is_target(node, shape.targets, after)), key=str)
                checked += len(now)
                found = new.check(shape, listed(now, after)) if now else []
                if state is not None and (found or removals):
                    old = Engine(self.shapes, state())
                    known = {old.dataset.encode(after.decode(node)) for node in concerned}
                    then = sorted((one for one in known if is_target(one, shape.targets, old.dataset)), key=str)
                    gone = old.check(shape, listed(then, old.dataset)) if then else []
            came, went = difference(gone, found)
            introduced += came
            removed += went
        return Change(tuple(introduced), tuple(removed), checked)


def difference(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings that only the second has, and those that only the first has; details and messages do not count."""
    old, new = Counter(map(_core, before)), Counter(map(_core, after))
    return _pick(after, new - old), _pick(before, old - new)


def _core(finding: Finding) -> Finding:
    return replace(finding, messages=(), details=())


def _pick(findings: Iterable[Finding], wanted: Counter[Finding]) -> list[Finding]:
    left = Counter(wanted)
    picked = []
    for finding in findings:
        core = _core(finding)
        if left[core] > 0:
            left[core] -= 1
            picked.append(finding)
    return picked
