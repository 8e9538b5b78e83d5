"""What the consumers ask of a report, written down as JSON Schemas from their documentation.

Stricter than the published schemas: a property that is not named here is an error, so a
misspelled one cannot hide among the optional ones.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer", "minimum": 0}
LOADS = (
    *("files", "configured", "recorded", "inferred", "tensors", "unknown", "hidden", "notes"),
    *("silenced", "milder", "known"),
)
COUNT = {"type": "integer", "minimum": 1}


def thing(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def list_of(item: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": item, **limits}


def one_of(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


POSITION = thing({"row": COUNT, "column": COUNT})
EDIT = thing(
    {"content": {"type": "string"}, "location": POSITION, "end_location": POSITION},
    {"cell": COUNT},
)
FIX = thing(
    {
        "applicability": one_of("safe", "unsafe", "display"),
        "message": TEXT,
        "edits": list_of(EDIT),
    }
)
JSON = list_of(
    thing(
        {
            "code": {"type": "string", "pattern": r"^TLL\d{3}$"},
            "name": TEXT,
            "message": TEXT,
            "severity": one_of("error", "warning", "info"),
            "filename": TEXT,
            "location": POSITION,
            "end_location": POSITION,
            "fix": {"anyOf": [{"type": "null"}, FIX]},
            "url": {"type": "string", "pattern": "^https://"},
            "noqa_row": COUNT,
            "cell": {"type": ["integer", "null"], "minimum": 1},
            "checkpoints": list_of(TEXT),
            "safe_globals": list_of(TEXT),
            "notes": list_of(TEXT),
        }
    )
)

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
_GITLAB_POSITION = thing({"line": COUNT}, {"column": COUNT})
GITLAB = list_of(
    thing(
        {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": TEXT,
            "severity": one_of("info", "minor", "major", "critical", "blocker"),
            "location": thing(
                {
                    "path": {"type": "string", "pattern": r"^(?!/|\./)"},
                    "positions": thing({"begin": _GITLAB_POSITION}, {"end": _GITLAB_POSITION}),
                }
            ),
        }
    )
)

# https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto
_RDF_POSITION = thing({"line": COUNT}, {"column": COUNT})
_RDF_RANGE = thing({"start": _RDF_POSITION}, {"end": _RDF_POSITION})
RDJSON = thing(
    {
        "source": thing({"name": TEXT}, {"url": TEXT}),
        "severity": one_of("ERROR", "WARNING", "INFO"),
        "diagnostics": list_of(
            thing(
                {
                    "message": TEXT,
                    "location": thing({"path": TEXT, "range": _RDF_RANGE}),
                    "severity": one_of("ERROR", "WARNING", "INFO"),
                    "code": thing({"value": TEXT}, {"url": TEXT}),
                },
                {
                    "suggestions": list_of(
                        thing({"range": _RDF_RANGE, "text": {"type": "string"}}), minItems=1
                    )
                },
            )
        ),
    }
)

# SARIF 2.1.0, as far as this tool uses it, with what GitHub code scanning requires on top:
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
_MESSAGE = thing({"text": TEXT})
_LEVEL = one_of("none", "note", "warning", "error")
_ARTIFACT = thing({"uri": TEXT}, {"uriBaseId": {"const": "%SRCROOT%"}})
_REGION = thing({"startLine": COUNT, "endLine": COUNT}, {"startColumn": COUNT, "endColumn": COUNT})
_RULE = thing(
    {
        "id": TEXT,
        "name": {"type": "string", "pattern": "^([A-Z][a-z0-9]*)+$"},
        "shortDescription": thing({"text": {**TEXT, "maxLength": 1024, "pattern": r"[.!?]$"}}),
        "fullDescription": thing({"text": {**TEXT, "maxLength": 1024}}),
        "help": thing({"text": TEXT, "markdown": TEXT}),
        "helpUri": {"type": "string", "format": "uri"},
        "defaultConfiguration": thing({"level": _LEVEL}),
        "properties": thing(
            {
                "tags": list_of(TEXT, maxItems=10),
                "precision": one_of("very-high", "high", "medium", "low"),
                "problem.severity": one_of("error", "warning", "recommendation"),
            },
            {"security-severity": {"type": "string", "pattern": r"^(10\.0|\d\.\d)$"}},
        ),
    }
)
_CHANGE = thing(
    {
        "artifactLocation": _ARTIFACT,
        "replacements": list_of(
            thing({"deletedRegion": _REGION, "insertedContent": thing({"text": {}})}), minItems=1
        ),
    }
)
_RESULT = thing(
    {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": list_of(
            thing(
                {
                    "physicalLocation": thing({"artifactLocation": _ARTIFACT, "region": _REGION}),
                }
            ),
            minItems=1,
            maxItems=1,
        ),
        "partialFingerprints": thing(
            {"primaryLocationLineHash": {"type": "string", "pattern": r"^[0-9a-f]+:\d+$"}}
        ),
    },
    {
        "fixes": list_of(
            thing({"description": _MESSAGE, "artifactChanges": list_of(_CHANGE, minItems=1)})
        ),
        "properties": {"type": "object"},
    },
)
_DRIVER = thing(
    {
        "name": TEXT,
        "fullName": TEXT,
        "version": TEXT,
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "informationUri": {"type": "string", "format": "uri"},
        "rules": list_of(_RULE),
    }
)
_INVOCATION = thing(
    {
        "executionSuccessful": {"const": False},
        "toolExecutionNotifications": list_of(
            thing({"level": {"const": "error"}, "message": _MESSAGE}), minItems=1
        ),
    }
)
SARIF = thing(
    {
        "$schema": {"type": "string", "pattern": r"sarif-schema-2\.1\.0\.json$"},
        "version": {"const": "2.1.0"},
        "runs": list_of(
            thing(
                {
                    "tool": thing({"driver": _DRIVER}),
                    "columnKind": {"const": "unicodeCodePoints"},
                    "originalUriBaseIds": {"type": "object"},
                    "results": list_of(_RESULT),
                    "properties": thing({"loads": thing(dict.fromkeys(LOADS, NUMBER))}),
                },
                {"invocations": list_of(_INVOCATION, minItems=1, maxItems=1)},
            ),
            minItems=1,
        ),
    }
)
