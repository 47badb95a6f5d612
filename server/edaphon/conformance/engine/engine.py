"""What does not conform: shapes held against a dataset by queries that ask about all focus nodes at once."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolution, Variable

from edaphon.conformance.engine.compiler import less, value_test
from edaphon.conformance.engine.dataset import TERM, Dataset
from edaphon.conformance.engine.prebinding import prepare_ask, prepare_select
from edaphon.conformance.engine.sources import Source, instances, listed, targeted, within
from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.findings import Capped, Finding
from edaphon.conformance.model.paths import Path, Predicate, as_sparql
from edaphon.conformance.model.shapes import Shape, ShapeName, Shapes
from edaphon.conformance.model.triples import Term
from edaphon.conformance.report.wording import fill
from edaphon.errors import ShapesError

__all__ = ["Engine", "findings"]

log = logging.getLogger(__name__)

# Nodes that do not conform, each with the findings that show it (as many as were asked for).
Verdict = dict[Term, list[Finding]]

# Findings below another finding: for so many nodes, and so deep. Enough to see why; not a report of its own.
EXPLAINED = 1_000
DETAILED = 4


@dataclass(slots=True)
class _Budget:
    """How many findings are still wanted for each shape and component, and how many there were."""

    cap: int | None
    seen: Counter[tuple[ShapeName, NamedNode]] = field(default_factory=Counter)

    def take(self, shape: ShapeName, component: NamedNode) -> bool:
        """Count one finding; False when enough of its kind are there already."""
        self.seen[shape, component] += 1
        return self.cap is None or self.seen[shape, component] <= self.cap


@dataclass(frozen=True, slots=True)
class _Row:
    """One result of a query, before it becomes a finding."""

    this: Term
    value: Term | None = None
    path: Path | None = None
    component: NamedNode | None = None
    messages: tuple[Literal, ...] = ()
    details: tuple[Finding, ...] = ()


class Engine:
    """Shapes and a dataset, and what comes of the two. `cap` bounds the findings for each constraint of a shape."""

    def __init__(self, shapes: Shapes, dataset: Dataset, *, cap: int | None = None) -> None:
        self.shapes = shapes
        self.dataset = dataset
        self._budget = _Budget(cap)
        self._depth = 0
        self._conforming: dict[tuple[ShapeName, Source], Verdict] = {}

    def validate(self) -> list[Finding]:
        """Hold every shape with targets against all of them."""
        found: list[Finding] = []
        for shape in self.shapes.targeted():
            found += self.check_targets(shape)
        return found

    def check_targets(self, shape: Shape) -> list[Finding]:
        """Hold one shape against all of its targets."""
        return [one for source in targeted(shape.targets, self.dataset) for one in self.check(shape, source)]

    def check(self, shape: Shape, source: Source) -> list[Finding]:
        """Hold one shape against the nodes of a source."""
        verdict = self._judge(shape, source, self._budget)
        self._conforming.clear()
        return [finding for of_one in verdict.values() for finding in of_one]

    def capped(self) -> tuple[Capped, ...]:
        """The constraints with more findings than were kept."""
        cap = self._budget.cap
        if cap is None:
            return ()
        return tuple(
            Capped(shape, component, cap, total)
            for (shape, component), total in self._budget.seen.items()
            if total > cap
        )

    def is_empty(self, source: Source) -> bool:
        """Whether the source has no node at all."""
        return next(self._rows(source.select("", "", "LIMIT 1")), None) is None

    def nodes(self, source: Source) -> set[Term]:
        """The nodes of a source, each once."""
        return {self.dataset.decode(row[0]) for row in self._rows(source.select("", ""))}

    # One shape -----------------------------------------------------------------------------------------------

    def _judge(self, shape: Shape, source: Source, budget: _Budget | None) -> Verdict:
        """The nodes of the source that do not conform to the shape; without a budget, without findings."""
        verdict: Verdict = {}
        simple: list[tuple[c.Constraint, str]] = []
        for constraint in shape.constraints:
            test = value_test(constraint, "?value", self.dataset)
            if test is not None:
                simple.append((constraint, test))
            elif isinstance(constraint, c.Property):
                self._property(verdict, shape, self.shapes[constraint.shape], source, budget)
            else:
                self._collect(verdict, shape, constraint, self._results(shape, constraint, source, budget), budget)
        if simple:
            self._values(verdict, shape, simple, source, budget)
        return verdict

    def _collect(
        self,
        verdict: Verdict,
        shape: Shape,
        constraint: c.Constraint,
        rows: Iterable[_Row],
        budget: _Budget | None,
    ) -> None:
        own = c.component(constraint)
        node = constraint.node if isinstance(constraint, c.Sparql) else None
        for row in rows:
            found = verdict.setdefault(row.this, [])
            component = row.component or own
            if budget is None or not budget.take(shape.name, component):
                continue
            found.append(
                Finding(
                    self.dataset.decode(row.this),
                    shape.name,
                    component,
                    shape.severity,
                    row.path or shape.path,
                    None if row.value is None else self.dataset.decode(row.value),
                    row.messages,
                    node,
                    row.details,
                )
            )

    def _property(
        self, verdict: Verdict, shape: Shape, property: Shape, source: Source, budget: _Budget | None
    ) -> None:
        """The results of a property shape are the shape's own (SHACL section 4.7.2), for each node that it is of."""
        inner = self._judge(property, source.step(shape.path), budget)
        if shape.path is None:
            for node, found in inner.items():
                verdict.setdefault(node, []).extend(found)
        elif inner:
            for this, value in self._pairs(shape, source, inner):
                verdict.setdefault(this, []).extend(inner[value])

    def _values(
        self,
        verdict: Verdict,
        shape: Shape,
        tests: list[tuple[c.Constraint, str]],
        source: Source,
        budget: _Budget | None,
    ) -> None:
        """All constraints that one expression each can judge, in one query."""
        conjunction = " && ".join(test for _, test in tests)
        columns = " ".join(f"({test} AS ?k{number})" for number, (_, test) in enumerate(tests))
        body = f"{self._reach(shape, source)} FILTER (!({conjunction}))"
        rows: dict[tuple[Term, Term], QuerySolution] = {}
        for solution in self._rows(source.select(f"?value {columns}", body)):
            rows.setdefault((solution[0], solution[1]), solution)
        for number, (constraint, _) in enumerate(tests):
            failed = (_Row(this, value) for (this, value), one in rows.items() if one[number + 2].value == "false")
            self._collect(verdict, shape, constraint, failed, budget)

    # One constraint ------------------------------------------------------------------------------------------

    def _results(
        self, shape: Shape, constraint: c.Constraint, source: Source, budget: _Budget | None
    ) -> Iterable[_Row]:
        match constraint:
            case c.Class(cls):
                return self._class(shape, cls, source)
            case c.MinCount(count):
                return self._min_count(shape, count, source)
            case c.MaxCount(count):
                return self._max_count(shape, count, source)
            case c.UniqueLang():
                return self._unique_lang(shape, source)
            case c.Equals(property):
                return self._equals(shape, property, source)
            case c.Disjoint(property):
                body = f"{self._reach(shape, source)} FILTER EXISTS {{ {source.node} {property} ?value }}"
                return self._found(source.select("?value", body))
            case c.LessThan(property, or_equal):
                return self._less_than(shape, property, or_equal, source)
            case c.HasValue(term):
                return self._has_value(shape, term, source)
            case c.In(terms):
                accepted = {self.dataset.encode(term) for term in terms if not isinstance(term, BlankNode)}
                return (_Row(this, value) for this, value in self._pairs(shape, source) if value not in accepted)
            case c.Closed(allowed):
                return self._closed(shape, allowed, source)
            case c.Node(name):
                return self._all_conform(shape, (name,), source, budget)
            case c.And(shapes):
                return self._all_conform(shape, shapes, source, budget)
            case c.Not(name):
                failing = self._failing(name, source.step(shape.path))
                return (_Row(this, value) for this, value in self._pairs(shape, source) if value not in failing)
            case c.Or(shapes):
                return self._any_conforms(shape, shapes, source, budget)
            case c.Xone(shapes):
                return self._one_conforms(shape, shapes, source)
            case c.Qualified():
                return self._qualified(shape, constraint, source)
            case c.Sparql():
                return self._sparql(shape, constraint, source)
            case c.Custom():
                return self._custom(shape, constraint, source)
            case _:
                raise AssertionError(f"{constraint} is judged by an expression or by the shape it belongs to")

    def _class(self, shape: Shape, cls: Term, source: Source) -> Iterator[_Row]:
        accepted = [one for one in self.dataset.subclasses(cls) if isinstance(one, NamedNode)]
        # Without a name for the class nothing can be its instance.
        missing = f"FILTER NOT EXISTS {{ {instances('?value', accepted, '?k')} }}" if accepted else ""
        return self._found(source.select("?value", f"{self._reach(shape, source)} {missing}"))

    def _min_count(self, shape: Shape, count: int, source: Source) -> Iterator[_Row]:
        path = self._path(shape)
        if count == 0:
            return iter(())
        if count == 1:
            body = f"FILTER NOT EXISTS {{ {within(source, path, '?value')} }}"
            return self._nodes(source.select("", body))
        body = f"OPTIONAL {{ {source.reach(path, '?value')} }}"
        tail = f"GROUP BY {source.node} HAVING (COUNT(DISTINCT ?value) < {count})"
        return self._nodes(source.select("", body, tail))

    def _max_count(self, shape: Shape, count: int, source: Source) -> Iterator[_Row]:
        path = self._path(shape)
        body = f"{source.reach(path, '?value')}"
        if count == 0:
            return self._nodes(source.select("", f"FILTER EXISTS {{ {within(source, path, '?value')} }}"))
        if count == 1:
            other = f"{within(source, path, '?other')} FILTER (!sameTerm(?value, ?other))"
            return self._nodes(source.select("", f"{body} FILTER EXISTS {{ {other} }}"))
        tail = f"GROUP BY {source.node} HAVING (COUNT(DISTINCT ?value) > {count})"
        return self._nodes(source.select("", body, tail))

    def _unique_lang(self, shape: Shape, source: Source) -> Iterator[_Row]:
        path = self._path(shape)
        tagged = 'FILTER (isLITERAL(?value) && LANG(?value) != "")'
        same = "isLITERAL(?other) && LANG(?other) = LANG(?value) && !sameTerm(?value, ?other)"
        other = f"FILTER EXISTS {{ {within(source, path, '?other')} FILTER ({same}) }}"
        body = f"{source.reach(path, '?value')} {tagged} {other}"
        rows = {(row[0], row[1].value) for row in self._rows(source.select("(LCASE(LANG(?value)) AS ?lang)", body))}
        return (_Row(this) for this, _ in sorted(rows, key=str))

    def _equals(self, shape: Shape, property: NamedNode, source: Source) -> Iterator[_Row]:
        other = f"{source.node} {property} ?value"
        body = f"{self._reach(shape, source)} FILTER NOT EXISTS {{ {other} }}"
        yield from self._found(source.select("?value", body))
        if shape.path is None:
            missing = f"{other} . FILTER (!sameTerm(?value, {source.node}))"
        else:
            same = f"{within(source, shape.path, '?same')} FILTER (sameTerm(?same, ?value))"
            missing = f"{other} . FILTER NOT EXISTS {{ {same} }}"
        yield from self._found(source.select("?value", missing))

    def _less_than(self, shape: Shape, property: NamedNode, or_equal: bool, source: Source) -> Iterator[_Row]:
        test = less("?value", "?other", or_equal, self.dataset)
        body = f"{self._reach(shape, source)} {source.node} {property} ?other FILTER (!{test})"
        rows = {(row[0], row[1], row[2]) for row in self._rows(source.select("?value ?other", body))}
        return (_Row(this, value) for this, value, _ in sorted(rows, key=str))

    def _has_value(self, shape: Shape, term: Term, source: Source) -> Iterator[_Row]:
        if isinstance(term, BlankNode):
            return self._nodes(source.select("", ""))
        (number,) = self.dataset.number([self.dataset.encode(term)])
        wanted = f"sameTerm(?value, <{TERM.value}>({number}))"
        if shape.path is None:
            return self._nodes(source.select("", f"BIND({source.node} AS ?value) FILTER (!{wanted})"))
        body = f"FILTER NOT EXISTS {{ {within(source, shape.path, '?value')} FILTER ({wanted}) }}"
        return self._nodes(source.select("", body))

    def _closed(self, shape: Shape, allowed: tuple[NamedNode, ...], source: Source) -> Iterator[_Row]:
        known = f"FILTER (?property NOT IN ({', '.join(map(str, allowed))}))" if allowed else ""
        # LATERAL, since the engine may otherwise join the nodes to all triples there are.
        body = f"{self._reach(shape, source)} LATERAL {{ ?value ?property ?stray . {known} }}"
        rows = {tuple(row) for row in self._rows(source.select("?value ?property ?stray", body))}
        return (_Row(this, stray, Predicate(property)) for this, _, property, stray in sorted(rows, key=str))

    # Constraints on other shapes -------------------------------------------------------------------------------

    def _failing(self, name: ShapeName, source: Source) -> Verdict:
        """The nodes of the source that do not conform to another shape, without saying why."""
        key = (name, source)
        if key not in self._conforming:
            self._conforming[key] = self._judge(self.shapes[name], source, None)
        return self._conforming[key]

    def _reasons(
        self, names: tuple[ShapeName, ...], nodes: Iterable[Term], budget: _Budget | None
    ) -> dict[Term, list[Finding]]:
        """Why nodes do not conform to other shapes: looked for after the fact, for no more nodes than are shown."""
        reasons: defaultdict[Term, list[Finding]] = defaultdict(list)
        if budget is None or self._depth >= DETAILED:
            return reasons
        self._depth += 1
        shown = listed(sorted(nodes, key=str)[:EXPLAINED], self.dataset)
        for name in dict.fromkeys(names):
            for node, found in self._judge(self.shapes[name], shown, _Budget(EXPLAINED)).items():
                reasons[node] += found
        self._depth -= 1
        return reasons

    def _all_conform(
        self, shape: Shape, names: tuple[ShapeName, ...], source: Source, budget: _Budget | None
    ) -> Iterator[_Row]:
        values = source.step(shape.path)
        failing = set[Term]().union(*(self._failing(name, values) for name in names))
        if failing:
            reasons = self._reasons(names, failing, budget)
            for this, value in self._pairs(shape, source, failing):
                yield _Row(this, value, details=tuple(reasons.get(value, ())))

    def _any_conforms(
        self, shape: Shape, names: tuple[ShapeName, ...], source: Source, budget: _Budget | None
    ) -> Iterator[_Row]:
        verdicts: list[Verdict] = []
        for name in names:
            verdicts.append(self._failing(name, source.step(shape.path)))
            if not verdicts[-1]:
                return
        # Nothing conforms to one of no shapes.
        failing = set.intersection(*map(set, verdicts)) if verdicts else None
        if failing is None or failing:
            reasons = self._reasons(names, failing or (), budget)
            for this, value in self._pairs(shape, source, failing):
                yield _Row(this, value, details=tuple(reasons.get(value, ())))

    def _one_conforms(self, shape: Shape, names: tuple[ShapeName, ...], source: Source) -> Iterator[_Row]:
        verdicts = [self._failing(name, source.step(shape.path)) for name in names]
        for this, value in self._pairs(shape, source):
            if sum(value not in verdict for verdict in verdicts) != 1:
                yield _Row(this, value)

    def _qualified(self, shape: Shape, constraint: c.Qualified, source: Source) -> Iterator[_Row]:
        values = source.step(shape.path)
        failing = self._failing(constraint.shape, values)
        siblings = [self._failing(name, values) for name in constraint.siblings]
        counts: Counter[Term] = Counter()
        for this, value in self._pairs(shape, source):
            if value not in failing and all(value in verdict for verdict in siblings):
                counts[this] += 1
        if constraint.maximum is not None:
            return (_Row(this) for this, count in counts.items() if count > constraint.maximum)
        least = constraint.minimum or 0
        if least == 0:
            return iter(())
        nodes = (row.this for row in self._nodes(source.select("", "")))
        return (_Row(this) for this in nodes if counts[this] < least)

    # Queries of the shapes graph -------------------------------------------------------------------------------

    def _sparql(self, shape: Shape, constraint: c.Sparql, source: Source) -> Iterator[_Row]:
        return self._solutions(shape, constraint.query, constraint.messages or shape.messages, {}, source)

    def _custom(self, shape: Shape, constraint: c.Custom, source: Source) -> Iterator[_Row]:
        arguments = dict(constraint.arguments)
        if any(isinstance(term, BlankNode) for term in arguments.values()):
            raise ShapesError(f"{shape.name}: an argument of {constraint.component} is a blank node")
        constants: dict[str, str | None] = {name: str(term) for name, term in arguments.items()}
        messages = shape.messages or constraint.messages
        if not constraint.ask:
            return self._solutions(shape, constraint.query, messages, constants, source, arguments)
        return self._unanswered(shape, constraint, constants, messages, source, arguments)

    def _unanswered(
        self,
        shape: Shape,
        constraint: c.Custom,
        constants: dict[str, str | None],
        messages: tuple[Literal, ...],
        source: Source,
        arguments: dict[str, Term],
    ) -> Iterator[_Row]:
        """The value nodes for which an ASK says no."""
        path = None if shape.path is None else as_sparql(shape.path)
        prologue, group = prepare_ask(constraint.query, path, self._prebound(shape) | constants)
        body = f"BIND({source.node} AS ?this) {self._reach(shape, source)} FILTER NOT EXISTS {group}"
        with self.dataset.as_values():
            rows = {(row[0], row[1]) for row in self._rows(prologue + source.select("?value", body))}
        for this, value in sorted(rows, key=str):
            bound = {**arguments, "this": this, "value": value}
            filled = tuple(fill(message, bound.get) for message in messages)
            this, value = (self.dataset.encode(self.dataset.as_written(one)) for one in (this, value))
            yield _Row(this, value, messages=filled)

    def _solutions(
        self,
        shape: Shape,
        query: c.Query,
        messages: tuple[Literal, ...],
        constants: dict[str, str | None],
        source: Source,
        arguments: dict[str, Term] | None = None,
    ) -> Iterator[_Row]:
        """One row for each solution of a SELECT validator (SHACL sections 5.3 and 6.3.1)."""
        path = None if shape.path is None else as_sparql(shape.path)
        prepared = prepare_select(query, path, self._prebound(shape) | constants)
        with self.dataset.as_values():
            if prepared.at_once:
                solutions = list(self._rows(prepared.joined(source.distinct(), lateral=source.lateral)))
            else:
                solutions = []
                for node in sorted({row[0] for row in self._rows(source.select("", ""))}, key=str):
                    substitutions = {Variable("this"): node}
                    solutions += self.dataset.select(prepared.text, substitutions)
        told: set[_Row] = set()
        for solution in solutions:
            value_of = partial(_bound, solution, arguments or {})
            if (failure := value_of("failure")) is not None and failure == Literal(True):
                raise ShapesError(f"{shape.name}: its query reports a failure")
            this = value_of("this")
            if this is None:
                continue
            this = self.dataset.encode(self.dataset.as_written(this))
            value, step, message = value_of("value"), value_of("path"), value_of("message")
            value = None if value is None else self.dataset.as_written(value)
            row = _Row(
                this,
                value if value is not None or shape.path is not None else this,
                Predicate(step) if isinstance(step, NamedNode) else None,
                messages=(message,) if isinstance(message, Literal) else tuple(fill(one, value_of) for one in messages),
            )
            # Solutions that differ only in variables that no result shows would repeat the same finding.
            if row not in told:
                told.add(row)
                yield row

    @staticmethod
    def _prebound(shape: Shape) -> dict[str, str | None]:
        return {"currentShape": str(shape.name)} if isinstance(shape.name, NamedNode) else {}

    # Queries ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _path(shape: Shape) -> Path:
        assert shape.path is not None, "reading refuses such a constraint without a path"
        return shape.path

    @staticmethod
    def _reach(shape: Shape, source: Source) -> str:
        """A pattern that binds ?value to the value nodes."""
        if shape.path is None:
            return f"BIND({source.node} AS ?value)"
        return source.reach(shape.path, "?value")

    def _pairs(self, shape: Shape, source: Source, only: Iterable[Term] | None = None) -> Iterator[tuple[Term, Term]]:
        """Focus nodes with their value nodes, each pair once; with `only`, those whose value is among these."""
        wanted = None if only is None else set(only)
        if shape.path is None:
            nodes = wanted if wanted is not None else {row[0] for row in self._rows(source.select("", ""))}
            return ((node, node) for node in nodes)
        pairs = {(row[0], row[1]) for row in self._rows(source.select("?value", self._reach(shape, source)))}
        return (pair for pair in pairs if wanted is None or pair[1] in wanted)

    def _found(self, query: str) -> Iterator[_Row]:
        """Rows of a query for a node and a value, each once."""
        rows = {(row[0], row[1]) for row in self._rows(query)}
        return (_Row(this, value) for this, value in rows)

    def _nodes(self, query: str) -> Iterator[_Row]:
        """Rows of a query for a node, each once."""
        return map(_Row, {row[0] for row in self._rows(query)})

    def _rows(self, query: str) -> Iterator[QuerySolution]:
        log.debug("%s", query)
        return iter(self.dataset.select(query))


def _bound(solution: QuerySolution, arguments: dict[str, Term], name: str) -> Term | None:
    try:
        found = solution[name]
    except KeyError:
        return arguments.get(name)
    return found if found is not None else arguments.get(name)


def findings(quads: Iterable[Quad], shapes: Shapes) -> list[Finding]:
    """Validate the merge of submitted quads."""
    return Engine(shapes, Dataset.of(quads)).validate()
