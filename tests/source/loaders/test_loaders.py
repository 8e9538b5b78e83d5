from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.library_load import LibraryLoad, Versions, behaviours_in
from torchload_lint.source.facts.loader import Does
from torchload_lint.source.loaders import known
from torchload_lint.source.loaders.collect import every_load, library_loads
from torchload_lint.source.loaders.prefilter import may_hold_load
from torchload_lint.source.paths import resolve_load

MODEL = """
import lightning.pytorch as pl

class Net(pl.LightningModule):
    pass

class Own(pl.LightningModule):
    @classmethod
    def load_from_checkpoint(cls, path):
        return cls()

class Trained(Net):
    pass

def trainer():
    return pl.Trainer(max_epochs=1)
"""
PLAIN = """
class Net:
    @classmethod
    def load_from_checkpoint(cls, path, weights_only=False):
        return cls()
"""
LOADS = {
    "import torch\ntorch.hub.load_state_dict_from_url(u)": "torch: hub.load_state_dict_from_url",
    "from torch.hub import load_state_dict_from_url as get\nget(u)": (
        "torch: hub.load_state_dict_from_url"
    ),
    "import torch.utils.model_zoo as zoo\nzoo.load_url(u)": "torch: model_zoo.load_url",
    "import torch\ntorch.export.load('m.pt2')": "torch: export.load",
    "import torch\ntorch.hub.load('a/b', 'net')": "torch: hub.load",
    "import torch\ntorch.hub.load('a/b', 'custom', path='best.pt')": "torch: hub.load",
    "from torch.hub import load as get\nget('a/b', 'net')": "torch: hub.load",
    "import deepspeed\nengine, *_ = deepspeed.initialize(model=m)\nengine.load_checkpoint('ck')": (
        "deepspeed: DeepSpeedEngine.load_checkpoint"
    ),
    "from mmengine.runner import Runner\nrunner = Runner.from_cfg(c)\nrunner.resume('a.pth')": (
        "mmengine: Runner.resume"
    ),
    "from mmdet.apis import init_detector\ninit_detector('c.py', 'a.pth')": (
        "mmdet: init_detector"
    ),
    "from mmseg.apis import init_model\ninit_model('c.py', 'a.pth')": (
        "mmsegmentation: init_model"
    ),
    "from segment_anything import sam_model_registry as nets\nnets['vit_h'](checkpoint='a.pth')": (
        "segment_anything: sam_model_registry"
    ),
    "from segment_anything import build_sam\nbuild_sam('a.pth')": "segment_anything: build_sam",
    "import whisper\nwhisper.load_model('a.pt')": "openai-whisper: whisper.load_model",
    "import esm\nesm.pretrained.load_model_and_alphabet_local('a.pt')": (
        "fair-esm: load_model_and_alphabet_local"
    ),
    "from realesrgan import RealESRGANer\nRealESRGANer(4, 'a.pth')": "realesrgan: RealESRGANer",
    "from gfpgan import GFPGANer\nGFPGANer(model_path='a.pth')": "gfpgan: GFPGANer",
    "from catalyst import utils\nutils.load_checkpoint('a.pth')": "catalyst: load_checkpoint",
    "import torch\ntorch.storage._load_from_bytes(b)": "torch: storage._load_from_bytes",
    "from ultralytics import YOLO\nmap(YOLO, ['a.pt'])": "ultralytics: YOLO",
    "from ultralytics import YOLO\npool.submit(YOLO, 'a.pt')": "ultralytics: YOLO",
    "from ultralytics import YOLO\nThread(target=YOLO, args=('a.pt',))": "ultralytics: YOLO",
    "from ultralytics import YOLO\nThread(target=YOLO, kwargs={'model': 'a.pt'})": (
        "ultralytics: YOLO"
    ),
    "import functools\nfrom ultralytics import YOLO\nm = functools.partial(YOLO, 'a.pt')\nm()": (
        "ultralytics: YOLO"
    ),
    "from model import Net\nread = Net.load_from_checkpoint\nread(p)": (
        "lightning: LightningModule.load_from_checkpoint"
    ),
    "from model import Net\n[*map(Net.load_from_checkpoint, ['a.ckpt'])]": (
        "lightning: LightningModule.load_from_checkpoint"
    ),
    "import functools\nfrom model import trainer\n"
    "fit = functools.partial(trainer().fit, ckpt_path='a.ckpt')": "lightning: Trainer.fit",
    "from monai.bundle import load\nload('spleen', bundle_dir='b')": "monai: bundle.load",
    "from monai import bundle\nbundle.load('spleen')": "monai: bundle.load",
    "from torch.package import PackageImporter\nPackageImporter('a.pt')": "torch: PackageImporter",
    "from torch.distributed import checkpoint as c\nc.load_state_dict(s, r)": (
        "torch: checkpoint.load_state_dict"
    ),
    "import torch.distributed.checkpoint as dcp\ndcp.load(s, checkpoint_id='c')": (
        "torch: checkpoint.load"
    ),
    "from lightning import Trainer\nTrainer().fit(m, ckpt_path='a.ckpt')": "lightning: Trainer.fit",
    "from lightning import Trainer\nkw = {'ckpt_path': 'a.ckpt'}\nTrainer().fit(m, **kw)": (
        "lightning: Trainer.fit"
    ),
    "from lightning import Trainer as T\nT().fit(m, **dict(ckpt_path=p))": "lightning: Trainer.fit",
    "from torch.distributed.checkpoint import load, FileSystemReader\n"
    "load({}, storage_reader=FileSystemReader('c'))": "torch: checkpoint.load",
    "from torch.distributed.checkpoint.format_utils import dcp_to_torch_save as t\nt('c', p)": (
        "torch: dcp_to_torch_save"
    ),
    "import lightning as L\nt = L.Trainer()\nt.test(m, None, 'a.ckpt')": "lightning: Trainer.test",
    "from model import trainer\ntrainer().predict(m, ckpt_path=p)": "lightning: Trainer.predict",
    "import pytorch_lightning as pl\ndef f(t: pl.Trainer): t.validate(m, ckpt_path=p)": (
        "lightning: Trainer.validate"
    ),
    "def f(cfg, x):\n    x.fit(m, ckpt_path=cfg.ckpt)": "lightning: Trainer.fit",
    "from model import Net\nNet.load_from_checkpoint(p)": (
        "lightning: LightningModule.load_from_checkpoint"
    ),
    "from model import Trained as T\nT().load_from_checkpoint(p)": (
        "lightning: LightningModule.load_from_checkpoint"
    ),
    "from lightning.fabric import Fabric\nFabric().load('a.ckpt', s)": "lightning: Fabric.load",
    "from ultralytics import YOLO\nYOLO('best.pt')": "ultralytics: YOLO",
    "from ultralytics import YOLO\nYOLO(args.weights)": "ultralytics: YOLO",
    "from ultralytics.nn.tasks import attempt_load_weights as a\na('x.pt')": (
        "ultralytics: attempt_load_weights"
    ),
    "from transformers import Trainer\nTrainer(m).train(resume_from_checkpoint=True)": (
        "transformers: Trainer.train"
    ),
    "from accelerate import Accelerator\na = Accelerator()\na.load_state('run')": (
        "accelerate: Accelerator.load_state"
    ),
    "import timm\ntimm.create_model('net', checkpoint_path='a.pth')": "timm: create_model",
    "from fastai.learner import load_learner as get\nget('export.pkl')": "fastai: load_learner",
    "from fastai.vision.all import *\nload_learner('export.pkl')": "fastai: load_learner",
    "from fastai.learner import load_model\nload_model('a.pth', m, o)": (
        "fastai: learner.load_model"
    ),
    "from fastai.learner import Learner\nlearn = Learner(d, m)\nlearn.load('best')": (
        "fastai: Learner.load"
    ),
    "from ultralytics import YOLO\nYOLO('net.yaml').load('best.pt')": "ultralytics: load",
    "from torch.distributed.checkpoint.optimizer import load_sharded_optimizer_state_dict as get\n"
    "get(s, 'optim', r)": "torch: load_sharded_optimizer_state_dict",
    "from torch.distributed.checkpoint import FileSystemReader as R\nR('c').read_metadata()": (
        "torch: FileSystemReader.read_metadata"
    ),
    "from torch_geometric.data import InMemoryDataset\n"
    "class D(InMemoryDataset):\n    def __init__(self): self.load(self.processed_paths[0])": (
        "torch-geometric: InMemoryDataset.load"
    ),
    "from stable_baselines3 import PPO\nPPO.load('agent')": "stable-baselines3: load",
    "from flair.models import SequenceTagger\nSequenceTagger.load('ner')": "flair: load",
    "from transformers import AutoModel\nAutoModel.from_pretrained(n, weights_only=False)": (
        "transformers: from_pretrained"
    ),
    "from fairseq import checkpoint_utils as c\nc.load_model_ensemble(['h.pt'])": (
        "fairseq: load_model_ensemble"
    ),
    "import fairseq\nfairseq.checkpoint_utils.load_checkpoint_to_cpu('h.pt')": (
        "fairseq: load_checkpoint_to_cpu"
    ),
    "import whisperx\nwhisperx.load_align_model('en', 'cpu')": "whisperx: load_align_model",
    "from whisperx.diarize import DiarizationPipeline\nDiarizationPipeline(token=t)": (
        "whisperx: DiarizationPipeline"
    ),
    "from pyannote.audio import Pipeline\nPipeline.from_pretrained('p/d')": (
        "pyannote.audio: Pipeline.from_pretrained"
    ),
    "from mace.calculators import mace_omol\nmace_omol(model='own.model')": "mace-torch: mace_omol",
    "from mace.tools import CheckpointHandler\nCheckpointHandler(d).load_latest(s)": (
        "mace-torch: CheckpointHandler.load_latest"
    ),
    "from chemprop.models.utils import load_output_columns as c\nc('m.pt')": (
        "chemprop: load_output_columns"
    ),
    "from lightning.pytorch.tuner import Tuner\nTuner(t).lr_find(m)": "lightning: Tuner.lr_find",
    "from pytorch_lightning.callbacks import LearningRateFinder\nLearningRateFinder()": (
        "lightning: LearningRateFinder"
    ),
    "from ultralytics import YOLO\nYOLO(f'{folder}/best.pt')": "ultralytics: YOLO",
    "from ultralytics import YOLO\nname = pick()\nYOLO(f'{name}')": "ultralytics: YOLO",
    "from ultralytics import YOLO\nYOLO('n.yaml' if new else 'n.pt')": "ultralytics: YOLO",
    "from mmengine.runner import load_checkpoint\nload_checkpoint(m, 'a.pth')": (
        "mmengine: runner.load_checkpoint"
    ),
}
NO_LOADS = (
    "import whisper\nwhisper.load_model('base')",
    "from segment_anything import build_sam\nbuild_sam(checkpoint=None)",
    "from ultralytics import YOLO\nmap(YOLO, ['a.yaml'])",
    "from ultralytics import YOLO\nbuild(YOLO, 'a.pt')",
    "import functools as f\nfrom model import trainer\nf.partial(trainer().fit, ckpt_path=None)",
    "from model import Own\nread = Own.load_from_checkpoint\nread(p)",
    "from monai.bundle import load\nload('spleen', load_ts_module=True)",
    "from model import Own\nOwn.load_from_checkpoint(p)",
    "from plain import Net\nNet.load_from_checkpoint(p, weights_only=False)",
    "from lightning import Trainer\nTrainer().fit(m)",
    "from lightning import Trainer\nTrainer().fit(m, ckpt_path=None)",
    "from lightning import Trainer\nTrainer().fit(m, **further)",
    "from lightning import Trainer\nkw = {'ckpt_path': None}\nTrainer().fit(m, **kw)",
    """import lightning
def f(engine): engine.predict(m, ckpt_path=p)
class Engine:
    def predict(
        self, m, ckpt_path=None): pass""",
    "import sklearn.svm\nclassifier = sklearn.svm.SVC()\nclassifier.fit(x, y)",
    "from ultralytics import YOLO\nYOLO('yolo11n.yaml')",
    "from ultralytics import YOLO\nYOLO(f'yolo11{size}.yaml')",
    "from ultralytics import YOLO\nmodel = 'yolo11' + size + '.yaml'\nYOLO(model)",
    "from pathlib import Path\nfrom ultralytics import YOLO\nYOLO(Path('nets/yolo11n.yaml'))",
    "from ultralytics import YOLO\nYOLO('n.yaml' if small else f'{x}.yml')",
    "from mace.calculators import mace_mp\nmace_mp(model='medium')",
    "import e3nn.o3\ne3nn.o3.Irreps('1o')",
    "from transformers import Trainer\nTrainer(m).train()",
    "from transformers import Trainer\nTrainer(m).train(resume_from_checkpoint=False)",
    "import timm\ntimm.create_model('net', pretrained=True)",
    "from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('n')",
    "from stable_baselines3.common.vec_env import VecNormalize\nVecNormalize.load('v.pkl', env)",
    "from flair.data import Dictionary\nDictionary.load('chars')",
    "import deepspeed\n_, o, *_ = deepspeed.initialize(m)\no.load_checkpoint('c')",
    "from mmdet.apis import init_detector\ninit_detector('c.py')",
    "import json\nimport torch_geometric\njson.load(f)",
    "def load_url(u): pass\nload_url(u)",
    "import torch\ndef load_state_dict_from_url(u): pass\nload_state_dict_from_url(u)",
    "import torch\ntorch.hub.load('a/b', 'net', pretrained=False)",
    "import torch\ntorch.hub.load('a/b', 'net', weights=None)",
    "import torch\ntorch.hub.load('intel-isl/MiDaS', 'transforms')",
    "import torch\ntorch.hub.load('huggingface/pytorch-transformers', 'tokenizer', 'bert')",
    "from . import hub\nhub.load_state_dict_from_url(u)",
    "network.load_state_dict(state, weights_only=False)",
    "from export import Exporter\nExporter(n).write('a.txt', weights_only=False)",
    "import torch\nmodel = torch.nn.Linear(1, 1)\nmodel.load_state_dict(s)",
)


