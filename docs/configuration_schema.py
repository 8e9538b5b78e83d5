"""The JSON schema of the configuration, in the form that SchemaStore takes, and an example a key.

    python docs/configuration_schema.py     # writes docs/torchload-lint.schema.json

The keys are those of ``config.READERS``; what each reader takes is said once, in ``SHAPES``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torchload_lint import config

FILE = Path(__file__).with_name("torchload-lint.schema.json")
URL = "https://torchload-lint.readthedocs.io/torchload-lint.schema.json"

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"type": "array", "items": STRING}
DOTTED: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*$"},
}
VERSION = r"\s*\d+(\.\d+)*\s*"
SPECIFIER = r"\s*(>=|<=|==|~=|!=|>|<)\s*\d+(\.\d+)*(\.\*)?\s*"


def table(values: Schema) -> Schema:
    """A table whose keys the user chooses."""
    return {"type": "object", "additionalProperties": values}


def record(**fields: Schema) -> Schema:
    """A table whose keys are known."""
    properties = {name.replace("_", "-"): shape for name, shape in fields.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


SHAPES: dict[str, Schema] = {
    "_string": STRING,
    "_strings": STRINGS,
    "_flag": {"type": "boolean"},
    "_flag_or_strings": {"anyOf": [{"type": "boolean"}, STRINGS]},
    "_length": {"type": "integer", "minimum": 1},
    "_versions": {"type": "string", "pattern": f"^({VERSION}|{SPECIFIER}(,{SPECIFIER})*)$"},
    "_format": {"enum": list(config.OUTPUT_FORMATS)},
    "_severity": {"enum": list(config.SEVERITIES)},
    "_renames": table(STRING),
    "_per_file": table(STRINGS),
    "_checkpoints": table({"anyOf": [DOTTED, record(safe_globals=DOTTED, path=STRING)]}),
    "_loads": table(record(checkpoints=STRINGS, safe_globals=DOTTED)),
}
"""What each reader of ``config`` takes, by the reader's name."""

EXAMPLES: dict[str, object] = {
    "extend": "../torchload-lint.toml",
    "target-torch": ">=2.1,<2.9",
    "src": ["src", "tools"],
    "checkpoint-roots": [".", "weights"],
    "trusted": ["omegaconf.*", "legacy.registry.Registry"],
    "trust-installed": ["ultralytics", "torch-geometric"],
    "guard-arrays": True,
    "checkpoints": {
        "weights/*.pt": ["myapp.models.Net"],
        "best.pt": {"path": "/data/best.pt"},
    },
    "loads": {
        "myapp.train:resume": {"checkpoints": ["runs/**/last.ckpt"]},
        "myapp.eval:*": {"safe-globals": ["argparse.Namespace"]},
    },
    "renames": {"oldapp.net.Net": "myapp.models.Net"},
    "select": ["TLL1", "unsafe-fallback"],
    "ignore": ["TLL401"],
    "extend-select": ["TLL109"],
    "extend-ignore": ["TLL303"],
    "fixable": ["TLL103"],
    "unfixable": ["TLL202"],
    "per-file-ignores": {"tests/*": ["TLL101"]},
    "exclude": ["vendor", "third_party/**/models"],
    "extend-exclude": ["experiments"],
    "respect-gitignore": False,
    "force-exclude": True,
    "unsafe-fixes": True,
    "output-format": "full",
    "line-length": 100,
    "min-severity": "warning",
    "error-on": "error",
    "baseline": "torchload-lint-baseline.json",
}
"""One value a key, for the page of the configuration; a test reads each with the parser."""


def schema(explained: dict[str, str]) -> Schema:
    """The schema; ``explained``: key → what it means."""
    properties = {}
    for key, reader in config.READERS.items():
        default = config.settings_of(config.Config())[key]
        properties[key] = {
            "description": explained[key],
            **SHAPES[reader.__name__],
            "examples": [EXAMPLES[key]],
        }
        if default not in (None, "", [], {}):
            properties[key]["default"] = default
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": URL,
        "title": "torchload-lint",
        "description": "[tool.torchload-lint] in pyproject.toml, or torchload-lint.toml.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def text() -> str:
    """The file's text."""
    from make_pages import explained_fields  # noqa: PLC0415 - which takes the examples from here

    return json.dumps(schema(explained_fields(config.Config)), indent=2) + "\n"


def as_toml(key: str, value: object) -> str:
    """One example, as it stands in ``pyproject.toml``."""
    if not isinstance(value, dict):
        return f"[tool.torchload-lint]\n{key} = {_inline(value)}\n"
    rows = "".join(f'"{name}" = {_inline(item)}\n' for name, item in value.items())
    return f"[tool.torchload-lint.{key}]\n{rows}"


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)  # the same as TOML for text, numbers, true and false, and lists


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
