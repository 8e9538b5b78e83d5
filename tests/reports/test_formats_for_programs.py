"""Each format is read back by its consumer's own reader, or checked by a schema."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import report_schemas

from notebook_samples import notebook_text
from torchload_lint.diagnostic import Applicability, Edit, FileResult, Fix, Severity, Span
from torchload_lint.reports import FORMATS, render


def as_json(name, results, rules, options):
    return json.loads(render(name, results, rules, options))


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab", "rdjson"])
def test_json_formats_keep_their_schemas(name, results, rules, options):
    schema = getattr(report_schemas, name.upper())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(as_json(name, results, rules, options), schema)
    jsonschema.validate(as_json(name, [], rules, options), schema)


def test_json_is_the_contract(results, rules, options):
    first = as_json("json", results, rules, options)[0]
    assert first == {
        "code": "TLL101",
        "name": "weights-only-disabled",
        "message": "`weights_only=False` runs the file's code",
        "severity": "error",
        "filename": str(options.root / "src/ä b,c.py"),
        "location": {"row": 3, "column": 21},
        "end_location": {"row": 3, "column": 59},
        "fix": {
            "applicability": "safe",
            "message": "Allow myapp.Model for this load",
            "edits": [
                {
                    "content": "from myapp import Model\n",
                    "location": {"row": 2, "column": 1},
                    "end_location": {"row": 2, "column": 1},
                },
                {
                    "content": "True",
                    "location": {"row": 3, "column": 53},
                    "end_location": {"row": 3, "column": 58},
                },
            ],
        },
        "url": "https://torchload-lint.readthedocs.io/rules/weights-only-disabled/",
        "noqa_row": 3,
        "cell": None,
        "checkpoints": ["a.pt"],
        "safe_globals": ["myapp.Model"],
        "notes": ["the file was saved by torch 1.13"],
    }


def test_json_lines_are_the_same_objects(results, rules, options):
    lines = render("json-lines", results, rules, options).splitlines()
    assert [json.loads(line) for line in lines] == as_json("json", results, rules, options)


def test_json_keeps_standard_input_a_dash(make, options):
    result = FileResult(Path("-"), (make(),), "x\n")
    assert as_json("json", [result], (), options)[0]["filename"] == "-"


# --- SARIF


def test_sarif_points_at_rules_and_places(results, rules, options):
    run = as_json("sarif", results, rules, options)["runs"][0]
    described = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert described[result["ruleIndex"]]["id"] == result["ruleId"]
        assert described[result["ruleIndex"]]["name"] != result["ruleId"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "src/%C3%A4%20b,c.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 21, "endLine": 3, "endColumn": 59},
    }
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]


def test_sarif_scores_what_runs_code_and_not_what_fails_to_load(results, rules, options):
    described = as_json("sarif", results, rules, options)["runs"][0]["tool"]["driver"]["rules"]
    by_code = {rule["id"]: rule["properties"] for rule in described}
    assert by_code["TLL101"]["security-severity"] == "8.8"
    assert "external/cwe/cwe-502" in by_code["TLL101"]["tags"]
    assert "security-severity" not in by_code["TLL502"]


def test_sarif_messages_hold_no_links_of_others(make, options):
    result = FileResult(Path("a.py"), (make(message="needs [click](http://evil.example)"),), "x\n")
    run = as_json("sarif", [result], (), options)["runs"][0]
    assert run["results"][0]["message"]["text"] == r"needs \[click](http://evil.example)."


def test_sarif_fixes_hold_every_edit(results, rules, options):
    run = as_json("sarif", results, rules, options)["runs"][0]
    (fix,) = run["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert [part["insertedContent"]["text"] for part in change["replacements"]] == [
        "from myapp import Model\n",
        "True",
    ]


def test_sarif_paths_outside_the_root_are_file_uris(make, options):
    result = FileResult(Path("/else where/a.py"), (make(),), "x\n")
    run = as_json("sarif", [result], (), options)["runs"][0]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///else%20where/a.py"}


def multitool() -> str | None:
    return os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool")


@pytest.mark.skipif(multitool() is None, reason="needs @microsoft/sarif-multitool (npm)")
def test_sarif_multitool_with_githubs_rules_is_content(results, rules, options, tmp_path):
    """Checks the published schema, SARIF's own rules and GitHub's ingestion rules."""
    log = tmp_path / "log.sarif"
    log.write_text(render("sarif", results, rules, options))
    tool = multitool()
    assert tool is not None
    done = subprocess.run(
        [tool, "validate", str(log), "--rule-kind", "Sarif;Gh"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert not re.findall(r".*\b(?:error|warning) [A-Z]+\d{4}.*", done.stdout)
    assert "Analysis completed successfully" in done.stdout


@pytest.mark.skipif("SARIF_SCHEMA" not in os.environ, reason="needs $SARIF_SCHEMA, OASIS' file")
def test_sarif_keeps_the_published_schema(results, rules, options):
    schema = json.loads(Path(os.environ["SARIF_SCHEMA"]).read_text())
    jsonschema.Draft4Validator(schema).validate(as_json("sarif", results, rules, options))


# --- reviewdog


def test_rdjson_columns_count_utf8_bytes(results, rules, options):
    found = as_json("rdjson", results, rules, options)["diagnostics"][0]
    line = results[1].text.split("\n")[2].encode()
    where = found["location"]["range"]
    assert line[where["start"]["column"] - 1 : where["end"]["column"] - 1] == (
        b'torch.load("a.pt", weights_only=False)'
    )


def test_rdjson_suggests_the_whole_fix_at_once(results, rules, options):
    found = as_json("rdjson", results, rules, options)["diagnostics"][0]
    (suggestion,) = found["suggestions"]
    assert suggestion["range"]["start"] == {"line": 2, "column": 1}
    before = 'näme = "𐐀"; model = torch.load("a.pt", weights_only='
    assert suggestion["text"] == f"from myapp import Model\n\n{before}True"
    lines = results[1].text.encode().split(b"\n")
    end = suggestion["range"]["end"]
    assert lines[end["line"] - 1][end["column"] - 1 :] == b")"


def test_rdjson_leaves_a_far_flung_fix_out(make, options):
    edits = (Edit(Span.of(1, 1, 1, 1), "a\n"), Edit(Span.of(90, 1, 90, 1), "b"))
    fix = Fix(Applicability.SAFE, "do", edits)
    result = FileResult(Path("a.py"), (make(fix=fix),), "x\n" * 100)
    assert "suggestions" not in as_json("rdjson", [result], (), options)["diagnostics"][0]


# --- continuous integration services


class Command:
    """GitHub's runner reads ``::name key=value,…::data`` so (ActionCommand.cs, TryParseV2)."""

    def __init__(self, line: str) -> None:
        assert line.startswith("::")
        head, self.data = line[2:].split("::", 1)
        self.name, _, told = head.partition(" ")
        self.properties = {
            key: self.unescape(value, property_=True)
            for key, value in (pair.split("=", 1) for pair in told.split(",") if pair)
        }
        self.data = self.unescape(self.data, property_=False)

    @staticmethod
    def unescape(text: str, *, property_: bool) -> str:
        pairs = [("%0D", "\r"), ("%0A", "\n")]
        pairs += [("%3A", ":"), ("%2C", ",")] if property_ else []
        for escape, char in [*pairs, ("%25", "%")]:
            text = text.replace(escape, char)
        return text