def loads_of(code):
    index = project(
        {
            "main.py": code,
            "model.py": MODEL,
            "plain.py": PLAIN,
            "export.py": "class Exporter:\n    def write(self, path, weights_only=True): pass",
        }
    )
    return library_loads(index.module_at("main.py"), index)


@pytest.mark.parametrize("code", LOADS)
def test_loads_by_libraries(code):
    (load,) = loads_of(code)
    assert load.loader == LOADS[code]
    assert may_hold_load(code.encode())


@pytest.mark.parametrize("code", NO_LOADS)
def test_no_loads_by_libraries(code):
    assert loads_of(code) == ()


def test_what_a_call_says_and_what_it_reads():
    (load,) = loads_of(
        "import torch\ntorch.hub.load_state_dict_from_url(u, d, None, True, False, n, False)"
    )
    assert (load.weights_only, load.file.id) == (WeightsOnly.FALSE, "u")
    (load,) = loads_of("import lightning as L\nL.Trainer().test(m, ckpt_path='hpc')")
    assert (load.weights_only, load.file) == (WeightsOnly.ABSENT, None)


CHOSEN = {
    'trainer.test(ckpt_path="best")': ["runs/best.ckpt"],
    'trainer.validate(None, None, "last")': ["runs/last.ckpt"],
    'trainer.fit(None, ckpt_path="last")': ["runs/last.ckpt"],
    'trainer.predict(ckpt_path="best.ckpt")': ["best.ckpt"],
    'Run().test("best")': ["runs/best.ckpt"],
    'Trainer().test(ckpt_path="best")': [],
    'Trainer(callbacks=[best, ModelCheckpoint("a")]).test(ckpt_path="best")': [],
}


