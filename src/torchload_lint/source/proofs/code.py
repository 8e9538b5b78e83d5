"""Reads a piece of code: is all that it does known to be harmless, and what does it use.

One idea holds it together: every value that the code can get hold of is either one that the
checkpoint chose, and so harmless itself, or one that is looked up here and must be harmless *in
any use*. A function that is only named counts as called, for whoever has it may call it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.proofs.known.harmless import (
    FORMATTING,
    HARMFUL_ATTRIBUTES,
    OF_LIBRARIES,
    OPERATORS,
    SHARED_BY_CLASS,
    SPECIAL_ATTRIBUTES,
    is_harmless,
)
from torchload_lint.source.proofs.lineage import Holder, meanings
from torchload_lint.source.proofs.piece_reader import Piece, PieceReader, in_a_sentence
from torchload_lint.source.proofs.uses.annotations import (
    ANNOTATED,
    takes_names,
)
from torchload_lint.source.proofs.uses.fixed_values import (
    copies_alone,
    is_compared,
    is_fixed_text,
    is_made_once,
    names_type,
    replaces_text,
)
from torchload_lint.source.proofs.uses.late_imports import imported_late
from torchload_lint.source.proofs.uses.library_names import misused
from torchload_lint.source.proofs.uses.missing import defined_anew
from torchload_lint.source.proofs.uses.new_members import makes_members
from torchload_lint.source.proofs.uses.own_self import (
    hands_on,
    is_bound_super,
    is_member,
)
from torchload_lint.source.proofs.uses.shared import (
    ENDLESS,
    READING,
    depth_of,
    is_only_read,
    kept_default,
    meets_another,
)
from torchload_lint.source.proofs.uses.type_forms import compiles_text
from torchload_lint.source.proofs.uses.unasked.late_ends import ends_late
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex
    from torchload_lint.source.text.definitions import Definition, FunctionNode

_BY_NAME = frozenset({"__getattribute__", "__setattr__", "__delattr__"})
"""Methods that reach an attribute by a name that they are given."""
_OF_OBJECTS = frozenset({"__dict__", "__enter__", "__exit__", "register"})
"""Attributes that are an object's own; those of others hold for more (``register`` of a class)."""
_TO_OTHERS = _BY_NAME | _OF_OBJECTS | {"__class__"} | SHARED_BY_CLASS
"""Attributes that lead to what is not the object's own: only where they stand as ``x.name``."""
_FILLING = frozenset({"__init__", "__post_init__", "__setstate__"})
"""Methods that set attributes of what they are given."""
_LEAVES = (ast.Constant, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context, ast.BinOp)
_DISPLAYS = (ast.Dict, ast.List, ast.Set)


