"""The bill of materials: a component for each file, and what is wrong with it."""

from __future__ import annotations

import hashlib
import json

import jsonschema
import pytest
from click.testing import CliRunner

from scanned import PROGRAMS, checkpoint
from torchload_lint.cli.group import root

NAMED = {
    "type": "object",
    "required": ["name", "value"],
    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
}
BILL = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "components", "vulnerabilities"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://cyclonedx.org/schema/bom-1.6.schema.json"},
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "version": {"type": "integer", "minimum": 1},
        "metadata": {"type": "object"},
        "components": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["type", "name"],
                "properties": {
                    "type": {"const": "machine-learning-model"},
                    "bom-ref": {"type": "string", "minLength": 1},
                    "hashes": {
                        "items": {"properties": {"content": {"pattern": "^[a-f0-9]{64}$"}}},
                    },
                    "properties": {"type": "array", "items": NAMED},
                },
            },
        },
        "vulnerabilities": {"type": "array", "items": {"type": "object", "required": ["id"]}},
    },
}
"""The part of the published schema that is used."""


@pytest.fixture
def bill(tmp_path, monkeypatch):
    """Each kind of checkpoint in a bill."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    for kind in (*PROGRAMS, "unreadable"):
        (tmp_path / f"{kind}.pt").write_bytes(checkpoint(kind))
    done = CliRunner().invoke(root, ["inspect", "--output-format", "cyclonedx", "."])
    return json.loads(done.stdout)


def test_it_is_a_bill(bill):
    jsonschema.validate(bill, BILL)
    assert len(bill["components"]) == len(PROGRAMS) + 1


def test_each_file_has_its_hash_and_its_verdict(bill):
    for component in bill["components"]:
        kind = component["name"].removesuffix(".pt")
        digest = hashlib.sha256(checkpoint(kind)).hexdigest()
        assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    found = {
        one["name"]: [(two["name"], two["value"]) for two in one["properties"]]
        for one in bill["components"]
    }
    needed = ("torchload-lint:needs", "foreign.net.Net (not allowed)")
    assert needed in found["not-trusted.pt"]
    assert ("torchload-lint:verdict", "unreadable") in found["unreadable.pt"]


def test_what_would_run_code_is_a_vulnerability(bill):
    (one,) = bill["vulnerabilities"]
    assert one["affects"] == [{"ref": "dangerous.pt"}]
    assert one["cwes"] == [502]
    assert "os.system" in one["description"]
