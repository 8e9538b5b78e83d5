"""The examples for Ray Data and Spark: what they read is judged by the command, and not read again.

Both are run where they are installed; elsewhere their function is called as they call it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanned import table
from torchload_lint.scan import list_all, read_schema, result_folder

EXAMPLES = Path(__file__).parents[2] / "docs" / "engines"


def example(name, monkeypatch, **stand_ins):
    """The module of an example, with what it imports of an engine that is not there."""
    for module, given in stand_ins.items():
        monkeypatch.setitem(sys.modules, module.replace("__", "."), given)
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed():
    found, errors = list_all(["models"])
    assert not errors
    return pa.Table.from_pylist([one._asdict() for one in found])


def judged_without_reading(folder, scan, monkeypatch):
    monkeypatch.setattr(result_folder, "read_units", None)
    done = scan("models")
    assert done.exit_code == 0, done.output
    rows = table(folder)
    assert len(rows) == 6
    return {row["judgement"] for row in rows}


ALL = {"dangerous", "unreadable", "cannot-load", "not-trusted", "needs-safe-globals", "loads"}


def test_the_function_for_ray(folder, scan, monkeypatch):
    module = example("ray_data", monkeypatch, ray=types.ModuleType("ray"))
    rows = module.read(listed())
    assert rows.schema == read_schema()
    (folder / "out" / "read").mkdir(parents=True)
    pq.write_table(rows, folder / "out" / "read" / "0_000000.parquet")
    assert judged_without_reading(folder, scan, monkeypatch) == ALL


def test_the_function_for_spark(folder, scan, monkeypatch):
    session, types_ = types.ModuleType("s"), types.ModuleType("t")
    session.SparkSession = types_.from_arrow_schema = None
    module = example("spark", monkeypatch, pyspark__sql=session, pyspark__sql__pandas__types=types_)
    batches = list(module.read(listed().to_batches(max_chunksize=4)))
    rows = pa.Table.from_batches(batches)
    assert rows.schema == read_schema()
    (folder / "out" / "read").mkdir(parents=True)
    pq.write_table(rows, folder / "out" / "read" / "part-0.parquet")
    assert judged_without_reading(folder, scan, monkeypatch) == ALL


@pytest.mark.parametrize(("name", "needs"), [("ray_data", "ray.data"), ("spark", "pyspark")])
def test_the_whole_example(name, needs, folder, scan, monkeypatch):
    pytest.importorskip(needs)
    here = {"RAY_DATA_DISABLE_PROGRESS_BARS": "1", "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, EXAMPLES / f"{name}.py", "models", "out"]
    done = subprocess.run(
        command, env=os.environ | here, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert judged_without_reading(folder, scan, monkeypatch) == ALL