@dataclass(slots=True)
class CodeReader(PieceReader):
    """Reads one piece of code. Raises UnprovenError for what is not known to be harmless."""

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Read a function's defaults and body; its decorators are for the caller to judge."""
        self._check_statement(node)
        self._check_defaults(node)
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self.all(node.body)

    def _check_defaults(self, node: FunctionNode) -> None:
        kept = kept_default(node, self.module)
        if kept:
            raise self._unproven(node, f"{kept}, whose default all calls share")

    def value(self, expression: ast.expr) -> None:
        """Read what a module or a class assigns to a name."""
        if isinstance(expression, _DISPLAYS):
            parts = list(ast.walk(expression))
            constant = all(isinstance(part, (*_DISPLAYS, ast.Tuple, *_LEAVES)) for part in parts)
            if not constant or len(parts) <= 2:  # noqa: PLR2004 - the display and its context
                raise self._unproven(expression, "a table that may hold anything")
        elif isinstance(expression, ast.Call) and not is_made_once(expression, self.module):
            raise self._unproven(expression, f"{in_a_sentence(expression)} makes what may change")
        self.visit(expression)

    def all(self, nodes: Iterable[ast.AST]) -> None:
        """Read several nodes."""
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        """Read one node and what is below it."""
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self._name(node)
        elif isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            self._changed(node)
        elif isinstance(node, FUNCTIONS):
            self.all(node.decorator_list)
            self.function(node)
        elif isinstance(node, ast.AnnAssign):
            self.all(filter(None, (node.target, node.value)))
        elif isinstance(node, ast.Lambda):
            self._check_defaults(node)
            self.all((*node.args.defaults, *filter(None, node.args.kw_defaults), node.body))
        else:
            self._check_statement(node)
            self.all(ast.iter_child_nodes(node))

    def _check_statement(self, node: ast.AST) -> None:
        if isinstance(node, ast.Global | ast.ClassDef):
            raise self._unproven(node, "a global or a class in a function")
        if isinstance(node, ast.Import | ast.ImportFrom):
            for unknown in imported_late(node, self.module, self.project):
                raise self._unproven(node, f"the import of {unknown}")
        if isinstance(node, ast.MatchClass):
            self._pattern(node)
        odd = ends_late(node) or compiles_text(node, self.module, self.project)
        if odd:
            raise self._unproven(node, odd)

    def _pattern(self, node: ast.MatchClass) -> None:
        """``case Point(x=first)`` asks for attributes by these names."""
        if node.patterns and self._builtin(node.cls) not in BUILTINS:
            raise self._unproven(node, "a pattern whose attributes the class names")
        for name in node.kwd_attrs:
            self._named(node, name)
        self.others.update(node.kwd_attrs)
        self.hands.update(node.kwd_attrs)
        self.kept.update(node.kwd_attrs)

    # names

    def _name(self, node: ast.Name) -> None:
        self._check_private(node)
        reaching = self.module.bindings.definitions(node)
        if not reaching:
            own = node.id in {"__name__", "__class__", "__file__", "__doc__"}
            if not own and not (node.id in BUILTINS and is_harmless(f"builtins.{node.id}")):
                raise self._unproven(node, node.id)
            self.outside.update(() if own else (f"builtins.{node.id}",))
        else:
            self._check_defined(reaching, node)
        for definition in reaching:
            self._definition(definition, node)

    def _definition(self, definition: Definition, node: ast.Name) -> None:
        if definition.qualified:
            whole = definition.qualified
            starred = definition.kind == "star-import"
            self._dotted(f"{whole}.{node.id}" if starred else whole, node)
        elif self._is_local(definition.node, node):
            return
        elif definition.kind in {"function", "class"}:
            self.uses.append(self._defined(definition.node, node))
        elif definition.value is not None and definition.kind == "assign":
            self._check_shared(definition.value, self.module, node)
            self.uses.append(Piece(definition.value, self.module, self.project))
        elif definition.kind != "delete":
            raise self._unproven(node, f"{node.id}, whose value is not plain")

    def _defined(self, definition: ast.AST, node: ast.Name) -> Piece:
        """A function or class of the file; a method that is named in its class is a function."""
        self._check_class(definition, self.module, self.project, node)
        holder = self.module.parents.get(definition)
        if not isinstance(holder, ast.ClassDef) or isinstance(definition, ast.ClassDef):
            return Piece(definition, self.module, self.project)
        inside = Holder(holder, self.module, self.project)
        return Piece(
            definition, self.module, self.project, inside, True, not is_member(node, self.module)
        )

    def _check_class(
        self, definition: ast.AST, home: Module, index: ProjectIndex, node: ast.AST
    ) -> None:
        """What is done with an enumeration makes no members."""
        if makes_members(node, self.module, definition, home, index):
            raise self._unproven(node, f"{in_a_sentence(node)}, which may get new members")

    def _check_shared(self, value: ast.expr | None, home: Module, node: ast.AST) -> None:
        """What a module or a class holds for all its users may only be read."""
        depth = depth_of(value, home)
        if depth and isinstance(node, ast.expr) and meets_another(node, self.module):
            self.hands.add(OPERATORS)
        if depth and not (isinstance(node, ast.expr) and is_only_read(node, self.module, depth)):
            raise self._unproven(
                node, f"{in_a_sentence(node)}, which others share, for more than reading"
            )

    def _dotted(self, dotted: str, node: ast.AST) -> None:
        """A name from another module: of the project, or of a library."""
        if dotted.rpartition(".")[2] in _BY_NAME and not (
            isinstance(node, ast.Attribute) and self._is_call_on_self(node)
        ):
            raise self._unproven(node, dotted)
        if (
            dotted == "numpy.ndarray"
            and isinstance(node, ast.expr)
            and not is_compared(node, self.module)
        ):
            raise self._unproven(node, "numpy.ndarray, which makes arrays of any bytes")
        found = meanings(dotted, self.module, self.project, lambda name: self._is_plain(name, node))
        if found is None:
            raise self._unproven(node, dotted)
        for index, one in found:
            self.uses.append(self._found(one, node, dotted, index))

    def _found(self, found: Found, node: ast.AST, dotted: str, index: ProjectIndex) -> Piece:
        if found.kind == "module" or (found.kind == "value" and found.value is None):
            raise self._unproven(node, dotted)
        self._check_shared(found.value, found.module, node)
        self._check_class(found.node, found.module, index, node)
        holder = found.module.parents.get(found.node)
        if isinstance(holder, ast.ClassDef) and (holder.bases or holder.keywords):
            self.uses.append(Piece(holder, found.module, index))  # a member of an enumeration
        in_class = isinstance(holder, ast.ClassDef) and found.kind == "function"
        inside = Holder(holder, found.module, index) if in_class else None
        given = inside is not None and not self._is_given_self(node)
        return Piece(found.value or found.node, found.module, index, inside, True, given)

    def _is_plain(self, dotted: str, node: ast.AST) -> bool:
        """Whether it is a name of a library that is harmless, or attributes of one."""
        name, asked = dotted, []
        while not is_harmless(name):
            name, _, last = name.rpartition(".")
            if not name:
                return False
            asked.append(last)
        if not _FILLING.isdisjoint(asked) and not self._is_given_self(node):
            raise self._unproven(node, dotted)
        wrong = misused(name, node, self.module)  # type: ignore[arg-type]
        if wrong:
            raise self._unproven(node, wrong)
        for attribute in asked:
            self._named(node, attribute)
        self.others.update(asked[-1:])
        self.outside.add(name)
        return True

    # attributes

    def _attribute(self, node: ast.Attribute) -> None:
        self._check_private(node)
        if not isinstance(node.ctx, ast.Load):
            self._set(node)
            return
        dotted = self._path(node)
        if dotted:
            for one in dotted:
                self._dotted(one, node)
            return
        self._check_reaching(node)
        self.visit(node.value)
        self._asked(node, node.attr)
        if not is_only_read(node, self.module):
            if node.attr in SHARED_BY_CLASS:
                raise self._unproven(node, f"{node.attr} for more than reading")
            self.kept.add(node.attr)
        elif not is_only_read(node, self.module, ENDLESS):
            self.opened.add(node.attr)
        if meets_another(node, self.module):
            self.operands.add(node.attr)
        is_own = self._is_self(node.value)
        (self.own if is_own else self.others).add(node.attr)
        if hands_on(node, self.module) and not self._is_filled_base(node):
            (self.leads if is_own else self.hands).add(node.attr)
        is_bound = self._is_instance(node.value) or (
            not self.any_self and is_bound_super(node.value, self.module)
        )
        if is_own and not is_bound and not self._is_given_self(node):
            self.of_class.add(node.attr)

    def _check_reaching(self, node: ast.Attribute) -> None:
        """What leads to any attribute by name, or to classes, is only asked of ``self``."""
        is_read = is_only_read(node, self.module, OF_LIBRARIES.get(node.attr, 0))
        if not (is_read or self._is_instance(node.value)):
            raise self._unproven(node, f"{node.attr} for more than reading")
        if node.attr in ANNOTATED and not takes_names(node, self.module):
            raise self._unproven(node, f"{node.attr} for more than the names in it")
        if node.attr in _FILLING and not (self._is_self(node.value) or self._is_filled_base(node)):
            raise self._unproven(node, in_a_sentence(node))
        if node.attr in _BY_NAME and not self._is_call_on_self(node):
            raise self._unproven(node, in_a_sentence(node))
        if node.attr in _OF_OBJECTS and not self._is_instance(node.value):
            raise self._unproven(node, in_a_sentence(node))
        if node.attr == "__class__" and not (
            self._is_instance(node.value) or is_compared(node, self.module)
        ):
            raise self._unproven(node, in_a_sentence(node))

    def _is_call_on_self(self, node: ast.Attribute) -> bool:
        """``super().__setattr__(name, value)``, ``object.__setattr__(self, name, value)``.

        An attribute that is looked up must have a name that stands there, or the very name that
        the method ``__getattribute__`` itself is given.
        """
        call = self.module.parents.get(node)
        if not isinstance(call, ast.Call) or call.func is not node or call.keywords:
            return False
        given = list(call.args)
        if not self._is_self(node.value):
            is_object = self.module.bindings.qualified(node.value) == "builtins.object"
            if not (is_object and given and self._is_instance(given.pop(0))):
                return False
        if node.attr != "__getattribute__":
            return True
        name = text_of(given[0]) if given else ""
        if name:
            self._named(node, name)
            self.own.add(name)
            self.kept.add(name)
            return True
        function = self.module.function(node)
        asked = function.args.args[1:2] if function is not None else []
        is_its_own = function is not None and function.name == "__getattribute__"
        return is_its_own and [one.arg for one in asked] == [
            getattr(one, "id", "") for one in given
        ]

    def _path(self, node: ast.expr) -> list[str]:
        """The dotted names that ``a.b.c`` may be, where ``a`` is imported or a class."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            self._check_private(node)
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return []
        self._check_private(node)
        meanings = [
            self._meaning(one, node, names[-1]) for one in self.module.bindings.definitions(node)
        ]
        if "" in meanings and any(meanings):
            raise self._unproven(node, f"{node.id}, which stands for several things")
        return [".".join((one, *reversed(names))) for one in meanings if one]

    def _meaning(self, definition: Definition, node: ast.Name, attribute: str) -> str:
        """The dotted name that a definition gives to a name; empty for an object at hand."""
        if definition.kind == "star-import":
            return f"{definition.qualified}.{node.id}"
        if definition.qualified:
            return definition.qualified
        if self._is_local(definition.node, node):
            return ""
        if isinstance(definition.node, ast.ClassDef) and not defined_anew(node, self.module):
            return f"{self.module.name}.{definition.node.name}"
        if attribute not in READING:
            raise self._unproven(node, f"{node.id}.{attribute}")
        return ""

    def _asked(self, node: ast.AST, name: str) -> None:
        special = name.startswith("__") and name.endswith("__")
        if name in HARMFUL_ATTRIBUTES or (special and name not in SPECIAL_ATTRIBUTES):
            raise self._unproven(node, f"the attribute {name}")
        if name in FORMATTING and not is_fixed_text(getattr(node, "value", node), self.module):
            raise self._unproven(node, f"{name} of a text that may name anything")
        if name == "replace" and not replaces_text(node, self.module):
            raise self._unproven(node, "replace, which may be that of a Path and move a file")
        if name == "type" and not names_type(node, self.module):
            raise self._unproven(node, "type, which may be that of a storage and import a module")
        if name == "copy" and not (copies_alone(node, self.module) or self._is_given_self(node)):
            raise self._unproven(node, "copy, which may be that of a Path and copy a file")
        if name == "func" and not (isinstance(node, ast.Attribute) and self._is_self(node.value)):
            raise self._unproven(node, "func of what may be a property of a class")

    def _named(self, node: ast.AST, name: str, of: ast.expr | None = None) -> None:
        """An attribute that a text, a pattern, or a name of a library asks for."""
        is_own = of is not None and self._is_instance(of)
        if name in _TO_OTHERS or (name in OF_LIBRARIES and not is_own):
            raise self._unproven(node, f"the attribute {name}")
        self._asked(node, name)

    def _set(self, node: ast.Attribute) -> None:
        special = node.attr.startswith("__") and node.attr.endswith("__")
        if special and node.attr != "__dict__":
            raise self._unproven(node, f"setting {node.attr}")
        if isinstance(self.module.parents.get(node), ast.AugAssign):
            self.kept.add(node.attr)
        if not self._is_instance(node.value):
            raise self._unproven(node, f"setting {in_a_sentence(node)}, which is not its own")
        self.visit(node.value)

    def _changed(self, node: ast.Subscript) -> None:
        """An item that is set or deleted: not in what belongs to a module."""
        root: ast.expr = node.value
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name):
            for definition in self.module.bindings.definitions(root):
                if definition.qualified or not self._is_local(definition.node, node):
                    raise self._unproven(node, f"changing {in_a_sentence(node)}")
        self.all((node.value, node.slice))

    # calls

    def _call(self, node: ast.Call) -> None:
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(argument)
        builtin = self._builtin(node.func)
        self._check_spread(node, builtin)
        self.outside.update((f"builtins.{builtin}",) if builtin else ())
        if builtin == "super" and node.args and not self._is_self(node.args[-1]):
            raise self._unproven(node, f"{in_a_sentence(node)}, whose class may be any")
        if builtin == "type" and len(node.args) == 1:
            if not (self._is_instance(node.args[0]) or is_compared(node, self.module)):
                raise self._unproven(node, f"{in_a_sentence(node)} as more than a name to compare")
            return
        if builtin == "getattr" and len(node.args) > 1 and text_of(node.args[1]):
            name = text_of(node.args[1])
            self._named(node, name, node.args[0])
            self.kept.add(name)
            is_own = self._is_self(node.args[0])
            (self.own if is_own else self.others).add(name)
            (self.leads if is_own else self.hands).add(name)
            if is_own and not self._is_instance(node.args[0]):
                self.of_class.add(name)
            return
        is_handed_back = isinstance(self.module.parents.get(node), ast.Return)
        if builtin == "getattr" and is_handed_back and self._is_instance(node.args[0]):
            self.asks_any = True
            return
        if builtin in {"vars", "setattr"} and node.args and self._is_instance(node.args[0]):
            return
        func = node.func
        self.visit(func)
