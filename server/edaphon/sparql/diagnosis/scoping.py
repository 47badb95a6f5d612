"""Where a SPARQL text that follows the grammar breaks a rule about variables, blank nodes or what may be grouped."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Final

from lark import Token, Tree

from edaphon.sparql.diagnosis.faults import Fault

__all__ = ["scope_faults"]

_QUERIES: Final = frozenset({"select_query", "sub_select", "construct_query", "describe_query", "ask_query"})
# Variables in these are used, not bound for what stands beside them.
_CLOSED: Final = frozenset({"filter", "minus", "exists", "having_clause", "order_clause", "select_clause"})
_LITERALS: Final = frozenset(
    {"STRING", "LONG_STRING", "INTEGER", "DECIMAL", "DOUBLE", "TRUE", "FALSE", "PLUS", "MINUS"}
)
_PATH_SIGNS: Final = frozenset({"PIPE", "SLASH", "STAR", "PLUS", "QUESTION", "BANG"})


@dataclass(slots=True)
class _Frame:
    """One node on the way down to where the walk is.

    `bound` are the variables that the node binds, `assigned` those of them that BIND, VALUES or AS give a value, each
    with the token that says so. `aggregate` is the first aggregate below.
    """

    node: Tree[Token]
    next: int = 0
    bound: dict[str, Token] = field(default_factory=dict)
    assigned: dict[str, Token] = field(default_factory=dict)
    aggregate: Token | None = None


def scope_faults(tree: Tree[Token]) -> list[Fault]:
    """Every breach of those rules that the engine refuses, in the order of the text."""
    walk = _Walk()
    walk.through(tree)
    return sorted(walk.faults, key=lambda fault: fault.start)


def _name(variable: Token) -> str:
    return str(variable[1:])


def _start(token: Token) -> int:
    return int(token.start_pos or 0)


def _tokens(tree: Tree[Token], skipping: Set[str] = frozenset()) -> Iterator[Token]:
    """The tokens of a tree in the order of the text, but those of subtrees named in `skipping`."""
    waiting: list[Token | Tree[Token]] = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Token):
            yield item
        elif item.data not in skipping:
            waiting.extend(reversed(item.children))


def _merged(one: dict[str, Token], other: dict[str, Token]) -> dict[str, Token]:
    # The smaller goes into the larger, so that deep nesting does not cost the square of its depth.
    small, large = sorted((one, other), key=len)
    for name, token in small.items():
        large.setdefault(name, token)
    return large


class _Walk:
    """One pass over a tree, without recursion: nesting is as deep as the person who wrote it likes."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._labels: set[str] = set()
        self._elsewhere: set[str] = set()
        self._stored: set[str] = set()

    def through(self, tree: Tree[Token]) -> None:
        stack = [self._entered(tree)]
        while stack:
            frame = stack[-1]
            if frame.next < len(frame.node.children):
                child = frame.node.children[frame.next]
                frame.next += 1
                if isinstance(child, Tree):
                    stack.append(self._entered(child))
                elif child.type == "VAR":
                    frame.bound.setdefault(_name(child), child)
                elif child.type == "BLANK_NODE_LABEL":
                    self._label(child)
                continue
            stack.pop()
            self._left(frame)
            if stack:
                self._absorbed(stack[-1], frame)

    def _fault(self, token: Token, detail: str, hint: str | None = None) -> None:
        self.faults.append(Fault(_start(token), detail, hint))

    # --- Blank nodes -------------------------------------------------------------------------------------------------
    def _label(self, token: Token) -> None:
        if token in self._elsewhere:
            self._fault(
                token,
                f"The blank node `{token}` was used in another group; a label belongs to one group of statements.",
                f"Use a variable instead, such as ?{token[2:]}: it matches the same things and may be used anywhere.",
            )
        self._labels.add(str(token))

    def _boundary(self) -> None:
        self._elsewhere |= self._labels
        self._labels.clear()

    # --- Entering and leaving nodes ----------------------------------------------------------------------------------
    def _entered(self, node: Tree[Token]) -> _Frame:
        frame = _Frame(node)
        match node.data:
            case "group":
                self._boundary()
            case "insert_data":
                self._check_data(node, "INSERT DATA", blank=True)
            case "delete_data":
                self._check_data(node, "DELETE DATA", blank=False)
            case "delete_where":
                self._check_blank(node, "DELETE WHERE")
            case "delete_clause":
                self._check_blank(node, "DELETE")
            case "data_block":
                self._check_rows(node)
            case "property":
                self._check_reifiers(node)
            case "function_call":
                distinct = [child for child in node.children if isinstance(child, Token) and child.type == "DISTINCT"]
                if distinct:
                    self._fault(
                        distinct[0],
                        "DISTINCT belongs in an aggregate such as COUNT; this function is none.",
                    )
            case "aggregate":
                first = node.children[0]
                frame.aggregate = first if isinstance(first, Token) else None
        return frame

    def _left(self, frame: _Frame) -> None:
        node = frame.node
        match node.data:
            case "group":
                self._boundary()
            case "template" | "insert_clause" | "delete_clause":
                self._labels.clear()
            case "insert_data":
                shared = [
                    token
                    for token in _tokens(node)
                    if token.type == "BLANK_NODE_LABEL" and token in self._stored and token not in self._elsewhere
                ]
                if shared:
                    self._fault(
                        shared[0],
                        f"The blank node `{shared[0]}` was used in an earlier operation of this update; the two "
                        "would not be the same node.",
                        "Put both into one INSERT DATA, or give the thing an IRI.",
                    )
                self._stored |= self._labels
            case "operation":
                self._labels.clear()
                self._elsewhere.clear()
            case "bind":
                variable = node.children[-2]
                assert isinstance(variable, Token)
                frame.bound = {_name(variable): variable}
                frame.assigned = dict(frame.bound)
            case "data_block":
                frame.assigned = dict(frame.bound)
            case name if name in _QUERIES:
                self._judge_query(frame)
            case name if name in _CLOSED:
                frame.bound = {}

    def _absorbed(self, parent: _Frame, child: _Frame) -> None:
        kind = child.node.data
        if child.aggregate and kind in ("filter", "bind", "grouping"):
            self._misplaced(child.aggregate, kind)
            child.aggregate = None
        if parent.node.data in _QUERIES:
            # _judge_query looks at the parts itself, but for what the WHERE clause binds.
            if kind == "group":
                parent.bound, parent.assigned = child.bound, child.assigned
        elif parent.node.data == "group" and kind == "bind":
            variable = next(iter(child.bound.values()))
            if _name(variable) in parent.bound:
                self._fault(
                    variable,
                    f"`{variable}` already has a value here; BIND can only set a new variable.",
                    "Choose another name after AS, or compare the two with FILTER.",
                )
        elif parent.node.data == "group" and kind == "lateral":
            again = [token for name, token in child.assigned.items() if name in parent.bound]
            if again:
                self._fault(
                    min(again, key=_start),
                    f"`{min(again, key=_start)}` already has a value before LATERAL, and LATERAL sets it again.",
                    "Choose another name for the variable inside LATERAL.",
                )
        if parent.node.data not in _QUERIES:
            parent.bound = _merged(parent.bound, child.bound)
            parent.assigned = _merged(parent.assigned, child.assigned)
        parent.aggregate = parent.aggregate or (None if kind in _QUERIES else child.aggregate)

    def _misplaced(self, aggregate: Token, kind: str) -> None:
        where = {"filter": "FILTER", "bind": "BIND", "grouping": "GROUP BY"}[kind]
        self._fault(
            aggregate,
            f"{aggregate.upper()} sums up a whole group; it cannot be used in {where}, which looks at one row.",
            "Use HAVING after the closing `}`, or compute the aggregate in a sub-SELECT."
            if kind == "filter"
            else "Compute the aggregate in the SELECT clause or in a sub-SELECT.",
        )

    # --- SELECT, GROUP BY --------------------------------------------------------------------------------------------
    def _judge_query(self, frame: _Frame) -> None:
        parts = {child.data: child for child in frame.node.children if isinstance(child, Tree)}
        grouping = parts.get("group_clause")
        visible = frame.bound
        if grouping or frame.aggregate:
            visible = _grouped(grouping)
            dropped = _dropped(grouping)
            if dropped and _selects(parts.get("select_clause"), dropped):
                visible[_name(dropped)] = dropped
                self._fault(
                    dropped,
                    f"This engine does not rename a variable in GROUP BY, so `{dropped}` stays unknown.",
                    "Group by the variable itself, and rename it in SELECT with (?variable AS ?name).",
                )
        if "data_block" in parts:
            block = {_name(token): token for token in _tokens(parts["data_block"]) if token.type == "VAR"}
            visible = visible | block
        clause = parts.get("select_clause")
        if clause is None:
            if grouping or frame.aggregate:
                self._grouped_without_select(frame, grouping)
            frame.bound = {}
            return
        star = next((child for child in clause.children if isinstance(child, Token) and child.type == "STAR"), None)
        if star is not None:
            if grouping or frame.aggregate:
                self._fault(
                    star,
                    "SELECT * does not go together with GROUP BY or an aggregate: groups come out, not their rows.",
                    "Name the variables of GROUP BY, and aggregates such as (COUNT(*) AS ?count).",
                )
            frame.bound = visible
            return
        frame.bound = self._projected(clause, visible, grouped=bool(grouping or frame.aggregate))
        named = {_name(token): token for token in _aliases(clause)}
        frame.assigned = {name: token for name, token in frame.assigned.items() if name in frame.bound} | named

    def _grouped_without_select(self, frame: _Frame, grouping: Tree[Token] | None) -> None:
        word = next(token for token in _tokens(frame.node))
        named = any(isinstance(child, Token) and child.type == "VAR" for child in frame.node.children)
        if word.type == "DESCRIBE" and named:
            visible = _grouped(grouping)
            for child in frame.node.children:
                if isinstance(child, Token) and child.type == "VAR" and _name(child) not in visible:
                    self._unbound(child)
            return
        where = grouping.children[0] if grouping else frame.aggregate
        assert isinstance(where, Token)
        self._fault(
            where,
            f"{word.upper()} cannot be grouped in this engine.",
            "Put the grouping into a sub-SELECT: { SELECT … WHERE { … } GROUP BY … }.",
        )

    def _projected(self, clause: Tree[Token], visible: dict[str, Token], *, grouped: bool) -> dict[str, Token]:
        projected: dict[str, Token] = {}
        for item in clause.children:
            if not isinstance(item, Tree):
                continue
            variable = item.children[0] if len(item.children) == 1 else item.children[-2]
            assert isinstance(variable, Token)
            name = _name(variable)
            if len(item.children) > 1:
                if grouped:
                    for used in _free(item):
                        if used is variable or _name(used) in visible:
                            continue
                        if _name(used) in projected:
                            self._fault(
                                used,
                                f"`{used}` gets its value in this same SELECT; after grouping, the engine cannot use "
                                "it there.",
                                "Repeat the expression, or compute it in a sub-SELECT.",
                            )
                        else:
                            self._unbound(used)
                if name in visible:
                    self._fault(
                        variable,
                        f"`{variable}` is already used in the WHERE clause, so AS cannot give it another value.",
                        "Choose a new name after AS.",
                    )
            elif grouped and name not in visible:
                self._unbound(variable)
            if name in projected:
                self._fault(variable, f"`{variable}` is selected twice.", "Select each variable once.")
            projected[name] = variable
        return projected

    def _unbound(self, variable: Token) -> None:
        self._fault(
            variable,
            f"`{variable}` has no single value here: the rows are grouped, and it is not in GROUP BY.",
            f"Add {variable} to GROUP BY, or use an aggregate such as (SAMPLE({variable}) AS ?one).",
        )

    # --- VALUES, data, annotations -----------------------------------------------------------------------------------
    def _check_rows(self, block: Tree[Token]) -> None:
        head, *rows = block.children
        if isinstance(head, Token):
            return
        variables = [token for token in _tokens(head) if token.type == "VAR"]
        seen: set[str] = set()
        for variable in variables:
            if _name(variable) in seen:
                self._fault(variable, f"`{variable}` stands twice in this VALUES.", "Name each variable once.")
            seen.add(_name(variable))
        for row in rows:
            if isinstance(row, Tree):
                self._check_row(row, len(variables))

    def _check_row(self, row: Tree[Token], wanted: int) -> None:
        values: list[Token] = []
        typed = sign = False
        # A literal may be several tokens: sign and number, string and tag, string and datatype.
        for child in row.children:
            token = child if isinstance(child, Token) else next(_tokens(child))
            if token.type in ("LPAREN", "RPAREN", "NIL", "LANGTAG", "DATATYPE"):
                typed = token.type == "DATATYPE"
                continue
            if not typed and not sign:
                values.append(token)
            typed, sign = False, token.type in ("PLUS", "MINUS")
        if len(values) == wanted:
            return
        last = row.children[-1]
        assert isinstance(last, Token)
        many = len(values) > wanted
        self._fault(
            values[wanted] if many else last,
            f"This row has {_counted(len(values), 'value')} for {_counted(wanted, 'variable')}.",
            "Take the surplus out." if many else "Every variable needs a value; write UNDEF where there is none.",
        )

    def _check_data(self, node: Tree[Token], operation: str, *, blank: bool) -> None:
        for token in _tokens(node):
            if token.type == "VAR":
                self._fault(
                    token,
                    f"`{token}` is a variable; {operation} takes only what is known.",
                    f"Use {operation.split()[0]} {{ … }} WHERE {{ … }} to find values for variables.",
                )
        for statement in node.iter_subtrees():
            first = statement.children[0] if statement.children else None
            if statement.data == "statement" and isinstance(first, Token) and first.type in _LITERALS:
                self._fault(first, "A literal cannot be the subject of a statement.")
            if statement.data == "triple_term":
                subject = statement.children[1]
                if isinstance(subject, Tree) or subject.type in _LITERALS:
                    self._fault(
                        next(_tokens(subject)) if isinstance(subject, Tree) else subject,
                        "Only an IRI or a blank node can be the subject of a triple term.",
                    )
        if not blank:
            self._check_blank(node, operation)

    def _check_blank(self, node: Tree[Token], operation: str) -> None:
        def refuse(token: Token) -> None:
            self._fault(
                token,
                f"Blank nodes cannot be used in {operation}.",
                "They name nothing that is stored; find the node by a variable, with DELETE { … } WHERE { … }."
                if operation == "DELETE DATA"
                else "Use a variable instead: it matches blank nodes, too.",
            )

        for tree in node.iter_subtrees():
            parts = [child for child in tree.children if isinstance(child, Tree)]
            first = tree.children[0] if tree.children else None
            anonymous = (
                tree.data in ("collection", "description")
                or (tree.data == "reifier" and len(tree.children) == 1)
                or (tree.data == "reified" and not any(part.data == "reifier" for part in parts))
            )
            if anonymous and isinstance(first, Token):
                refuse(first)
            for index, child in enumerate(tree.children):
                if isinstance(child, Token):
                    if child.type in ("BLANK_NODE_LABEL", "ANON"):
                        refuse(child)
                elif child.data == "annotation":
                    before = tree.children[index - 1]
                    if not (isinstance(before, Tree) and before.data == "reifier"):
                        refuse(next(_tokens(child)))

    def _check_reifiers(self, node: Tree[Token]) -> None:
        verb, *objects = node.children
        if isinstance(verb, Token) or verb.data != "path":
            return
        if not any(isinstance(child, Token) and child.type in _PATH_SIGNS for child in verb.children):
            return
        for item in objects:
            for part in item.children if isinstance(item, Tree) else ():
                if isinstance(part, Tree) and part.data in ("reifier", "annotation"):
                    self._fault(
                        next(_tokens(part)),
                        "A statement about a statement needs a plain predicate before it, not a property path.",
                    )
                    return


