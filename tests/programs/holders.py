"""What can hold the path of a load, how the path is read from it, and how it can be changed.

A holder is written down once; ``layouts`` puts it into a local name, a module's name, an attribute
or a parameter. ``{R}`` stands for the expression that leads to it. Every change leaves a path that
needs ``argparse.Namespace`` where the path was that of a plain state dict.
"""

from __future__ import annotations

from typing import NamedTuple

from programs.reading import lines, pieces

_BOXES = pieces("boxes")


class Holder(NamedTuple):
    """One kind of thing that can hold a path."""

    name: str
    made: str
    """The expression that makes it."""
    read: str
    """The expression that reads the path from it."""
    changes: tuple[str, ...]
    """Statements that change what is read."""
    harmless: tuple[str, ...] = ()
    """Statements that do not."""
    setup: str = ""
    """Definitions that must come before."""


_ANY_DICT = lines("changes_of_dicts")
_NO_CHANGE_OF_DICT = (
    '{R}["q"] = "ckpt.pt"',
    'copied = dict({R}); copied["p"] = "ckpt.pt"',
    'copied = {R}.copy(); copied.update(p="ckpt.pt")',
    'other = {**{R}, "p": "ckpt.pt"}',
    'other = {R} | {"p": "ckpt.pt"}',
    "print(len({R}), sorted({R}))",
    "for key, value in {R}.items(): print(key, value)",
    '{R}.get("p", "ckpt.pt")',
)
_ANY_LIST = lines("changes_of_lists")
_ANY_OBJECT = lines("changes_of_objects")
_OF_A_CLASS = (
    'type({R}).path = "ckpt.pt"',
    '{R}.__class__.path = "ckpt.pt"',
    'setattr(type({R}), "path", "ckpt.pt")',
)
_NO_CHANGE_OF_OBJECT = (
    '{R}.other = "ckpt.pt"',
    "copied = copy.copy({R}); copied_path = copied.path",
    "print({R}.path)",
    "str({R})",
)
_FROM_INSIDE = lines("changes_inside")


