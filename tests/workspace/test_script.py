"""Python inside of shell scripts, Makefiles, Dockerfiles and workflows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from torchload_lint.source.text.embedded_python import embedded_python
from torchload_lint.workspace import Options, Projects, Settings, check_files

if TYPE_CHECKING:
    from pathlib import Path

LOAD = "torch.load(path, weights_only=False)"
SCRIPTS = {
    "run.sh": ("#!/bin/bash\npython - <<'PY'\nimport torch\nx = {}\nPY\necho done\n", (4, 5)),
    "start": ("#!/usr/bin/env bash\npython - <<'PY'\nimport torch\nx = {}\nPY\n", (4, 5)),
    "stop": ("#!/bin/sh -e\npython -c 'import torch; {}'\n", (2, 26)),
    "work": ("#!/usr/bin/env -S python3 -u\nimport torch\n{}\n", (3, 1)),
    "tabs.sh": ("f() {{\n\tpython3 -u - <<-EOF\n\timport torch\n\tx = {}\n\tEOF\n}}\n", (4, 6)),
    "job.yml": ("run: |\n  python <<EOF\n  import torch\n  {}\n  EOF\n", (4, 3)),
    "Makefile": ("all:\n\tpython -c 'import torch; {}'\n", (2, 27)),
    "Dockerfile": ("FROM x\nRUN python3 -c 'import torch; {}' && ls\n", (2, 31)),
    "variable.sh": ('PY=python3\n"${{PY}}" - <<EOF\nimport torch\n{}\nEOF\n', (4, 1)),
    "piped.sh": ("cat <<EOF | python3 -\nimport torch\n{}\nEOF\n", (3, 1)),
    "written.sh": ("cat > x.py <<'EOF'\nimport torch\n{}\nEOF\npython x.py\n", (3, 1)),
    "written_too.sh": ("cat <<EOF > tools/x.py\nimport torch\n{}\nEOF\n", (3, 1)),
    "step.yml": (
        "steps:\n  - name: x\n    shell: python\n    run: |\n      import torch\n\n      {}\n",
        (7, 7),
    ),
    "step_below.yaml": (
        "steps:\n  - run: |\n      import torch\n      {}\n    shell: python {{0}}\n  - run: ls\n",
        (4, 7),
    ),
    "long.sh": ("python -c '\nimport torch\n{}\n'\n", (3, 1)),
}
QUIET = {
    "finish": f"#!/usr/bin/fish\necho '{LOAD}'\n",
    "no_load.sh": "python - <<PY\nimport torch\nprint(torch.__version__, 'load')\nPY\n",
    "restricted.sh": "python - <<PY\nimport torch\ntorch.load(path, weights_only=True)\nPY\n",
    "not_python.sh": f"cat <<EOF\nimport torch\n{LOAD}\nEOF\npython --version\n",
    "other_text.sh": f"cat > x.txt <<EOF\nimport torch\n{LOAD}\nEOF\npython x.py\n",
    "step.yml": (
        f"steps:\n  - run: |\n      import torch\n      {LOAD}\n    shell: bash\n"
        "  - run: |\n      x = 1\n    shell: python\n"
    ),
    "completed_by_the_shell.sh": f"python - <<EOF\nimport torch $MORE\n{LOAD}\nEOF\n",
    "echoed.sh": f"echo 'use {LOAD} in python' << x\n",
}


def found_in(folder: Path, name: str, text: str) -> list[tuple[int, int, str]]:
    (folder / name).write_text(text)
    run = check_files([str(folder / name)], Projects(Settings(isolated=True)), Options())
    return [(*one.span.start, one.code) for result in run.results for one in result.diagnostics]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_load_is_found_where_it_stands_in_the_script(tmp_path, name):
    text, place = SCRIPTS[name]
    assert (*place, "TLL101") in found_in(tmp_path, name, text.format(LOAD))


@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_load_of_the_script_is_not_reported(tmp_path, name):
    assert found_in(tmp_path, name, QUIET[name]) == []


def test_nothing_in_a_script_is_fixed(tmp_path):
    text = SCRIPTS["run.sh"][0].format("torch.load(path)")
    (tmp_path / "run.sh").write_text(text)
    options = Options(fix=True, unsafe=True, write=True)
    check_files([str(tmp_path / "run.sh")], Projects(Settings(isolated=True)), options)
    assert (tmp_path / "run.sh").read_text() == text


def test_variables_that_a_script_sets_are_still_found(tmp_path):
    text = f"export TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n{SCRIPTS['run.sh'][0].format(LOAD)}"
    assert [code for _, _, code in found_in(tmp_path, "run.sh", text)] == ["TLL101", "TLL301"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_rows_are_the_scripts(name):
    text = SCRIPTS[name][0].format(LOAD)
    python = embedded_python(text)
    ast.parse(python)
    assert len(python.splitlines()) == len(text.splitlines())
