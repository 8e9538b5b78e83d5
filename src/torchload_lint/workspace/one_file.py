"""Check (and fix) one file: a path, bytes that lie nowhere, or a document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import (
    Applicability,
    Crash,
    Diagnostic,
    FileResult,
)
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.loaders.prefilter import may_hold_load
from torchload_lint.workspace.findings import (
    NO_LOADS,
    findings_in,
    one_for_each_cause,
    unparsable,
)
from torchload_lint.workspace.first_look import (
    NOTEBOOK,
    first_look,
    is_of_another_language,
    look_at,
    unreadable_result,
)
from torchload_lint.workspace.fixing import apply, without_effect
from torchload_lint.workspace.on_disk.document import Document, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.diagnostic import Fix, LoadAccount
    from torchload_lint.workspace.first_look import Look
    from torchload_lint.workspace.projects import Project, Projects

MAX_PASSES = 100
"""How often a file is fixed and linted again before the tool admits that it does not settle."""


class FileOutcome(NamedTuple):
    """What came of one file."""

    path: str
    result: FileResult | None = None
    """None where there is nothing to report."""
    rewritten: bytes | None = None
    """What is to be written, where something was fixed."""
    source: bytes = b""
    """What it was made from: the file, as it was read."""
    error: str = ""
    """What keeps it from being written, as a sentence."""
    loads: LoadAccount = NO_LOADS
    torch: TorchRange | None = None
    """The releases that its loads were judged for; None where there are none."""
    crashes: tuple[Crash, ...] = ()
    """What could not be worked out because this tool failed."""
    added: str = ""
    """The new module that the fixes import; empty where there is none."""


class Options(NamedTuple):
    """What to do with the files."""

    fix: bool = False
    """Apply fixes to the text."""
    unsafe: bool = False
    """Also the unsafe ones."""
    write: bool = False
    """Write the fixed text (otherwise it is only returned)."""
    suppressions: bool = True
    """Whether comments may hide findings."""
    adds_modules: bool = False
    """Whether a fix may rest on a module that is written into the project along with it."""
    keeps_untold: bool = False
    """Whether a file has a result, too, where everything in it is left out by the settings."""
    jobs: int = 0
    """Worker processes; 0 lets the tool decide."""
    fixes_among: Callable[[FileResult], Sequence[Diagnostic]] | None = None
    """Of the findings of a file, those that fixes may take away: without what a baseline names.
    None: all."""


def check_file(path: str, projects: Projects, options: Options) -> FileOutcome:
    """Ask the cheap question about one file, and check it where it may hold a load.

    Raises ConfigError. Whatever else goes wrong costs this file alone, and is said.
    """
    try:
        return _outcome(path, projects, options)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - the other files are checked
        crash = Crash.of(error, "this file could not be checked")
        return FileOutcome(path, crashes=(crash,))


def _outcome(path: str, projects: Projects, options: Options) -> FileOutcome:
    look = first_look(path, projects)
    keep(path, look, projects)
    project = projects.project_of(path)
    result, fixed = _checked(look, path, project, options)
    project.rest()
    kept = result.untold if options.keeps_untold else ()
    shown = result if result.diagnostics or result.fixed or kept else None
    torch = project.torch_of(path) if result.loads.total else None
    outcome = FileOutcome(path, shown, loads=result.loads, torch=torch, crashes=result.crashes)
    if fixed is None or not options.write:
        return outcome
    try:
        return outcome._replace(result=result, rewritten=fixed.encoded(), source=look.source or b"")
    except UnicodeEncodeError as error:
        return not_written(path, error, projects, options)


def not_written(path: str, error: Exception, projects: Projects, options: Options) -> FileOutcome:
    """The outcome of a file that stays as it is, though it should have been rewritten."""
    unfixed = check_file(path, projects, options._replace(fix=False, write=False))
    return unfixed._replace(error=f"{path}: could not be written: {error}")


def keep(path: str, look: Look, projects: Projects) -> None:
    """Remember the bytes of a file, for questions that other files lead to."""
    if look.source is not None:
        project = projects.project_of(path)
        project.files.keep(project.name_of(path), look.source)


def check_bytes(
    data: bytes, path: Path, projects: Projects, options: Options
) -> tuple[FileResult, bytes]:
    """Check what is not on the disk (standard input, an editor's buffer) as if it lay at ``path``.

    The bytes that come back have the fixes in them; they are the same where nothing was fixed.
    """
    project = projects.project_of(path)
    look = look_at(data, str(path), project)
    result, fixed = _checked(look, str(path), project, options)
    return result, data if fixed is None else fixed.encoded()


def check_input(
    data: bytes, path: Path, projects: Projects, options: Options
) -> tuple[FileResult, bytes]:
    """The same for standard input. Raises ConfigError; whatever else goes wrong is said, and the
    bytes come back as they are.
    """
    try:
        return check_bytes(data, path, projects, options)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - as for a file
        crash = Crash.of(error, "this file could not be checked")
        return FileResult(path, crashes=(crash,)), data


def _checked(
    look: Look, path: str, project: Project, options: Options
) -> tuple[FileResult, Document | None]:
    """What there is to report of a file, perhaps nothing; and the document with fixes, if any."""
    if not isinstance(look.verdict, bool):
        return look.verdict, None
    if not look.verdict or look.source is None:
        return FileResult(Path(path)), None
    if is_of_another_language(path, look.source):
        from torchload_lint.workspace.script import check_script  # noqa: PLC0415 - few hold Python

        return check_script(path, look.source, project), None
    try:
        document = Document.of(look.source, is_notebook=path.endswith(NOTEBOOK))
    except UnreadableError as error:
        return unreadable_result(path, str(error), project), None
    result, fixed = check_document(Path(path), document, project, options)
    return result, None if fixed is document else fixed


def check_document(
    path: Path, document: Document, project: Project, options: Options
) -> tuple[FileResult, Document]:
    """Lint, and with ``options.fix`` apply fixes and lint again until nothing changes."""
    original = before = document
    name = project.name_of(path)
    fixed: list[Diagnostic] = []
    applied: list[Diagnostic] = []
    found: list[Diagnostic] = []
    first: list[Diagnostic] = []
    spoiling: dict[Fix | None, str] = {}
    for _ in range(MAX_PASSES):
        earlier = found
        found, loads, crashes, untold = findings_in(
            document.python,
            path,
            project,
            infers=options.unsafe,
            adds_modules=options.adds_modules,
            noqa=options.suppressions,
        )
        found = one_for_each_cause(found)
        spoiling |= _inexact(document, found)
        first = first or [*found, *untold]
        useless = without_effect(earlier, applied, found)
        if useless:
            spoiling |= {d.fix: "the file would still have this finding" for d in useless}
            document, fixed, applied, found = before, fixed[: -len(applied)], [], []
            continue
        chosen = _to_fix(found, path, document, project, options)
        chosen = [d for d in chosen if d.fix not in spoiling]
        if not chosen:
            break
        changed, applied, spoiled = apply(document, chosen)
        spoiling |= dict.fromkeys(spoiled, "the file would not be Python any more")
        if not applied and not spoiled:
            break
        fixed += [_in_cell(each, document, name) for each in applied]
        before, document = document, changed
        project.context.project.read(document.python, name, fixed=True)
    if document is not original:
        project.context.project.restore(name)  # to others it is as on the disk
    shown = [_in_cell(_without_spoiling(d, spoiling), document, name) for d in found]
    shown += _broken_cells(document, project, name)
    before_fixes = [_in_cell(d, original, name) for d in first]
    before_fixes += _broken_cells(original, project, name)
    result = FileResult(
        path=path,
        diagnostics=tuple(shown),
        text=document.raw,
        fixed=tuple(fixed),
        original=original.raw if document is not original else "",
        loads=loads,
        crashes=crashes,
        untold=tuple(_in_cell(d, document, name) for d in untold),
        originally=tuple(before_fixes) if document is not original else (),
    )
    return _with_shell_cells(result, document, project), document


def _inexact(document: Document, found: Sequence[Diagnostic]) -> dict[Fix | None, str]:
    """The fixes of a file that could not be written without changing other bytes as well."""
    if document.decoded.exact:
        return {}
    why = f"in {document.decoded.encoding} what is not to be changed would be written anew"
    return {d.fix: why for d in found if d.fix is not None}


def _with_shell_cells(result: FileResult, document: Document, project: Project) -> FileResult:
    """With what a notebook gives to a shell, which is Python of its own."""
    if document.notebook is None or not document.notebook.shell_cells:
        return result
    from torchload_lint.workspace.script import check_shell_cells  # noqa: PLC0415 - few hold Python

    shell = check_shell_cells(result.path, document.notebook, project)
    return result._replace(
        diagnostics=(*result.diagnostics, *shell.diagnostics),
        untold=(*result.untold, *shell.untold),
        originally=(*result.originally, *shell.diagnostics, *shell.untold),
        loads=result.loads.plus(shell.loads),
        crashes=(*result.crashes, *shell.crashes),
    )


def _without_spoiling(diagnostic: Diagnostic, spoiling: dict[Fix | None, str]) -> Diagnostic:
    if diagnostic.fix not in spoiling:
        return diagnostic
    note = f"no fix is offered here: {spoiling[diagnostic.fix]}"
    return diagnostic._replace(fix=None, notes=(*diagnostic.notes, note))


def _in_cell(diagnostic: Diagnostic, document: Document, name: str) -> Diagnostic:
    return document.notebook.in_cell(diagnostic, name) if document.notebook else diagnostic


def _broken_cells(document: Document, project: Project, name: str) -> list[Diagnostic]:
    """A finding for each cell of a notebook that is not Python and may hold a load."""
    if document.notebook is None:
        return []
    found = [
        unparsable(problem)._replace(cell=problem.cell)
        for problem, text in document.notebook.unread
        if may_hold_load(text.encode(errors="surrogatepass"))
    ]
    return [d for d in found if d.code in project.enabled and not project.is_ignored(d, name)]


def _to_fix(
    found: Sequence[Diagnostic], path: Path, document: Document, project: Project, options: Options
) -> list[Diagnostic]:
    """The findings whose fixes are to be applied."""
    if not options.fix:
        return []
    applicable = [d for d in found if _applies(d, project, options)]
    if options.fixes_among is None or not applicable:
        return applicable
    placed = [_in_cell(d, document, project.name_of(path)) for d in found]
    among = options.fixes_among(FileResult(path, tuple(placed), document.raw))
    are_among = {id(one) for one in among}
    left = {id(d) for d, one in zip(found, placed, strict=True) if id(one) in are_among}
    return [d for d in applicable if id(d) in left]


def _applies(diagnostic: Diagnostic, project: Project, options: Options) -> bool:
    if diagnostic.fix is None or diagnostic.code not in project.fixable:
        return False
    allowed = {Applicability.SAFE} | ({Applicability.UNSAFE} if options.unsafe else set())
    return diagnostic.fix.applicability in allowed