def test_github_runner_reads_annotations(results, rules, options):
    commands = [Command(line) for line in render("github", results, rules, options).splitlines()]
    assert [command.name for command in commands] == ["error", "warning", "notice"]
    assert commands[0].properties == {
        "title": "torchload-lint (TLL101)",
        "file": "src/ä b,c.py",
        "line": "3",
        "endLine": "3",
        "col": "21",
        "endColumn": "59",
    }
    assert commands[1].data == "src/ä b,c.py:4:9: TLL502 b.pt: 100% truncated"
    # GitHub refuses columns where the annotation has several lines.
    assert "col" not in commands[1].properties
    assert commands[1].properties["endLine"] == "6"


def test_azure_agent_reads_issues(results, rules, options):
    lines = render("azure", results, rules, options).splitlines()
    found = [re.fullmatch(r"##vso\[task\.logissue (.*?)\](.*)", line) for line in lines]
    issues = [dict(p.split("=", 1) for p in m[1].split(";") if p) for m in found if m]
    assert issues[1] == {
        "type": "warning",
        "sourcepath": "src/ä b,c.py",
        "linenumber": "4",
        "columnnumber": "9",
        "code": "TLL502",
    }
    assert found[1] is not None
    assert found[1][2] == "b.pt: 100%AZP25 truncated"


def test_azure_escapes_what_ends_a_property_and_what_the_agent_would_decode(make, options):
    result = FileResult(Path("a;b].py"), (make(message="b%0A.pt; is [gone]"),), "x\n")
    (line,) = render("azure", [result], (), options).splitlines()
    assert "sourcepath=a%3Bb%5D.py;" in line
    assert line.endswith(";]b%AZP250A.pt%3B is [gone%5D")


