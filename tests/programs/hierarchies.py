"""Programs whose path depends on which class an object is of, or on who calls a function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from programs.layouts import IMPORTS, PLACES, Program, block
from programs.reading import parts, pieces

if TYPE_CHECKING:
    from random import Random

_BASES = pieces("bases")
_SUBCLASSES = pieces("subclasses")
_USES = pieces("uses")


def classes(rng: Random) -> Program:
    """A load in a method of a base class; what a subclass says is what counts."""
    base, piece = rng.choice(sorted(_BASES.items()))
    definition, read = parts(piece)
    subclass, derived = rng.choice(sorted(_SUBCLASSES.items()))
    use, used = rng.choice(sorted(_USES.items()))
    of_base = f"class Base:\n{definition}\n    def load(self):\n"
    of_base += f"        return torch.load({read}, weights_only=False)\n"
    if subclass == "init subclass":
        of_base += '\n    def __init_subclass__(cls):\n        cls.path = cls.name = "ckpt.pt"\n'
    between = rng.choice(["Base", "Base", "Mixin, Base", "Middle"])
    extra = "class Mixin:\n    pass\n\n" if "Mixin" in between else ""
    extra += "class Middle(Base):\n    pass\n\n" if between == "Middle" else ""
    of_subclass = f"{extra}class Derived({between}):\n{derived or '    pass'}\n"
    kind = f"classes: {base} / {subclass} / {use} / {between}"
    if rng.random() < 0.5:
        return _program({"main.py": f"{of_base}\n{of_subclass}\n{used}\n"}, kind)
    files = {
        "base.py": of_base,
        "subclass.py": f"from base import Base\n\n{of_subclass}",
        "main.py": f"from base import Base\nfrom subclass import Derived\n{used}\n",
    }
    return _program(files, kind)


def _program(files: dict[str, str], kind: str, *, control: bool = False) -> Program:
    return Program({name: IMPORTS + text for name, text in files.items()}, kind, control)


_CALLS = pieces("calls")
_LOADING = pieces("loading")


def calls(rng: Random) -> Program:
    """A load of what a function is given; besides a plain call there is one of another form."""
    form, loading = rng.choice(sorted(_LOADING.items()))
    name, call = rng.choice(sorted(_CALLS.items()))
    files = rng.choice(["one", "two", "three"])
    home = "main" if files == "one" else "loader"
    module = "sys.modules[__name__]" if files == "one" else "loader"
    call = call.replace("LOADERNAME", "__main__" if files == "one" else home)
    call = call.replace("LOADER", module)
    if files == "one":
        call = call.replace("__main__", "main")
    if rng.random() < 0.3:
        call = f"def later():\n{block(call)}\n\nlater()"
    plain = rng.choice(["load('x.pt')\n", "load()\n", ""])
    plain = "load('x.pt')\n" if form == "star" else plain
    kind = f"calls: {form} / {name} / {files}"
    if files == "one":
        return _program({"main.py": f"{loading}\n{plain}{call}\n"}, kind)
    head = "import loader\nfrom loader import load\n"
    if files == "two":
        return _program({"loader.py": loading, "main.py": f"{head}{plain}{call}\n"}, kind)
    main = f"{head}import other\n{plain}"
    return _program({"loader.py": loading, "other.py": f"{head}{call}\n", "main.py": main}, kind)


_FUNCTIONS = pieces("functions")


def functions(rng: Random) -> Program:
    """A load of what a function returns."""
    name, text = rng.choice(sorted(_FUNCTIONS.items()))
    place, load = rng.choice(sorted(PLACES.items()))
    for mark, path in (("{LW}", "where"), ("{LS}", "self.where"), ("{L}", "R()"), ("{P}", "R()")):
        load = load.replace(
            mark, path if mark == "{P}" else f"torch.load({path}, weights_only=False)"
        )
    kind, plain = f"functions: {name} / {place}", name.startswith("plain")
    if rng.random() < 0.5:
        return _program({"main.py": f"{text}\n{load}\n"}, kind, control=plain)
    files = {"where.py": text, "main.py": f"from where import R\n{load}\n"}
    return _program(files, kind + " / two files", control=plain)


_MOVES = pieces("moves")


def moves(rng: Random) -> Program:
    """The same relative path in another folder."""
    name, move = rng.choice(sorted(_MOVES.items()))
    load = "torch.load('m.pt', weights_only=False)\n"
    place = rng.choice(["same", "function", "file", "class"])
    if place == "function":
        move = f"def go():\n{block(move)}\n\ngo()"
    elif place == "class":
        move = f"class Go:\n    def __init__(self):\n{block(move, 2)}\n\nGo()"
    if place == "file":
        files = {"moving.py": move + "\n", "main.py": f"import moving\n{load}"}
    else:
        files = {"main.py": f"{move}\n{load}"}
    return _program(files, f"moves: {name} / {place}")


_OF_MODULES = pieces("of_modules")
_SETTINGS = (
    "P = 'x.pt'\n\ndef choose(p):\n    globals()['P'] = p\n\ndef rename():\n    global P\n"
    "    P = 'ckpt.pt'\n"
)
_PLAIN_SETTINGS = "P = 'x.pt'\n"


def modules(rng: Random) -> Program:
    """A path that a module defines, and others change."""
    name, text = rng.choice(sorted(_OF_MODULES.items()))
    needs = name in {"globals", "global"}
    settings = _SETTINGS if needs else _PLAIN_SETTINGS
    read, head = rng.choice(
        [("settings.P", "import settings\n"), ("P", "from settings import P\n")]
    )
    loading = f"{head}\ndef go():\n    return torch.load({read}, weights_only=False)\n"
    order = rng.choice(["import changing\nimport loader\n", "import loader\nimport changing\n"])
    files = {
        "settings.py": settings,
        "changing.py": text + "\n",
        "loader.py": loading,
        "main.py": f"{order}loader.go()\n",
    }
    return _program(
        files, f"modules: {name} / {read} / {order[7:9]}", control=name.startswith("nothing")
    )


_WHOLE = pieces("whole")


def whole(rng: Random) -> Program:
    """A program that is written down as a whole: files come after rows ``# name.py``."""
    name = rng.choice(sorted(_WHOLE))
    return of_whole(name, opened=rng.random() < 0.2)


def of_whole(name: str, *, opened: bool = False) -> Program:
    """One of them; ``opened``: whether its loads are given open files."""
    texts = (part.partition("\n") for part in f"\n{_WHOLE[name]}".split("\n# ")[1:])
    files = {file: f"{text}\n" for file, _, text in texts}
    if opened:
        opening = r"torch.load(open(\1, 'rb'), weights_only=False)"
        load = re.compile(r"torch\.load\(((?:[^()]|\([^()]*\))*), weights_only=False\)")
        files = {file: load.sub(opening, text) for file, text in files.items()}
    return _program(files, f"whole: {name}{' / opened' if opened else ''}")


def all_of_whole() -> list[Program]:
    """Each of them once."""
    return [of_whole(name) for name in sorted(_WHOLE)]