HOLDERS = (
    Holder(
        "text",
        '"x.pt"',
        "{R}",
        (
            "{R} = 'ckpt.pt'",
            "{R} += '.bak'",
            "{R}, rest = 'ckpt.pt', 1",
            "for {R} in ['ckpt.pt']: pass",
            "with contextlib.nullcontext('ckpt.pt') as {R}: pass",
        ),
        ("print({R}.upper())", "other = {R}", "{R}.replace('x', 'ckpt')"),
    ),
    Holder("dict", '{"p": "x.pt", "n": 1}', '{R}["p"]', _ANY_DICT, _NO_CHANGE_OF_DICT),
    Holder("dict call", 'dict(p="x.pt")', '{R}["p"]', _ANY_DICT, _NO_CHANGE_OF_DICT),
    Holder("dict get", '{"p": "x.pt"}', '{R}.get("p")', _ANY_DICT, _NO_CHANGE_OF_DICT),
    Holder(
        "missing entry",
        "{}",
        '{R}.get("p", "x.pt")',
        (*_ANY_DICT[:10], '{R}.setdefault("p", "ckpt.pt")'),
    ),
    Holder("keywords", '{"p": "x.pt"}', "(lambda p: p)(**{R})", _ANY_DICT, _NO_CHANGE_OF_DICT),
    Holder(
        "dict of dict",
        '{"m": {"p": "x.pt"}}',
        '{R}["m"]["p"]',
        _FROM_INSIDE,
        ('copied = copy.deepcopy({R}); copied["m"]["p"] = "ckpt.pt"',),
    ),
    Holder(
        "list",
        '["x.pt", "a.pt"]',
        "{R}[0]",
        _ANY_LIST,
        (
            "print(len({R}))",
            "sorted({R})",
            '{R}.append("ckpt.pt")',
            "list({R}).reverse()",
            "{R}.index('x.pt')",
            "{R}.count(1)",
        ),
    ),
    Holder(
        "last of list",
        '["x.pt"]',
        "{R}[-1]",
        (
            '{R}.append("ckpt.pt")',
            '{R} += ["ckpt.pt"]',
            '{R}.extend(["ckpt.pt"])',
            "{R}.insert(1, 'ckpt.pt')",
            '{R}[1:] = ["ckpt.pt"]',
            "{R}.extend(each for each in ['ckpt.pt'])",
            "{R}.__iadd__(['ckpt.pt'])",
            "operator.iadd({R}, ['ckpt.pt'])",
            "list.append({R}, 'ckpt.pt')",
            '{R}.extend(("ckpt.pt",))',
            "[*map({R}.append, ['ckpt.pt'])]",
        ),
        ("len({R})",),
    ),
    Holder(
        "first of sorted",
        '["x.pt"]',
        "sorted({R})[0]",
        (
            '{R}.append("ckpt.pt")',
            '{R}.extend(["ckpt.pt"])',
            "{R}.insert(0, 'ckpt.pt')",
            '{R} += ["ckpt.pt"]',
        ),
    ),
    Holder(
        "joined list",
        '["x", "pt"]',
        '".".join({R})',
        (
            '{R}[0] = "ckpt"',
            '{R}.insert(0, "old")',
            "{R}.append('bak')",
            "{R}.extend(['bak'])",
            "{R}.reverse()",
            "{R} += ['bak']",
            '{R}[:1] = ["ckpt"]',
        ),
        ("len({R})",),
    ),
    Holder(
        "set",
        '{"x.pt"}',
        "next(iter({R}))",
        (
            '{R}.clear(); {R}.add("ckpt.pt")',
            '{R} ^= {"x.pt", "ckpt.pt"}',
            '{R}.symmetric_difference_update({"x.pt", "ckpt.pt"})',
            '{R}.discard("x.pt"); {R}.update(["ckpt.pt"])',
        ),
    ),
    Holder(
        "deque",
        'collections.deque(["x.pt", "ckpt.pt"])',
        "{R}[0]",
        ("{R}.rotate(1)", "{R}.popleft()", "{R}.appendleft('ckpt.pt')", "{R}.reverse()"),
    ),
    Holder(
        "iterator",
        'iter(["x.pt", "ckpt.pt"])',
        "next({R})",
        (
            "next({R})",
            "for _ in {R}: break",
            "list(zip([1], {R}))",
            "_, = itertools.islice({R}, 1)",
            "{R}.__next__()",
        ),
    ),
    Holder(
        "tuple",
        '("x.pt", "a.pt")',
        "{R}[0]",
        ("{R} = ('ckpt.pt',)", "{R} = {R}[::-1]"),
        ("print({R})", "first, second = {R}"),
    ),
    Holder(
        "dict in tuple",
        '({"p": "x.pt"}, 1)',
        '{R}[0]["p"]',
        (
            '{R}[0]["p"] = "ckpt.pt"',
            'inner, _ = {R}; inner["p"] = "ckpt.pt"',
            'for inner in {R}[:1]: inner["p"] = "ckpt.pt"',
            'list({R})[0].update(p="ckpt.pt")',
        ),
    ),
    Holder(
        "list in dict",
        '{"l": ["x.pt"]}',
        '{R}["l"][0]',
        (
            '{R}["l"].insert(0, "ckpt.pt")',
            '{R}["l"][0] = "ckpt.pt"',
            'files = {R}["l"]; files[:] = ["ckpt.pt"]',
            '{R}["l"] = ["ckpt.pt"]',
            'dict({R})["l"].insert(0, "ckpt.pt")',
        ),
    ),
    Holder(
        "class attribute",
        "Box()",
        "{R}.path",
        (*_ANY_OBJECT, *_OF_A_CLASS),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["plain"],
    ),
    Holder(
        "class",
        "Box",
        "{R}.path",
        tuple(
            c
            for c in _ANY_OBJECT
            if "__dict__" not in c and "vars" not in c and "etattr__" not in c
        ),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["plain"],
    ),
    Holder(
        "default of init",
        "Box()",
        "{R}.path",
        (*_ANY_OBJECT, '{R}.__init__("ckpt.pt")'),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["init"],
    ),
    Holder(
        "argument of init",
        'Box("x.pt")',
        "{R}.path",
        (
            *_ANY_OBJECT,
            '{R}.rename("ckpt.pt")',
            '{R}.__init__("ckpt.pt")',
            'Box.rename({R}, "ckpt.pt")',
            'getattr({R}, "rename")("ckpt.pt")',
            'change = {R}.rename; change("ckpt.pt")',
        ),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["methods"],
    ),
    Holder(
        "method",
        'Box("x.pt")',
        "{R}.where()",
        (
            *_ANY_OBJECT,
            '{R}.rename("ckpt.pt")',
            '{R}.where = lambda: "ckpt.pt"',
            'type({R}).where = lambda self: "ckpt.pt"',
            'setattr(type({R}), "where", lambda self: "ckpt.pt")',
            '{R}.where = types.MethodType(lambda self: "ckpt.pt", {R})',
            'unittest.mock.patch.object(type({R}), "where", lambda self: "ckpt.pt").start()',
        ),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["methods"],
    ),
    Holder(
        "property",
        'Box("x.pt")',
        "{R}.file",
        (
            *_ANY_OBJECT,
            '{R}.rename("ckpt.pt")',
            'type({R}).file = "ckpt.pt"',
            'type({R}).where = lambda self: "ckpt.pt"',
        ),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["methods"],
    ),
    Holder(
        "dataclass",
        "Box()",
        "{R}.path",
        (*_ANY_OBJECT, '{R}.__init__("ckpt.pt")', '{R}.__init__(path="ckpt.pt")'),
        _NO_CHANGE_OF_OBJECT,
        _BOXES["dataclass"],
    ),
    Holder(
        "dataclass argument",
        'Box(path="x.pt")',
        "{R}.path",
        _ANY_OBJECT,
        ('dataclasses.replace({R}, path="ckpt.pt")', "dataclasses.asdict({R})"),
        _BOXES["dataclass"],
    ),
    Holder(
        "namespace",
        'types.SimpleNamespace(path="x.pt")',
        "{R}.path",
        _ANY_OBJECT,
        _NO_CHANGE_OF_OBJECT,
    ),
    Holder(
        "argparse namespace",
        'argparse.Namespace(path="x.pt")',
        "{R}.path",
        (*_ANY_OBJECT, 'argparse.ArgumentParser().parse_args([], {R}); {R}.path = "ckpt.pt"'),
        _NO_CHANGE_OF_OBJECT,
    ),
    Holder(
        "dict attribute",
        "Box()",
        '{R}.options["p"]',
        (
            '{R}.options["p"] = "ckpt.pt"',
            '{R}.options.update(p="ckpt.pt")',
            'options = {R}.options; options["p"] = "ckpt.pt"',
            '{R}.options = {"p": "ckpt.pt"}',
            '{R}.options |= {"p": "ckpt.pt"}',
            'vars({R})["options"]["p"] = "ckpt.pt"',
            'copy.copy({R}).options["p"] = "ckpt.pt"',
            'getattr({R}, "options")["p"] = "ckpt.pt"',
        ),
        ('{R}.options["q"] = 1', "len({R}.options)"),
        _BOXES["dict"],
    ),
    Holder(
        "dict attribute, method",
        "Box()",
        "{R}.where()",
        (
            '{R}.options["p"] = "ckpt.pt"',
            '{R}.options.update(p="ckpt.pt")',
            '{R}.options = {"p": "ckpt.pt"}',
            'vars({R})["options"]["p"] = "ckpt.pt"',
            '{R}.options.__setitem__("p", "ckpt.pt")',
        ),
        ("len({R}.options)",),
        _BOXES["dict"],
    ),
    Holder(
        "list attribute",
        "Box()",
        "{R}.first()",
        (
            '{R}.files.insert(0, "ckpt.pt")',
            '{R}.files = ["ckpt.pt"]',
            "Box.files.reverse()",
            '{R}.files[0] = "ckpt.pt"',
            'type({R}).files = ["ckpt.pt"]',
            "{R}.files.sort()",
            'Box.files[:1] = ["ckpt.pt"]',
            'Box().files.insert(0, "ckpt.pt")',
        ),
        ("len({R}.files)",),
        _BOXES["list"],
    ),
    Holder(
        "path",
        'pathlib.Path("x.pt")',
        "{R}",
        ('{R} = {R}.with_name("ckpt.pt")', '{R} /= "../ckpt.pt"'),
        ('{R}.with_name("ckpt.pt")', "print({R}.name)"),
    ),
    Holder(
        "own folder",
        "os.path.dirname(os.path.abspath(__file__))",
        "{R} + '/x.pt'",
        ("{R} += '/old'", "{R} = os.path.join({R}, 'old')", "{R} = f'{{R}}/old'"),
        ("{R}.split('/')", "os.path.basename({R})", "other = {R} + '/old'"),
    ),
    Holder(
        "own folder as a path",
        "pathlib.Path(__file__).parent",
        "{R}.joinpath('x.pt')",
        ("{R} = {R} / 'old'", "{R} /= 'old'", "{R} = {R}.with_name({R}.name) / 'old'"),
        ("{R}.name", "{R}.parent / 'x.pt'", "print({R}.parts)"),
    ),
    Holder(
        "function",
        '(lambda: "x.pt")',
        "{R}()",
        ('{R}.__code__ = (lambda: "ckpt.pt").__code__', "{R} = lambda: 'ckpt.pt'"),
    ),
    Holder(
        "default of function",
        '(lambda p="x.pt": p)',
        "{R}()",
        ('{R}.__defaults__ = ("ckpt.pt",)', "{R} = lambda: 'ckpt.pt'"),
    ),
)