def _grouped(clause: Tree[Token] | None) -> dict[str, Token]:
    """The variables that are left after grouping."""
    left: dict[str, Token] = {}
    for item in clause.children if clause else ():
        if isinstance(item, Token):
            continue
        bare = [child for child in item.children if not (_is(child, "LPAREN") or _is(child, "RPAREN"))]
        # The engine drops the new name of a lone variable, so that (?x AS ?y) leaves ?x.
        lone = len(bare) == 1 or (len(bare) == 3 and _is(bare[0], "VAR") and _is(bare[1], "AS"))
        named = bare[0] if lone else bare[-1]
        if isinstance(named, Token) and named.type == "VAR" and (lone or _is(bare[-2], "AS")):
            left[_name(named)] = named
    return left


def _is(item: Token | Tree[Token], kind: str) -> bool:
    return isinstance(item, Token) and item.type == kind


def _dropped(clause: Tree[Token] | None) -> Token | None:
    """The name after AS in GROUP BY (?x AS ?y), if there is one."""
    for item in clause.children if clause else ():
        if isinstance(item, Tree) and len(item.children) == 5 and _is(item.children[1], "VAR"):
            _, _, word, variable, _ = item.children
            if _is(word, "AS") and isinstance(variable, Token):
                return variable
    return None


def _selects(clause: Tree[Token] | None, variable: Token) -> bool:
    """Whether a SELECT clause uses the variable."""
    return clause is not None and any(
        _is(token, "VAR") and _name(token) == _name(variable) for token in _tokens(clause)
    )


def _aliases(clause: Tree[Token]) -> Iterator[Token]:
    for item in clause.children:
        if isinstance(item, Tree) and len(item.children) > 1:
            variable = item.children[-2]
            assert isinstance(variable, Token)
            yield variable


def _free(projection: Tree[Token]) -> Iterator[Token]:
    """The variables whose value an expression needs; aggregates, EXISTS, BOUND and COALESCE need none."""
    waiting: list[Token | Tree[Token]] = [projection]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Token):
            if item.type == "VAR":
                yield item
        elif item.data not in ("aggregate", "exists") and not (
            item.data == "call"
            and isinstance(item.children[0], Token)
            and item.children[0].upper() in ("BOUND", "COALESCE")
        ):
            waiting.extend(reversed(item.children))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
