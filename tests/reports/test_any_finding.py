"""No finding, however strange, keeps a report from being made or makes it unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import report_schemas
from hypothesis import given, settings
from hypothesis import strategies as st

from torchload_lint.diagnostic import (
    Applicability,
    Diagnostic,
    Edit,
    FileResult,
    Fix,
    Position,
    Severity,
    Span,
)
from torchload_lint.reports import FORMATS, ReportOptions, render, statistics, summary

ANY_TEXT = st.text(
    st.sampled_from("a:%,;]<&'\"\\é😀\t\n\r\x00\x1b\x85\u2028\u202e\ud800\ufffe"), max_size=12
)
POSITIONS = st.builds(Position, st.integers(1, 9), st.integers(1, 30))
SPANS = st.lists(POSITIONS, min_size=2, max_size=2).map(lambda ends: Span(*sorted(ends)))
EDITS = st.lists(st.builds(Edit, SPANS, ANY_TEXT), min_size=1, max_size=3).map(tuple)
FIXES = st.builds(Fix, st.sampled_from(Applicability), ANY_TEXT.filter(bool), EDITS)
FINDINGS = st.builds(
    Diagnostic,
    st.sampled_from(["TLL101", "TLL502"]),
    st.just("some-rule"),
    ANY_TEXT.filter(bool),
    st.sampled_from(Severity),
    SPANS,
    st.none() | FIXES,
    st.lists(ANY_TEXT.filter(bool), max_size=2).map(tuple),
    st.lists(ANY_TEXT.filter(bool), max_size=2).map(tuple),
    st.lists(ANY_TEXT.filter(bool), max_size=2).map(tuple),
    noqa_row=st.none() | st.integers(1, 9),
    cell=st.none() | st.integers(1, 3),
)
SOURCES = st.text(st.sampled_from("ab é😀日\t\n\r\x0c\u2028"), max_size=80)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(FINDINGS, max_size=3), SOURCES)
def test_every_format_can_be_told_and_read(found, source):
    results = [FileResult(Path("src/a.py"), tuple(found), source)]
    told = {name: render(name, results, (), ReportOptions(Path("/x"))) for name in FORMATS}
    for text in told.values():
        text.encode()
    for name in ("concise", "pylint", "azure", "github", "json-lines"):
        assert len(told[name].splitlines()) == len(found), name
    jsonschema.validate(json.loads(told["json"]), report_schemas.JSON)
    jsonschema.validate(json.loads(told["gitlab"]), report_schemas.GITLAB)
    jsonschema.validate(json.loads(told["rdjson"]), report_schemas.RDJSON)
    assert len(json.loads(told["sarif"])["runs"][0]["results"]) == len(found)
    assert len(list(ET.fromstring(told["junit"].encode()).iter("failure"))) == len(found)
    assert told["html"].count("<p><a href=") == len(found)
    assert summary(results).endswith(".\n") or not found
    assert len(statistics(results).splitlines()) == len({one.code for one in found})
