"""One requirement of torch, in any of the notations that are in use, as PEP 440 specifiers."""

from __future__ import annotations

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

REQUIREMENT = late_pattern(
    r"""(?ix) ^\s* (?P<name>torch|pytorch(?:-[cg]pu)?) \s* (?:\[[^\]]*\])? \s*
        (?P<spec> (?: (?= $ | ; ) | [\s(<>=!~@^*] ) [^;]* ) (?:;\s*(?P<marker>.*))? $"""
)
"""``torch[extra] >=2.1 ; marker``; a name that only begins like torch's is another package."""
_WHEEL = late_pattern(r"(?i)(?:^|/)torch-(\d[\w.]*)(?:(?:\+|%2[Bb])[\w.]+)?-")
_LOCAL = late_pattern(r"\+[\w.]+")
_BETWEEN = late_pattern(r"\s+(?=[<>=!~])")
_OPERATOR_GAP = late_pattern(r"([<>=!~^])\s+")
_ENDLESS = late_pattern(r"\d{100}")
"""No version, and too long a number for ``int``."""
_NUMBER = late_pattern(r"v?(\d+(?:\.\d+)*)")
_WILD = late_pattern(r"(>=|<=|>|<|~=)\s*([\d.]+)\.\*")
_SINGLE = late_pattern(r"(?<![<>=!~])=(?!=)\s*([\d.]+)(\.\*)?")


class Statement(NamedTuple):
    """What one requirement says of torch."""

    text: str
    """As it is written."""
    spec: str | None
    """PEP 440 specifiers; empty where any version will do, None where it was not understood."""
    row: int = 0
    """Counted from 1; 0 where it is not known."""
    marker: str = ""
    """A PEP 508 marker; empty where it always holds."""
    optional: bool = False
    """Whether it belongs to an extra or a group, which need not be installed."""
    file: str = ""
    """Where it stands, from the project's root, where that is another file than the one asked."""

    @property
    def bounds(self) -> bool:
        """Whether it says more than that torch is wanted, or a release is not."""
        return bool(self.spec) and any(not part.startswith("!=") for part in _parts(self.spec))


def _parts(spec: str | None) -> list[str]:
    return [part.strip() for part in (spec or "").split(",") if part.strip()]


def from_requirement(text: str, row: int = 0, *, optional: bool = False) -> Statement | None:
    """A PEP 508 requirement (``torch>=2.1; python_version < "3.12"``); None for another package."""
    written = text.strip()
    match = REQUIREMENT.match(written)
    if match is None:
        found = _WHEEL.search(written)
        if found is None or not written.endswith(".whl"):
            return None
        spec = pip_specifiers(f"=={found[1]}")
        return Statement(written.rpartition("/")[2], spec, row, optional=optional)
    spec, marker = match["spec"].strip(), (match["marker"] or "").strip()
    if spec.startswith("@"):
        spec = version_in_address(spec) or ""
        return Statement(f"torch{spec}", spec, row, marker, optional)
    return Statement(written, pip_specifiers(spec), row, marker, optional)


def version_in_address(address: str) -> str | None:
    """``==2.1.0`` for the address of a wheel; None where it does not say."""
    found = _WHEEL.search(address.replace("%2B", "+"))
    return pip_specifiers(f"=={found[1]}") if found else None


def pip_specifiers(spec: str) -> str | None:
    """Specifiers as pip takes them, and as people write them; None for anything else."""
    text = _LOCAL.sub("", spec.strip().strip("()").strip())
    text = _BETWEEN.sub(",", _OPERATOR_GAP.sub(r"\1", text)).replace(",,", ",").rstrip(",. ")
    text = _WILD.sub(r"\1\2", text)
    text = _SINGLE.sub(r"==\1\2", text)
    return text if _is_valid(text) else None


def exact_or_pip(spec: str) -> str | None:
    """The same, where a bare version means exactly that one (poetry, Pipfile, pixi)."""
    text = spec.strip()
    if text in {"*", ""}:
        return ""
    return pip_specifiers(f"=={text}" if text[0].isdigit() else text)


def poetry_specifiers(spec: str) -> str | None:
    """Poetry's constraints: ``^2.1`` is below the next major release, ``~2.1`` below 2.2."""
    parts = [_poetry_part(part.strip()) for part in spec.replace(" ,", ",").split(",")]
    return None if None in parts else ",".join(part for part in parts if part)


def _poetry_part(part: str) -> str | None:
    if _ENDLESS.search(part):
        return None
    if part[:1] == "^" or (part[:1] == "~" and part[1:2] != "="):
        number = _NUMBER.match(part[1:].strip())
        if number is None:
            return None
        return f">={number[1]},<{_below(number[1], caret=part[0] == '^')}"
    return exact_or_pip(part)


def _below(number: str, *, caret: bool) -> str:
    """The first version that a caret or a tilde leaves out."""
    figures = [int(figure) for figure in number.split(".")]
    if not caret:
        kept = 1 if len(figures) > 1 else 0
    else:
        kept = next((place for place, figure in enumerate(figures) if figure), len(figures) - 1)
    return ".".join(map(str, [*figures[:kept], figures[kept] + 1]))


def alternatives(spec: str) -> list[str]:
    """``^1.13 || ^2.0`` (poetry) or ``1.12|1.13`` (conda): each by itself."""
    return [part.strip() for part in spec.replace("||", "|").split("|") if part.strip()] or [""]


def conda_specifiers(spec: str) -> str | None:
    """Conda's: ``=2.1`` is any 2.1.x, ``=2.1=build`` names a build, ``2.1.*`` as in pip."""
    text = spec.strip().strip("'\"")
    if not text or text == "*":
        return ""
    if text[0].isdigit():
        version = text.split()[0].partition("=")[0]
        return pip_specifiers(f"=={version}")
    if text[0] == "=" and text[:2] != "==":
        version = text[1:].strip().partition("=")[0].removesuffix("*").rstrip(".")
        return pip_specifiers(f"=={version}.*")
    if text[:2] == "==":
        return pip_specifiers(f"=={text[2:].strip().partition('=')[0]}")
    return pip_specifiers(text.partition(" ")[0] if " " in text and "," in text else text)


def _is_valid(text: str) -> bool:
    if not text:
        return True  # any version
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - takes time

    if _ENDLESS.search(text):
        return False
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