@pytest.mark.parametrize(("call", "opened"), CHOSEN.items(), ids=CHOSEN)
def test_a_file_that_lightning_chooses_is_where_its_callback_writes(call, opened):
    index = project(
        {
            "main.py": f"""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint
                best = ModelCheckpoint("runs", filename="best", enable_version_counter=False)
                trainer = Trainer(callbacks=[best])
                class Run:
                    def __init__(self):
                        self.trainer = Trainer(callbacks=best)
                    def test(self, word):
                        self.trainer.test(ckpt_path="best")
                {call if not call.startswith("Run") else ""}
                """
        }
    )
    module = index.module_at("main.py")
    load = library_loads(module, index)[0 if call.startswith("Run") else -1]
    assert [each.text for each in resolve_load(load, module, index).patterns] == opened


def test_a_repository_is_no_checkpoint_and_may_load_none():
    (load,) = loads_of("import torch\ntorch.hub.load('a/b', 'net')")
    assert (load.file, load.certain) == (None, False)
    (load,) = loads_of("import torch\ntorch.hub.load('a/b', 'custom', path='best.pt')")
    assert (load.file.value, load.certain) == ("best.pt", False)


def test_an_unknown_object_is_not_certain():
    (load,) = loads_of("def f(trainer): trainer.fit(m, ckpt_path=p)")
    assert not load.certain
    (load,) = loads_of("from model import trainer\ntrainer().fit(m, ckpt_path=p)")
    assert load.certain


