"""What an answer rests on: noted while an expression is followed, looked into when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Class, Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode


class Relied:
    """Everything that must be as it looks for an answer to be all that there is."""

    def __init__(self) -> None:
        self.held: dict[ast.expr, tuple[SourceFile, Values]] = {}
        """Names and attributes, and what was found under them."""
        self.module_names: dict[tuple[str, str], SourceFile] = {}
        """Names that modules define: path and name."""
        self.members: dict[tuple[ast.ClassDef, str, bool], SourceFile] = {}
        """Members of classes: the class, the name, and whether a method was looked up."""
        self.attributes: dict[str, dict[ast.expr, tuple[SourceFile, str]]] = {}
        """Attributes of namespaces, options and configurations: where they were looked up (what was
        stored there before was seen), and how they are spelled there."""
        self.functions: dict[FunctionNode, SourceFile] = {}
        """Functions that were followed."""
        self.called: dict[FunctionNode, tuple[SourceFile, frozenset[ast.Call]]] = {}
        """Functions whose callers were asked for, and the calls that were found."""
        self.classes: dict[ast.ClassDef, SourceFile] = {}
        """Classes of which objects were made."""
        self.strangers: dict[str, None] = {}
        """Functions of other packages that were taken at their word."""
        self.guesses: dict[str, None] = {}
        """What was only likely, in words."""
        self.changes: dict[str, None] = {}
        """What changes at a place that is seen and is not followed, in words."""

    def files(self) -> frozenset[str]:
        """The files in which something stands that the answer rests on."""
        places = [module for module, _ in self.held.values()]
        for kind in (self.module_names, self.members, self.functions, self.classes):
            places += kind.values()
        return frozenset(module.path for module in places)

    def attribute(self, name: str, place: ast.expr, module: SourceFile, spelled: str) -> None:
        """Note that an attribute was looked up at a place."""
        self.attributes.setdefault(name, {})[place] = module, spelled

    def member(self, of: Class, name: str, *, method: bool) -> None:
        """Note that a member of a class was looked up."""
        self.members.setdefault((of.node, name, method), of.module)
