"""Loads by libraries from the file on the disk to the fix: the library is never imported."""

from __future__ import annotations

import argparse
from textwrap import dedent

import numpy as np
import pytest
import torch

from torchload_lint import api


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(folder, code):
    (folder / "main.py").write_text(dedent(code))
    results = api.check([folder]).results
    return [one for result in results for one in result.diagnostics if one.code != "TLL102"]


def fixed(folder, code, *, unsafe=False):
    return api.fix(dedent(code), folder / "main.py", unsafe=unsafe)


FIT = """
    import lightning as L

    trainer = L.Trainer()
    trainer.fit(net, ckpt_path="last.ckpt")
    """


def save_checkpoint(folder):
    torch.save({"hyper_parameters": argparse.Namespace(lr=1)}, folder / "last.ckpt")


def test_what_a_resumed_training_needs_is_reported_and_allowed(folder):
    save_checkpoint(folder)
    (found,) = findings(folder, FIT)
    assert (found.code, found.span.start.row) == ("TLL103", 5)
    assert found.safe_globals == ("argparse.Namespace",)
    after = fixed(folder, FIT)
    block = 'with safe_globals([Namespace]):\n    trainer.fit(net, ckpt_path="last.ckpt")\n'
    assert block in after  # nothing says that this Lightning takes weights_only


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_need_is_told_where_unpacked_arguments_may_say_how_it_is_loaded(folder, is_saved):
    if is_saved:
        save_checkpoint(folder)
    else:
        torch.save({"state_dict": {}}, folder / "last.ckpt")
    (folder / "requirements.txt").write_text("lightning>=2.6\n")
    passing_on = FIT.replace('"last.ckpt"', '"last.ckpt", **options')
    found = findings(folder, f"options = make()\n{dedent(passing_on)}")
    assert [(one.code, one.safe_globals) for one in found] == (
        [("TLL105", ("argparse.Namespace",))] if is_saved else []
    )


def test_the_keyword_is_written_where_the_version_takes_it(folder):
    save_checkpoint(folder)
    (folder / "requirements.txt").write_text("lightning>=2.6\n")
    assert 'ckpt_path="last.ckpt", weights_only=True)' in fixed(folder, FIT)


def test_an_older_lightning_loads_unsafely(folder):
    save_checkpoint(folder)
    (folder / "requirements.txt").write_text("lightning==2.5.1\n")
    (found,) = findings(folder, FIT)
    assert (found.code, found.severity.value) == ("TLL108", "info")
    assert found.message.endswith("; from lightning 2.6 on it takes `weights_only`")
    assert fixed(folder, FIT, unsafe=True) == dedent(FIT)


def test_a_local_path_is_restricted_and_an_address_is_not(folder):
    code = FIT.replace("last.ckpt", "https://example.org/last.ckpt")
    (found,) = findings(folder, code)
    assert (found.code, found.severity.value) == ("TLL108", "warning")
    assert "from lightning" not in found.message
    assert findings(folder, FIT) == []


STATE = """
    from accelerate import Accelerator

    Accelerator().load_state("run/")
    """


def save_state(folder):
    (folder / "run").mkdir()
    torch.save({"lr": 0.1}, folder / "run" / "optimizer.bin")
    random = {"step": 0, "numpy_random_seed": np.random.RandomState(0).get_state()}
    torch.save(random, folder / "run" / "random_states_0.pkl")


@pytest.mark.parametrize("path", ["run", "run/"])
def test_the_files_of_a_folder_are_read(folder, path):
    save_state(folder)
    (folder / "requirements.txt").write_text("accelerate==0.33.0\n")
    (found,) = findings(folder, STATE.replace("run/", path))
    assert found.code == "TLL103"
    assert found.checkpoints == ("run/optimizer.bin", "run/random_states_0.pkl")


@pytest.mark.parametrize(
    "code",
    [
        STATE.replace("load_state", "load_checkpoint").replace('("run', '(model, "run'),
        "import deepspeed\ne, *_ = deepspeed.initialize(model=m)\ne.load_checkpoint('run')",
        "import torch.distributed.checkpoint as dcp\ndcp.load({}, checkpoint_id='run')",
    ],
)
def test_a_folder_that_a_library_is_given_is_no_mistake(folder, code):
    (folder / "run").mkdir()
    (folder / "run" / "model.safetensors").touch()
    assert [one.code for one in findings(folder, code) if one.code != "TLL108"] == []
    (folder / "run" / ".metadata").write_bytes(b"\x80\x02}q\x00.")
    assert [one.code for one in findings(folder, code) if one.code != "TLL108"] == []


def test_the_states_of_a_deepspeed_engine_are_read_below_the_tag(folder):
    (folder / "run" / "step1").mkdir(parents=True)
    save_checkpoint(folder)
    (folder / "last.ckpt").rename(folder / "run" / "step1" / "mp_rank_00_model_states.pt")
    code = "import deepspeed\ne, *_ = deepspeed.initialize(model=m)\ne.load_checkpoint('run')"
    (found,) = findings(folder, code)
    assert (found.code, found.checkpoints) == (
        "TLL108", ("run/step1/mp_rank_00_model_states.pt",),
    )  # fmt: skip


def test_what_the_library_allows_by_itself_is_not_missing(folder):
    save_state(folder)
    (folder / "requirements.txt").write_text("accelerate==1.15.0\n")
    assert findings(folder, STATE) == []


DATA = """
    from torch_geometric.data import InMemoryDataset

    class Toy(InMemoryDataset):
        def __init__(self, root):
            super().__init__(root)
            self.load(self.processed_paths[0])

        @property
        def processed_file_names(self):
            return ["data.pt"]
    """


def test_the_files_of_a_data_set_are_known(folder):
    (folder / "toy" / "processed").mkdir(parents=True)
    torch.save({"args": argparse.Namespace()}, folder / "toy" / "processed" / "data.pt")
    (folder / "requirements.txt").write_text("torch_geometric==2.5.3\n")
    (found,) = findings(folder, DATA)
    assert (found.code, found.checkpoints) == ("TLL103", ("toy/processed/data.pt",))
    (folder / "requirements.txt").write_text("torch_geometric>=2.6\n")
    (found,) = findings(folder, DATA)
    assert found.code == "TLL108"
    after = fixed(folder, DATA, unsafe=True)
    assert "with safe_globals([Namespace]):\n            self.load(" in after
    assert findings(folder, after) == []


def test_a_file_that_would_run_code_is_reported_at_the_call(folder):
    payload = b"cos\nsystem\n(S'true'\ntR."
    (folder / "best.pt").write_bytes(payload)
    found = findings(folder, 'from ultralytics import YOLO\n\nmodel = YOLO("best.pt")\n')
    assert "TLL501" in {one.code for one in found}
