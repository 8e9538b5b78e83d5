"""The judgement of one global: proven by its source, vetted or configured; or no, and why.

A checkpoint is hostile input and must never talk its way into an allowlist. So the default is no.
"""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.dangerous import (
    why_dangerous,
    why_gateway,
    why_inside,
    why_interpreter,
)
from torchload_lint.checkpoint.known.known_globals import ENUMERATIONS, PATHS, UNDONE_MODULES
from torchload_lint.checkpoint.known.torch_versions import ever_allowed
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import all_called, is_dotted_name
from torchload_lint.vetted import (
    BELIEVED,
    COMPARING,
    ENDING,
    GENERATORS,
    IMPORTING,
    NESTED,
    NUMBERS,
    REBUILDING,
    SETTING_CLASS,
    computes_when_called,
    is_restored,
    vetted_definitions,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from torchload_lint.names import ClassFacts, GlobalName, HeldCall


class Trust(str, Enum):
    """On what ground a global may be allowed, or not."""

    FIRST_PARTY = "first-party"
    INSTALLED = "installed"
    """A class of an installed library that the project depends on, proven by its source."""
    VETTED = "vetted"
    CONFIGURED = "configured"
    RESTORE_ONLY = "restore-only"
    """A class that a file may restore, under an entry that keeps it from being called."""
    ONLY_WITH = "only-with"
    """A function that a file may call with the arguments that it has now, and with no others."""
    UNPROVEN = "unproven"
    """A class whose source does not show that it is harmless in every way that a file can use."""
    UNTRUSTED = "untrusted"
    """Nobody vouches for it; a line of configuration would."""
    RUNS_CODE = "runs-code"
    """It runs code that the file chooses; only its exact name in ``trusted`` allows it."""


class Judgement(NamedTuple):
    """The answer for one global, with the reason in words."""

    trust: Trust
    reason: str
    advice: str = ""
    """What to do instead; never a line that allows what is not known to be harmless."""
    by_attributes: bool = False
    """Whether its objects can be called, and are restored without: ``restore_only`` is the better
    entry then, wherever it can be written."""

    kept_and_called: bool = False
    """Whether its objects can be called, and the file keeps or calls the class itself, so that no
    entry can restore them alone."""

    by_texts: bool = False
    """Whether it is called with texts alone, and holding a file to these is the better entry,
    wherever it can be written."""

    @property
    def is_better_limited(self) -> bool:
        """Whether an entry that limits what a file may do is better, where it can be written."""
        return self.by_attributes or self.by_texts

    @property
    def restores(self) -> bool:
        """Whether its objects may stand blank while the file is read."""
        return self.by_attributes or self.trust is Trust.RESTORE_ONLY

    @property
    def allowed(self) -> bool:
        """Whether it may be put on an allowlist without asking."""
        return self.trust in _ALLOWED

    @property
    def is_harmless(self) -> bool:
        """Whether a file may make of it what it likes: no entry has to hold it to anything."""
        return self.allowed and not self.restores and self.trust is not Trust.ONLY_WITH


_PROVEN = frozenset({Trust.FIRST_PARTY, Trust.INSTALLED})
_ALLOWED = _PROVEN | {Trust.VETTED, Trust.CONFIGURED, Trust.RESTORE_ONLY, Trust.ONLY_WITH}
UNMISTAKABLE = frozenset(
    """
    CDLL Popen __import__ attrgetter check_call check_output compile delattr eval exec exec_module
    execfile execl execv getattr getoutput getstatusoutput import_module load_module methodcaller
    partial popen rmtree run_module run_path runctx setattr spawnl spawnv system
    """.split()
)
"""Names that only their exact spelling in ``trusted`` lets through, whoever offers them."""


WAY_OUT = (
    "`torchload-lint migrate` makes a file of plain values, for which the program has to be changed"
)
_VOUCHED = "for who has read its source, the README says what else there is (Security model)"


def judge(
    name: GlobalName,
    facts: ClassFacts | None,
    trusted: Collection[str] = (),
    aliases: Collection[str] = (),
    origins: Collection[str] = (),
    *,
    called: bool = False,
) -> Judgement:
    """Judge one global that a checkpoint needs.

    ``facts``: what its source says of it, None for what is neither first-party nor of an installed
    library that may speak for itself.
    ``trusted``: patterns from the configuration. ``aliases``: other names of the same object
    (the runtime name beside the one in the file), any of which the configuration may use.
    ``origins``: what the name stands for in the end, where the project re-exports or renames it;
    they can only speak against it. ``called``: whether the file calls it, and does not only build
    from it.
    """
    names = {str(name), *aliases}
    if not is_dotted_name(str(name)):
        return _untrusted(name, "no object can have this name")
    if names & set(trusted):
        return Judgement(Trust.CONFIGURED, "named in the configuration")
    led_to = names | set(origins)
    danger = (
        _why_refused_by_name(led_to) or _why_refused_by_import(facts) or _why_hidden(led_to, facts)
    )
    if danger:
        return _refused(danger)
    if facts is not None and facts.runs:
        runs = f"{facts.path}:{facts.row} calls {', '.join(facts.runs)} while it is unpickled"
        return _restored(facts, runs, called) or _refused(runs)
    if any(fnmatchcase(one, pattern) for one in names for pattern in trusted):
        return Judgement(Trust.CONFIGURED, "matched by the configuration")
    vetted_names = names | {_in_python_3(name)}
    if (facts is None or facts.read_from) and any(map(_is_vetted, vetted_names)):
        return _judged_as_vetted(vetted_names, called)
    if facts is None:
        return _untrusted(name, "neither a class of this project nor in the vetted table")
    return _judged_by_source(name, facts, called=called)


def _is_vetted(name: str) -> bool:
    """In the table, or what only torch's own files need (its functions, ``_codecs.encode``) and
    some release of it allows by itself.
    """
    is_for_torch = name.startswith(("torch.", "_codecs."))
    return bool(vetted_definitions(name)) or (is_for_torch and name in ever_allowed())


_REFUSED = (
    (NESTED, "a file may put any number in each other, and Python ends when they go"),
    (BELIEVED, "its text is read at the positions that the file says, also outside of it"),
    (ENDING, "a class that raises what a file gives it ends the program with it"),
    (IMPORTING, "where it is shown, Python imports the module that it names"),
    (GENERATORS, "it may draw numbers from a position outside of them, which the file says"),
    (COMPARING, "compared, it multiplies what the file has put into it, which may be a tensor"),
    (NUMBERS, "called with an object of the file, it reads memory at the address that this names"),
    (REBUILDING, "it calls what the file names, with any class and any state"),
    (SETTING_CLASS, "called, it sets attributes of the class, for the whole program"),
)
"""Of what is vetted that which only holds data, and is refused all the same: why."""


def _judged_as_vetted(names: set[str], called: bool) -> Judgement:
    if any(map(computes_when_called, names)):
        reason = (
            "it computes with what it is called with, which may be a tensor that is not checked"
        )
        if called:
            return Judgement(Trust.UNPROVEN, f"not proven harmless: {reason}", WAY_OUT)
        return Judgement(Trust.RESTORE_ONLY, f"may be restored, not called: {reason}")
    for refused, reason in _REFUSED:
        if not refused.isdisjoint(names):
            return Judgement(Trust.UNPROVEN, f"not proven harmless: {reason}", WAY_OUT)
    may_be_called = any(map(is_restored, names))
    return Judgement(
        Trust.VETTED,
        "known to hold data only",
        by_attributes=may_be_called and not called,
        kept_and_called=may_be_called and called,
    )


def _judged_by_source(name: GlobalName, facts: ClassFacts, *, called: bool) -> Judgement:
    place = f"{facts.path}:{facts.row}"
    if facts.kind == "function" and called:
        what = f"the file calls a function of this project ({place}) with arguments of its own"
        return _untrusted(name, f"{what}: only classes are looked at, and may be allowed")
    if facts.kind != "class":
        return _untrusted(name, f"{place} is a {facts.kind}, not a class")
    if facts.unproven:
        return _unproven(facts, facts.unproven, called)
    restored = facts.is_called and not (called or facts.not_restorable)
    if facts.is_called and not (restored or _is_module(facts)):
        return _unproven(facts, "torch sets attributes of what a call of its object gives", called)
    if facts.computes and not restored:
        return _unproven(facts, facts.computes, called)
    if facts.read_from:
        reason = f"read from {facts.read_from} ({place})"
        trust = Trust.INSTALLED
    else:
        reason, trust = f"a class of this project ({place})", Trust.FIRST_PARTY
    kept = facts.is_called and called
    return Judgement(trust, reason, by_attributes=restored, kept_and_called=kept)


def _is_module(facts: ClassFacts) -> bool:
    """Whether it is a module, which is written as itself where it cannot be restored."""
    return any(base.startswith("torch.nn.") for base in facts.foreign_bases)


def judge_calls(calls: Sequence[HeldCall]) -> Judgement:
    """Judge a function that an entry holds to the arguments of these calls."""
    these = "these arguments" if len(calls) == 1 else f"these {len(calls)} tuples of arguments"
    return Judgement(Trust.ONLY_WITH, f"may be called with {these}, and with no others")


def judge_members(
    judgement: Judgement, name: GlobalName, facts: ClassFacts | None, calls: Sequence[HeldCall]
) -> Judgement:
    """The judgement, where what may be allowed is an enumeration: of the members that these calls
    find. A list with the class itself would let a file change them for the whole program. A path
    is held to texts: a state that a file sets in one ends Python where torch asks for its text.
    """
    if str(name) in PATHS:
        return judgement._replace(by_texts=judgement.trust is Trust.VETTED and bool(calls))
    is_one = facts.is_enumeration if facts is not None else str(name) in ENUMERATIONS
    if not is_one or judgement.trust not in _PROVEN | {Trust.VETTED}:
        return judgement
    if calls:
        return judge_calls(calls)
    reason = "an enumeration whose members a file may change; it is not called with plain values"
    return Judgement(Trust.UNPROVEN, reason, WAY_OUT)


def judge_together(
    judged: Sequence[tuple[Judgement, ClassFacts | None, bool]],
    registered: Collection[ClassFacts] = (),
) -> list[Judgement]:
    """The judgements of globals that one load allows side by side.

    A proof looks at the methods that a file can reach in one class. Another class of the file may
    call further ones, by a name that its code asks of an object which the file chooses. Each global
    comes with whether the file calls it. ``registered``: classes that are allowed beside these,
    by the program itself; like what the configuration trusts they are not judged here, so that
    nothing may call what is not proven of them.
    """
    trusted = [one for judgement, one, _ in judged if one and judgement.trust is Trust.CONFIGURED]
    unproven = {
        name
        for one in (*registered, *trusted)
        for name in (one.methods if one.unproven else one.loose | one.of_objects)
    }
    proven = [one for judgement, one, _ in judged if one and judgement.trust in _PROVEN]
    asks = {name for one in proven for name in one.asks}
    leads = {pair for one in (*proven, *registered, *trusted) for pair in one.leads}
    hands = all_called({name for one in proven for name in one.hands}, leads)
    passes = {name for one in proven for name in one.passes}
    some_blank = any(judgement.restores for judgement, _, _ in judged)
    together = []
    for judgement, facts, called in judged:
        if facts and judgement.trust in _PROVEN:
            reason = _why_not_together(facts, asks, hands, unproven) or _why_handed(facts, passes)
            if some_blank and not (reason or judgement.restores):
                reason = _what_meets_blanks(facts, called)
            judgement = _unproven(facts, reason, called) if reason else judgement  # noqa: PLW2901
        together.append(judgement)
    return together


def _why_not_together(
    facts: ClassFacts, asks: set[str], hands: set[str], unproven: set[str]
) -> str:
    """Why what is proven of a class alone does not hold beside the others; empty where it does."""
    if loose := asks & facts.loose:
        return f"another class of the file may call its {min(loose)}"
    if given := hands & facts.of_objects:
        return f"another class of the file may give its {min(given)} what is not the file's"
    if mixed := unproven & (facts.asks | facts.hands):
        return f"it may call {min(mixed)} of a class that is allowed beside it, and not proven"
    return ""


def _why_handed(facts: ClassFacts, passes: set[str]) -> str:
    """Why another class may hand the file one of its functions; empty where none does."""
    handed = min(passes & facts.functions, default="")
    return f"another class of the file may hand on its {handed}" if handed else ""


def _what_meets_blanks(facts: ClassFacts, called: bool) -> str:
    """Why a class cannot stand beside one that is only restored: its code runs before that has its
    objects' class back, and may look at them.
    """
    method = "" if facts.is_enumeration else facts.runs_at_load(called=called)
    return f"its {method} may look at objects that are restored only later" if method else ""


def _in_python_3(name: GlobalName) -> str:
    """``builtins.KeyError`` for ``exceptions.KeyError``, as protocol 2 spells it."""
    return f"{UNDONE_MODULES.get(name.module, name.module)}.{name.qualname}"


def _unproven(facts: ClassFacts, reason: str, called: bool) -> Judgement:
    why = f"not proven harmless: {reason}{_source(facts)}"
    unproven = Judgement(Trust.UNPROVEN, why, f"{WAY_OUT}; {_VOUCHED}")
    return _restored(facts, reason, called) or unproven


def _restored(facts: ClassFacts, reason: str, called: bool) -> Judgement | None:
    """The judgement on a class that may be restored and not called, where it can be."""
    if facts.kind != "class" or facts.not_restorable or called:
        return None
    reason += _source(facts)
    return Judgement(Trust.RESTORE_ONLY, f"may be restored, not called: {reason}")


def _source(facts: ClassFacts) -> str:
    return f" (read from {facts.read_from})" if facts.read_from else ""


def _why_refused(name: str) -> str:
    return why_dangerous(name) or why_gateway(name) or why_interpreter(name)


def _why_refused_by_name(names: set[str]) -> str:
    return next(filter(None, map(_why_refused, sorted(names))), "")


def _why_refused_by_import(facts: ClassFacts | None) -> str:
    """Why the project's own source speaks against its very import, or what it is made from."""
    if facts is None:
        return ""
    if facts.import_runs:
        calls = ", ".join(facts.import_runs)
        return f"{facts.path} calls {calls} as soon as it is imported, outside of any function"
    for base in sorted({*map(str, facts.bases), *facts.foreign_bases}):
        danger = _why_refused(base)
        if danger:
            return f"its base class {base} {danger}"
    return ""


def _why_hidden(names: set[str], facts: ClassFacts | None) -> str:
    """Why a name may lead out of the package that was meant, to what runs code.

    Every module also hands out what it imports: ``app.tools.os.system``, or plain
    ``app.tools.check_output``. Only what the project itself defines under exactly this name, and
    what is vetted under it, is known to lead nowhere else.
    """
    own = str(facts.defined_as) if facts else ""
    for name in sorted(names):
        if name != own and not vetted_definitions(name):
            danger = _why_suffix_refused(name)
            if danger:
                return danger
    return ""


def _why_suffix_refused(name: str) -> str:
    reached = why_inside(name)
    if reached:
        return f"it {reached}"
    last = name.rpartition(".")[2]
    return f"what is called {last} runs code in most packages" if last in UNMISTAKABLE else ""


def _untrusted(name: GlobalName, reason: str) -> Judgement:
    if not is_dotted_name(str(name)):
        return Judgement(Trust.UNTRUSTED, reason)
    return Judgement(Trust.UNTRUSTED, reason, WAY_OUT)


def _refused(danger: str) -> Judgement:
    return Judgement(Trust.RUNS_CODE, danger, WAY_OUT)