def test_gitlab_fingerprints_are_unique_and_survive_moved_lines(make, options):
    twice = (make(span=Span.of(1, 1, 1, 5)), make(span=Span.of(2, 1, 2, 5)))
    before = FileResult(Path("a.py"), twice, "torch.load(p)\ntorch.load(p)\n")
    moved = tuple(make(span=Span.of(row, 5, row, 9)) for row in (4, 5))
    after = FileResult(Path("a.py"), moved, "#\n#\nif x:\n    torch.load(p)\n    torch.load(p)\n")
    prints = [
        [issue["fingerprint"] for issue in as_json("gitlab", [result], (), options)]
        for result in (before, after)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


def test_junit_is_read_back(results, rules, options):
    suites = ET.fromstring(render("junit", results, rules, options).encode())
    assert (suites.tag, suites.get("tests"), suites.get("failures")) == ("testsuites", "3", "3")
    (suite,) = suites
    assert suite.get("name") == "src/ä b,c.py"
    case = suite[0]
    assert (case.get("name"), case.get("line")) == ("torchload-lint.TLL101", "3")
    assert case[0].tag == "failure"
    assert case[0].get("message") == "`weights_only=False` runs the file's code"


def test_a_run_that_could_not_check_all_is_valid_sarif(results, rules, options):
    options.failures = ("gone.py: no such file or folder",)
    log = json.loads(render("sarif", results, rules, options))
    jsonschema.validate(log, report_schemas.SARIF)
    assert not log["runs"][0]["invocations"][0]["executionSuccessful"]


def test_junit_of_a_clean_run_has_a_passed_case(rules, options):
    suites = ET.fromstring(render("junit", [FileResult(Path("a.py"))], rules, options).encode())
    assert suites.get("failures") == "0"
    assert [case.get("name") for case in suites.iter("testcase")] == ["No findings"]


def test_junit_holds_no_character_that_xml_forbids(make, options):
    result = FileResult(Path("a.py"), (make(message="a\x00b\ufffe<&\"'"),), "x\n")
    suites = ET.fromstring(render("junit", [result], (), options).encode())
    failure = next(suites.iter("failure"))
    assert failure.get("message") == "a\\x00b\ufffd<&\"'"


# --- notebooks


def test_notebook_findings_are_told_by_cell_and_by_row_of_the_file(make, rules, options):
    text = notebook_text(["# title", ("markdown", "text"), "import torch\nm = torch.load(p)\n"])
    found = make(span=Span.of(2, 5, 2, 18), cell=3)
    result = FileResult(Path("n.ipynb"), (found,), text)
    assert render("concise", [result], rules, options).startswith("n.ipynb:cell 3:2:5: TLL101 ")
    assert "2 | m = torch.load(p)\n  |     ^^^^" in render("full", [result], rules, options)
    row = next(i for i, line in enumerate(text.split("\n"), 1) if "torch.load" in line)
    assert f"line={row},endLine={row}::" in render("github", [result], rules, options)
    run = as_json("sarif", [result], rules, options)["runs"][0]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": row, "endLine": row}
    issue = as_json("gitlab", [result], rules, options)[0]
    assert issue["location"]["positions"]["begin"]["line"] == row


def test_json_edits_of_a_notebook_name_their_cell(make, rules, options):
    text = notebook_text(["import torch", ("markdown", "text"), "m = torch.load(p)"])
    # Rows of the notebook's Python text: cell 1 and its empty row, then cell 3.
    edits = (
        Edit(Span.of(2, 1, 2, 1), "import x\n"),
        Edit(Span.of(3, 17, 3, 17), ", weights_only=True"),
    )
    found = make(span=Span.of(1, 5, 1, 18), cell=3, fix=Fix(Applicability.SAFE, "do it", edits))
    result = FileResult(Path("n.ipynb"), (found,), text)
    told = as_json("json", [result], rules, options)[0]
    assert [(edit["cell"], edit["location"]["row"]) for edit in told["fix"]["edits"]] == [
        (1, 2),
        (3, 1),
    ]
    jsonschema.validate([told], report_schemas.JSON)


def test_every_severity_and_format_is_known(make, rules, options):
    found = tuple(make(severity=severity) for severity in Severity)
    for name in FORMATS:
        assert render(name, [FileResult(Path("a.py"), found, "x\n")], rules, options)