def test_loads_stand_in_the_order_of_the_file():
    index = project(
        {"main.py": "import torch\ntorch.hub.load_state_dict_from_url(u)\ntorch.load(p)"}
    )
    loads = every_load(index.module_at("main.py"), index)
    assert [load.loader for load in loads] == [
        "torch: hub.load_state_dict_from_url",
        "torch.load",
    ]


def fit(versions):
    (loader,) = [one for one in known.library("lightning").loaders if one.call == "fit"]
    return LibraryLoad(loader, behaviours_in(loader, versions), versions, "lightning")


@pytest.mark.parametrize(
    ("versions", "does", "keyword"),
    [
        (Versions(), {Does.DEFAULT}, "weights_only"),
        (Versions("2.6.1", exact=True), {Does.DEFAULT}, "weights_only"),
        (Versions("2.5.0.post1", exact=True), {Does.FALSE}, ""),
        (Versions("2.0"), {Does.DEFAULT, Does.FALSE}, ""),
        (Versions("2.0", below="2.4"), {Does.DEFAULT}, ""),
        (Versions("1.9.5", exact=True), {Does.DEFAULT}, ""),
    ],
)
def test_lightning_by_version(versions, does, keyword):
    load = fit(versions)
    assert (load.does, load.keyword) == (does, keyword)


