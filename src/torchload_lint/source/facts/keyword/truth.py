"""What ``weights_only`` is: followed through names, dictionaries and conditions of one file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.keyword import mutations
from torchload_lint.source.facts.keyword.answers import (
    ABSENT,
    KEY,
    Answer,
    asks_version,
    constant,
    either,
    laid_over,
    negated,
    short,
    truth_of,
    undecided,
)
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition

_DEPTH = 8
"""How many names, branches and calls are followed one inside another."""
_STEPS = 500
"""How many expressions are looked at for one answer."""


class Reader:
    """Evaluates expressions of one module, within a depth."""

    def __init__(self, module: SourceFile, empty: frozenset[ast.arg] = frozenset()) -> None:
        """``empty``: parameters (``**kwargs``) that are known never to hold ``weights_only``."""
        self._empty = empty
        self._module = module
        self._bindings = module.bindings
        self._budget = _STEPS

    # a value

    def value(self, node: ast.expr, depth: int = _DEPTH) -> Answer:
        """What an expression given as ``weights_only`` is."""
        self._budget -= 1
        if depth == 0 or self._budget < 0:
            return undecided("it is computed in too many steps")
        if isinstance(node, ast.Constant):
            return constant(node.value)
        if isinstance(node, ast.Name):
            return self._name(node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return self._operation(node, depth)

    def _operation(self, node: ast.expr, depth: int) -> Answer:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            answer = negated(self.value(node.operand, depth - 1))
            return answer._replace(because=answer.because + self._unless_given(node.operand))
        if isinstance(node, ast.IfExp):
            branches = (self.value(part, depth - 1) for part in (node.body, node.orelse))
            return either(branches, versioned=self._asks_version(node.test))
        if isinstance(node, ast.BoolOp):
            return self._boolean(node, depth)
        if isinstance(node, ast.NamedExpr):
            return self.value(node.value, depth - 1)
        if isinstance(node, ast.Compare) and asks_version(node):
            both = frozenset({WeightsOnly.TRUE, WeightsOnly.FALSE})
            return Answer(both, "it depends on torch's version", versioned=True)
        return undecided(f"`{short(node)}` is only known when the program runs")

    def _asks_version(self, test: ast.expr) -> bool:
        """Whether a condition, or what a name in it was assigned, is about torch's version."""
        named = (part for part in ast.walk(test) if isinstance(part, ast.Name))
        assigned = (one.value for name in named for one in self._bindings.definitions(name))
        return asks_version(test) or any(
            asks_version(value) for value in assigned if value is not None
        )

    def _name(self, node: ast.Name, depth: int) -> Answer:
        reaching = self._bindings.definitions(node)
        if not reaching:
            return undecided(f"'{node.id}' is not defined in this file")
        return either(self._definition(part, node.id, depth) for part in reaching)

    def _definition(self, definition: Definition, name: str, depth: int) -> Answer:
        row = getattr(definition.node, "lineno", 0)
        if definition.kind in {"assign", "walrus"} and definition.value is not None:
            answer = self.value(definition.value, depth - 1)
            if len(answer.values) == 1 and answer.verdict is not WeightsOnly.UNDECIDED:
                return answer._replace(
                    because=f"{name} is {str(answer.verdict.value).capitalize()} (line {row})"
                )
            return answer
        if definition.kind == "parameter":
            return undecided(self._about_parameter(definition, name))
        if definition.kind in {"import", "star-import"}:
            return undecided(f"'{name}' is imported ({definition.qualified})")
        return undecided(f"'{name}' is not a constant (line {row})")

    def _about_parameter(self, definition: Definition, name: str) -> str:
        default = self._bindings.parameter_default(definition)
        said = f"'{name}' is a parameter"
        return said if default is None else f"{said} that defaults to {short(default)}"

    def _unless_given(self, operand: ast.expr) -> str:
        """What ``not parameter`` is where no caller gives the parameter, in words."""
        made = self._bindings.definitions(operand) if isinstance(operand, ast.Name) else ()
        defaults = [
            self._bindings.parameter_default(one) if one.kind == "parameter" else None
            for one in made
        ]
        if len(defaults) != 1 or not isinstance(defaults[0], ast.Constant):
            return ""
        return f", so that it is {not defaults[0].value} unless a caller gives another one"

    def _attribute(self, node: ast.Attribute, depth: int) -> Answer:
        values = self._bindings.member_values(node)
        if not values:
            return undecided(f"'{short(node)}' is only known when the program runs")
        answer = either(self.value(value, depth - 1) for value in values)
        if len(answer.values) == 1 and answer.verdict is not WeightsOnly.UNDECIDED:
            shown = str(answer.verdict.value).capitalize()
            return answer._replace(because=f"{short(node)} is {shown} (line {values[0].lineno})")
        return answer

    def _boolean(self, node: ast.BoolOp, depth: int) -> Answer:
        """``and`` and ``or``, as far as the truth of the parts is known."""
        stops = WeightsOnly.FALSE if isinstance(node.op, ast.And) else WeightsOnly.TRUE
        answers: list[Answer] = []
        for part in node.values[:-1]:
            answer = self.value(part, depth - 1)
            truths = {truth_of(value) for value in answer.values}
            if truths == {stops}:
                return either([*answers, answer])
            if stops in truths or WeightsOnly.UNDECIDED in truths:
                kept = frozenset(value for value in answer.values if truth_of(value) == stops)
                if WeightsOnly.UNDECIDED in truths:
                    kept |= {stops}
                answers.append(answer._replace(values=kept))
        return either([*answers, self.value(node.values[-1], depth - 1)])

    def _call(self, node: ast.Call, depth: int) -> Answer:
        function = node.func
        if isinstance(function, ast.Attribute) and _asks_for_key(node):
            return self._looked_up(node, function.value, depth)
        if self._bindings.qualified(function) == "builtins.bool" and len(node.args) == 1:
            answer = self.value(node.args[0], depth - 1)
            return answer._replace(values=frozenset(map(truth_of, answer.values)))
        if isinstance(function, ast.Name):
            returned = self._returned(function)
            if returned:
                return either(self.value(value, depth - 1) for value in returned)
        return undecided(f"'{short(node)}' is only known when the program runs")

    def _looked_up(self, node: ast.Call, mapping: ast.expr, depth: int) -> Answer:
        """``kwargs.get("weights_only", default)``."""
        answer = self.mapping(mapping, self._module.statement(node), depth - 1)
        if WeightsOnly.ABSENT in answer.values or WeightsOnly.UNDECIDED in answer.values:
            default = self.value(node.args[1], depth - 1) if len(node.args) > 1 else constant(None)
            rest = answer._replace(values=answer.values - {WeightsOnly.ABSENT})
            return either([rest, default]) if rest.values else default
        return answer

    def _returned(self, function: ast.Name) -> list[ast.expr]:
        """What a function of this file returns, where it is one plain function."""
        definitions = self._bindings.definitions(function)
        if len(definitions) != 1 or not isinstance(definitions[0].node, FUNCTIONS):
            return []
        owner = definitions[0].node
        returns = [node for node in ast.walk(owner) if isinstance(node, ast.Return)]
        if any(node.value is None or self._module.function(node) is not owner for node in returns):
            return []
        return [node.value for node in returns if node.value is not None]

    # a dictionary that holds it, or not

    def mapping(self, node: ast.expr, at: ast.stmt, depth: int = _DEPTH) -> Answer:
        """What ``weights_only`` is in ``**node``, as it stands when ``at`` runs."""
        self._budget -= 1
        if depth == 0 or self._budget < 0:
            return undecided("the keywords are computed in too many steps")
        if isinstance(node, ast.Dict):
            return self._display(node, at, depth)
        if isinstance(node, ast.IfExp):
            branches = (self.mapping(part, at, depth - 1) for part in (node.body, node.orelse))
            return either(branches, versioned=self._asks_version(node.test))
        if isinstance(node, ast.BoolOp):
            return either(self.mapping(part, at, depth - 1) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._layered([node.left, node.right], at, depth)
        if isinstance(node, ast.Call):
            return self._made_by_call(node, at, depth)
        if isinstance(node, ast.Name):
            return self._named_mapping(node, at, depth)
        if isinstance(node, ast.Attribute):
            values = self._bindings.member_values(node)
            if values:
                return either(self.mapping(value, at, depth - 1) for value in values)
        return undecided(f"'**{short(node)}' may bring it")

    def _layered(self, mappings: list[ast.expr], at: ast.stmt, depth: int) -> Answer:
        """Several mappings, of which later ones win."""
        result = ABSENT
        for node in mappings:
            result = laid_over(self.mapping(node, at, depth - 1), result)
        return result

    def _display(self, node: ast.Dict, at: ast.stmt, depth: int) -> Answer:
        result = ABSENT
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                result = laid_over(self.mapping(value, at, depth - 1), result)
            elif not isinstance(key, ast.Constant):
                result = either([result, undecided(f"the key '{short(key)}' may be weights_only")])
            elif key.value == KEY:
                result = self.value(value, depth - 1)
        return result

    def _made_by_call(self, node: ast.Call, at: ast.stmt, depth: int) -> Answer:
        """``dict(...)`` and copies."""
        called = self._bindings.qualified(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
            return self.mapping(node.func.value, at, depth - 1)
        if called in {"copy.copy", "copy.deepcopy"} and node.args:
            return self.mapping(node.args[0], at, depth - 1)
        if called != "builtins.dict":
            if isinstance(node.func, ast.Name):
                returned = self._returned(node.func)
                if returned:
                    return either(self.mapping(value, at, depth - 1) for value in returned)
            return undecided(f"'**{short(node)}' may bring it")
        result = self._layered(node.args, at, depth)
        for keyword in node.keywords:
            if keyword.arg is None:
                result = laid_over(self.mapping(keyword.value, at, depth - 1), result)
            elif keyword.arg == KEY:
                result = self.value(keyword.value, depth - 1)
        return result

    def _named_mapping(self, node: ast.Name, at: ast.stmt, depth: int) -> Answer:
        answers: list[Answer] = []
        for definition in self._bindings.definitions(node):
            if definition.kind in {"assign", "walrus"} and definition.value is not None:
                answers.append(self.mapping(definition.value, at, depth - 1))
            elif definition.node in self._empty:
                answers.append(ABSENT)
            else:
                answers.append(undecided(f"'**{node.id}' may bring it"))
        steps = mutations.of(self._module, node.id, at)
        return mutations.applied(steps, either(answers), self, depth - 1)


def _asks_for_key(node: ast.Call) -> bool:
    """Whether this is ``.get("weights_only", …)`` or ``.pop("weights_only", …)``."""
    if last_name(node.func) not in {"get", "pop"} or not node.args:
        return False
    return isinstance(node.args[0], ast.Constant) and node.args[0].value == KEY
