"""SARIF 2.1.0, as GitHub code scanning, the VS Code viewer and reviewdog read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and GitHub's "SARIF support for
code scanning". Paths are relative to the root, columns count code points.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from torchload_lint import __version__
from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.late_patterns import late_pattern
from torchload_lint.reports.fingerprint import line_hashes
from torchload_lint.reports.run_report import DOCUMENTATION, TOOL, file_place, rule_url, uri

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, Edit, FileResult, Fix
    from torchload_lint.reports.run_report import Report, ReportOptions, RuleText

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_MAX_DESCRIPTION = 1024
_LINK = late_pattern(r"\[(?=[^\]]*\]\()")


def render(report: Report) -> str:
    """The run as one SARIF log."""
    indices = {code: index for index, code in enumerate(report.rules)}
    hashes: dict[str, list[str]] = {}
    results = []
    for result, found in report.findings():
        path = report.path(result)
        if path not in hashes:
            hashes[path] = line_hashes(result.text)
        results.append(_result(path, result, found, hashes[path], indices))
    run: dict[str, Any] = {
        "tool": {"driver": _driver(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {
                "uri": f"{uri(report.options.root.absolute().as_posix())}/",
                "description": {"text": "The directory that was checked."},
            },
        },
        "results": results,
        "properties": {"loads": report.options.loads._asdict()},
    }
    if report.options.failures or report.options.not_read or report.options.origin:
        run["invocations"] = [_invocation(report.options)]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _invocation(options: ReportOptions) -> dict[str, Any]:
    """How the run went: a failure where something could not be checked that it was asked for."""
    told = [
        {"level": level, "message": {"text": one}}
        for level, said in (("error", options.failures), ("note", options.not_read))
        for one in said
    ]
    made: dict[str, Any] = {}
    if options.origin:
        made = {"commandLine": options.origin.command, "endTimeUtc": options.origin.time}
        made["properties"] = {"torch": list(options.origin.torch)}
    successful = not options.failures
    return {"executionSuccessful": successful, **made, "toolExecutionNotifications": told}


def _driver(report: Report) -> dict[str, Any]:
    return {
        "name": TOOL,
        "fullName": f"{TOOL} {__version__}",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": DOCUMENTATION,
        "rules": [_rule(rule) for rule in report.rules.values()],
    }


def _rule(rule: RuleText) -> dict[str, Any]:
    score = rule.security_severity
    properties: dict[str, Any] = {
        "tags": ["security", "external/cwe/cwe-502"] if score else ["correctness"],
        "precision": rule.precision,
        "problem.severity": _PROBLEMS[rule.severity],
    }
    if score:
        properties["security-severity"] = score
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": _sentence(rule.summary)},
        "fullDescription": {"text": _sentence(rule.summary)[:_MAX_DESCRIPTION]},
        "help": {"text": rule.doc.strip() or rule.summary, "markdown": rule.doc.strip()},
        "helpUri": rule_url(rule.name),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _result(
    path: str,
    result: FileResult,
    found: Diagnostic,
    hashes: list[str],
    indices: dict[str, int],
) -> dict[str, Any]:
    where = file_place(result, found)
    region = {"startLine": where.row, "endLine": where.end_row}
    if not where.whole_rows:
        region |= {"startColumn": where.column, "endColumn": where.end_column}
    described: dict[str, Any] = {
        "ruleId": found.code,
        "level": _LEVELS[found.severity],
        "message": {"text": _message(found)},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}
        ],
    }
    if found.code in indices:
        described["ruleIndex"] = indices[found.code]
    if where.row <= len(hashes):
        described["partialFingerprints"] = {"primaryLocationLineHash": hashes[where.row - 1]}
    if found.fix is not None and found.cell is None:
        described["fixes"] = [_fix(path, found.fix)]
    described["properties"] = _properties(found)
    return described


def _message(found: Diagnostic) -> str:
    """The message, and the notes that it does not hold. Names out of checkpoints must not become
    links (SARIF 3.11.6).
    """
    notes = [note for note in dict.fromkeys(found.notes) if note.rstrip(".") not in found.message]
    text = " ".join(_sentence(part) for part in (found.message, *notes))
    return _LINK.sub(r"\\\g<0>", text)


def _artifact(path: str) -> dict[str, str]:
    address = uri(path)
    return {"uri": address} if "://" in address else {"uri": address, "uriBaseId": _ROOT}


def _properties(found: Diagnostic) -> dict[str, Any]:
    """What only this tool knows, in SARIF's bag for it."""
    bag: dict[str, Any] = {}
    if found.checkpoints:
        bag["checkpoints"] = list(found.checkpoints)
    if found.safe_globals:
        bag["safeGlobals"] = list(found.safe_globals)
    if found.cell is not None:
        bag["cell"] = found.cell
        bag["cellRow"] = found.span.start.row
    if found.fix is not None:
        bag["fixApplicability"] = found.fix.applicability.value
    return bag


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    how = {Applicability.SAFE: "safe", Applicability.UNSAFE: "unsafe"}.get(fix.applicability)
    suffix = f" ({how} fix)" if how else " (to be applied by hand)"
    return {
        "description": {"text": _sentence(fix.explained.rstrip(".") + suffix)},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path),
                "replacements": [_replacement(edit) for edit in fix.edits],
            }
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    region = {
        "startLine": edit.span.start.row,
        "startColumn": edit.span.start.column,
        "endLine": edit.span.end.row,
        "endColumn": edit.span.end.column,
    }
    return {"deletedRegion": region, "insertedContent": {"text": edit.content}}