def test_a_keyword_is_written_only_where_it_is_known_or_needed():
    assert fit(Versions()).written == ""
    assert fit(Versions("2.6")).written == "weights_only"
    assert fit(Versions())._replace(remote=True).written == "weights_only"


def test_an_address_is_loaded_otherwise():
    assert fit(Versions("2.6"))._replace(remote=True).does == {Does.FALSE}


def test_every_file_is_named_by_its_roots():
    for file in set(known.ROOTS.values()):
        roots = [root for root, other in known.ROOTS.items() if other == file]
        assert sorted(known.library(file).roots) == roots


def samples():
    for file in sorted(set(known.ROOTS.values()) - {"torch"}):
        for loader in known.library(file).loaders:
            for root in known.library(file).roots:
                yield root, loader


@pytest.mark.parametrize(
    ("root", "loader"),
    list(samples()),
    ids=lambda part: part if isinstance(part, str) else part.shown,
)
def test_a_file_that_calls_a_loader_is_looked_at(root, loader):
    """The words of the cheap question are the loaders' own."""
    module = ".".join(filter(None, (root, loader.within)))
    owner = "Any" if loader.of == "*" else loader.of.partition("|")[0]
    called = f"{owner}.{loader.call}" if owner else loader.call
    keyword = next((one.keyword for one in loader.behaviours if one.keyword), "")
    said = f", {keyword}=True" if keyword else ""
    code = f"from {module} import {owner or loader.call}\nx = {called}({loader.path}=p{said})\n"
    assert may_hold_load(code.encode())


def test_every_library_has_words_by_which_its_files_are_found():
    files = set(known.ROOTS.values()) - {"torch", "torchvision"}
    libraries = map(known.library, sorted(files))
    assert [one.distributions for one in libraries if one.loaders and not one.words] == []
    assert set(known.ENOUGH) <= set(known.TELLING)


HUB = "import torch\ntorch.hub.load_state_dict_from_url('https://x.org/a-1.pth'{})\n"


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("", "~/.cache/torch/hub/checkpoints/a-1.pth"),
        (", model_dir='w'", "w/a-1.pth"),
        (", 'w', None, True, False, 'b.pth'", "w/b.pth"),
    ],
)
def test_what_an_address_has_left_in_the_cache_is_read(more, path):
    index = project({"main.py": HUB.format(more)})
    module = index.module_at("main.py")
    (load,) = every_load(module, index)
    found = resolve_load(load, module, index)
    assert [one.text for one in found.patterns] == [path]
    assert [one.text for one in found.addresses] == ["https://x.org/a-1.pth"]
    assert not found.complete


@pytest.mark.parametrize(
    "names", ["os, ultralytics", "ultralytics\tas made", "ultralytics.nn , os"]
)
def test_a_library_among_others_is_seen(names):
    assert may_hold_load(f"import {names}\nx = made.YOLO(p)\n".encode())
    assert not may_hold_load(
        f"import my_{names}\nx = made.YOLO(p)\n".replace(", ", ", my_").encode()
    )


@pytest.mark.parametrize(
    ("code", "path", "exact"),
    [
        ("from pytorch_lightning import Trainer\nTrainer().fit(m, ckpt_path=P)", "~/a.ckpt", True),
        ("from mmengine.runner import load_checkpoint\nload_checkpoint(m, P)", "~/a.ckpt", True),
        ("from stable_baselines3 import PPO\nPPO.load(P)", "~/a.ckpt", False),
        ("import torch\ntorch.hub.load_state_dict_from_url(URL, model_dir='~/w')", "./~/w/a", True),
    ],
)
def test_whether_a_loader_expands_the_home_folder(code, path, exact):
    given = code.replace("P)", "'~/a.ckpt')").replace("URL", "'https://x.org/a'")
    index = project({"main.py": given})
    module = index.module_at("main.py")
    (load,) = every_load(module, index)
    (pattern,) = resolve_load(load, module, index).patterns
    assert (pattern.text, pattern.exact) == (path, exact)
