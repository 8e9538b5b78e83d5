"""Small programs of which torch itself says whether the tool knows what their loads read.

Files are parted by rows ``# name.py``; ``ckpt.pt`` holds an ``argparse.Namespace`` under ``"a"``,
``x.pt`` the state dict of ``nn.Linear(2, 1)``. ``main.py`` is run.
"""

MODEL_AND_OTHER = """
        # model.py
        import torch
        class Model:
            def load(self, path):
                self.state = torch.load(path)
                return self
        # other.py
        class Other:
            def load(self, path):
                return path
        # main.py
        from model import Model
        from other import Other
"""
"""Two classes with a method of one name, of which one loads, and how the program begins."""

FIXED = {
    "keywords handed on": """
        # tio.py
        import torch
        def read(path, map_location=None, **kwargs):
            with open(path, "rb") as f:
                return torch.load(f, map_location=map_location, **kwargs)
        # main.py
        from tio import read
        print(read("ckpt.pt", map_location="cpu")["a"].x)
        """,
    "keywords through two functions": """
        # main.py
        import torch
        def inner(path, **kw):
            return torch.load(path, **kw)
        def outer(path, **kw):
            return inner(path, **kw)
        print(outer("ckpt.pt")["a"].x)
        """,
    "keywords of a method": """
        # main.py
        import torch
        class Store:
            def fetch(self, path, **options):
                return torch.load(path, map_location="cpu", **options)
        print(Store().fetch("ckpt.pt", mmap=False)["a"].x)
        """,
    "keywords one to a row": """
        # main.py
        import torch
        def read(path, **kwargs):
            return torch.load(
                path,
                map_location="cpu",
                **kwargs,
            )
        print(read("ckpt.pt")["a"].x)
        """,
    "keywords from a dictionary": """
        # main.py
        import torch
        OPTIONS = {"map_location": "cpu"}
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        print(read("ckpt.pt", **OPTIONS)["a"].x)
        """,
    "keywords that are added to": """
        # main.py
        import torch
        def read(path, **kwargs):
            kwargs.setdefault("map_location", "cpu")
            return torch.load(path, **kwargs)
        print(read("ckpt.pt")["a"].x)
        """,
    "keywords of a constructor": """
        # main.py
        import torch
        class Store:
            def __init__(self, path, **options):
                self.held = torch.load(path, **options)
        print(Store("ckpt.pt", map_location="cpu").held["a"].x)
        """,
    "keywords laid over others": """
        # main.py
        import torch
        def read(path, **options):
            return torch.load(path, **{"map_location": "cpu", **options})
        print(read("ckpt.pt", mmap=False)["a"].x)
        """,
    "a default that nobody changes": """
        # main.py
        import torch
        def read(path, weights_only=True):
            return torch.load(path, weights_only=weights_only)
        print(read("ckpt.pt")["a"].x)
        """,
    "a flag that is no test of torch": """
        # main.py
        import torch
        def read(path, quick=False):
            if not quick:
                return torch.load(path, weights_only=True)
            return None
        print(read("ckpt.pt")["a"].x)
        """,
    "the module of pickle beside True": """
        # main.py
        import pickle
        import torch
        print(torch.load("ckpt.pt", pickle_module=pickle, weights_only=True)["a"].x)
        """,
    "an object in an attribute": """
        # model.py
        import torch
        class Model:
            def load(self, path):
                self.state = torch.load(path)
        # other.py
        class Other:
            def load(self, path):
                return path
        # main.py
        from model import Model
        from other import Other
        class App:
            def __init__(self):
                self.model = Model()
                self.other = Other()
                self.model.load("ckpt.pt")
                self.other.load("x.pt")
        print(App().model.state["a"].x)
        """,
    "an object of a function": MODEL_AND_OTHER
    + """
        def make():
            return Model()
        make().load("ckpt.pt")
        Other().load("x.pt")
        print(make().load("ckpt.pt").state["a"].x)
        """,
    "an attribute of an object": MODEL_AND_OTHER
    + """
        class App:
            def __init__(self):
                self.model, self.other = Model(), Other()
        app = App()
        app.other.load("x.pt")
        print(app.model.load("ckpt.pt").state["a"].x)
        """,
    "an entry of a dictionary": MODEL_AND_OTHER
    + """
        KINDS = {"model": Model, "other": Other}
        made = {"one": Model()}
        KINDS["other"]().load("x.pt")
        made["one"].load("ckpt.pt")
        print(KINDS["model"]().load("ckpt.pt").state["a"].x)
        """,
    "what a property makes": MODEL_AND_OTHER
    + """
        class App:
            @property
            def model(self):
                return Model()
            def run(self):
                (other := Other()).load("x.pt")
                return self.model.load("ckpt.pt").state
        print(App().run()["a"].x)
        """,
    "a method that a class inherits, asked of the class": """
        # model.py
        import torch
        class Mixin:
            @classmethod
            def load_from_checkpoint(cls, path):
                return torch.load(path)
        class Other:
            def load_from_checkpoint(self, path):
                return path
        # main.py
        from model import Mixin, Other
        class Model(Mixin):
            pass
        Other().load_from_checkpoint("x.pt")
        print(Model.load_from_checkpoint("ckpt.pt")["a"].x)
        """,
    "an annotated attribute": """
        # model.py
        import torch
        class Model:
            def load(self, path):
                return torch.load(path)
        class Other:
            def load(self, path):
                return path
        # main.py
        from model import Model, Other
        def run(model: Model, other: Other):
            return other.load("x.pt"), model.load("ckpt.pt")
        print(run(Model(), Other())[1]["a"].x)
        """,
}
"""Fail, and run after the unsafe fixes."""

SAID = {
    "True by default, and not all callers are seen": """
        # main.py
        import torch
        class Store:
            def read(self, path, *, weights_only=True, **options):
                return torch.load(path, weights_only=weights_only, **options)
        print(Store().read("ckpt.pt")["a"].x)
        call = Store.read
        """,
    "keywords of what a subclass calls": """
        # main.py
        import torch
        class Store:
            def read(self, path, **options):
                return torch.load(path, **options)
        class Both(Store):
            def read(self, path, **options):
                return super().read(path, **options)
        print(Both().read("ckpt.pt")["a"].x)
        """,
    "keywords of a class that is handed on": """
        # main.py
        import torch
        class Store:
            def __init__(self, path, **options):
                self.held = torch.load(path, **options)
        def use(kind):
            return kind("ckpt.pt").held
        Store("x.pt")
        print(use(Store)["a"].x, Store("ckpt.pt").held)
        """,
    "keywords that an object keeps": """
        # main.py
        import torch
        class Store:
            def __init__(self, path, **options):
                self.path, self.options = path, options
            def read(self):
                return torch.load(self.path, **self.options)
        print(Store("ckpt.pt", map_location="cpu").read()["a"].x)
        """,
    "whatever it is given": """
        # main.py
        import torch
        def read(*args, **kwargs):
            return torch.load(*args, **kwargs)
        print(read("ckpt.pt", map_location="cpu")["a"].x)
        """,
    "keywords through a partial": """
        # main.py
        from functools import partial
        import torch
        def inner(path, **kwargs):
            return torch.load(path, **kwargs)
        read = partial(inner)
        print(read("ckpt.pt")["a"].x)
        """,
    "keywords in a function of a function": """
        # main.py
        import torch
        def read(path, **kwargs):
            def inner():
                return torch.load(path, **kwargs)
            return inner()
        print(read("ckpt.pt")["a"].x)
        """,
    "a copy of the keywords": """
        # main.py
        import torch
        def read(path, **kwargs):
            options = dict(kwargs)
            return torch.load(path, **options)
        print(read("ckpt.pt")["a"].x)
        """,
    "keywords that may be None": """
        # main.py
        import torch
        def read(path, options=None):
            return torch.load(path, **(options or {}))
        print(read("ckpt.pt")["a"].x)
        """,
    "None by default": """
        # main.py
        import torch
        def read(path, weights_only=None):
            return torch.load(path, weights_only=weights_only)
        print(read("ckpt.pt")["a"].x)
        """,
}
"""They fail; what decides about ``weights_only`` stays, and a block lets them run."""

OF_LISTED = """
    # main.py
    import glob
    import os
    import pathlib
    import torch
    for found in LISTED:
        print(torch.load(found))
    """
LISTED = (
    'glob.glob("**/*.ckpt", recursive=True)',
    'glob.iglob("./**/*.ckpt", recursive=True)',
    'pathlib.Path.cwd().rglob("*.ckpt")',
    'pathlib.Path().glob("*/*.ckpt")',
    'sorted(pathlib.Path(".").rglob("*.ckpt"))',
)
FAR_AWAY = {
    'import fsspec; fsspec.filesystem("s3").open("bucket/m.pt", "rb")': (
        "s3://bucket/m.pt", "bucket/m.pt", "s3://bucket/**/*.pt",
    ),
    "import s3fs; s3fs.S3FileSystem(anon=True).open('bucket/m.pt')": ("s3://bucket/m.pt",),
    "import gcsfs; gcsfs.GCSFileSystem().open('gs://b/m.pt')": ("gs://b/m.pt", "gs://*/m.pt"),
    "import cloudpathlib as c; c.CloudPath('az://b/m.pt').open('rb')": ("az://b/m.pt",),
    "import requests; io.BytesIO(requests.get('https://a.b/m.pt').content)": ("https://a.b/m.pt",),
    "from urllib.request import urlopen; io.BytesIO(urlopen('https://a.b/m.pt').read())": (
        "https://a.b/m.pt",
    ),
    "import upath; upath.UPath('s3://b/m.pt').open('rb')": ("s3://b/m.pt",),
    "import fsspec; (lambda s, p: s.open(p))(*fsspec.core.url_to_fs('s3://b/m.pt'))": ("s3://b/m.pt",),
    "import boto3 as b; io.BytesIO("
    "b.client('s3').get_object(Bucket='b', Key='m.pt')['Body'].read())": ("s3://b/m.pt",),
    "import fsspec; fsspec.open('file:///srv/m.pt').open()": ("file:///srv/m.pt", "/srv/m.pt"),
    "import huggingface_hub as h; h.hf_hub_download('me/net', 'm.pt')": ("hf://me/net/m.pt",),
}  # fmt: skip
"""How a file far away is opened → names that it may have in the configuration."""

KEPT = {
    "an object of a class of the script itself": """
        # main.py
        import os
        import tempfile
        import torch
        class Settings:
            def __init__(self):
                self.x = 1
        def main():
            path = os.path.join(tempfile.mkdtemp(), "settings.pt")
            torch.save(Settings(), path)
            print(torch.load(path, weights_only=False).x)
        main()
        """,
    "a dictionary of keywords": """
        # main.py
        import torch
        def restore(path="ckpt.pt"):
            if torch.__version__ >= "1.13":
                given = dict(weights_only=False)
            else:
                given = {}
            return torch.load(path, map_location="cpu", **given)
        print(restore()["a"].x)
        """,
    "the module of pickle": """
        # main.py
        import pickle
        import torch
        net = torch.nn.Linear(2, 1)
        net.load_state_dict(torch.load("x.pt", pickle_module=pickle))
        print("ok")
        """,
    "the module of pickle by another name": """
        # main.py
        import pickle as pkl
        import torch
        print(torch.load("ckpt.pt", map_location="cpu", pickle_module=pkl)["a"].x)
        """,
    "the module of pickle, whichever there is": """
        # main.py
        import torch
        try:
            import cPickle as pickle
        except ImportError:
            import pickle
        print(torch.load("ckpt.pt", pickle_module=pickle)["a"].x)
        """,
    "the module of pickle by place": """
        # main.py
        import pickle
        import torch
        print(torch.load("ckpt.pt", "cpu", pickle)["a"].x)
        """,
    "the module of pickle and False": """
        # main.py
        import pickle
        import torch
        print(torch.load("ckpt.pt", weights_only=False, pickle_module=pickle)["a"].x)
        """,
    "the module of pickle that torch has": """
        # main.py
        import torch
        print(torch.load("ckpt.pt", pickle_module=torch.serialization.pickle)["a"].x)
        """,
}
"""Run, and do the same after the fixes; ``weights_only=True`` is written and nothing is left."""

LEFT_ALONE = {
    "a module whose state holds settings": """
        # main.py
        import argparse
        import sys
        import torch
        class Net(torch.nn.Module):
            def get_extra_state(self):
                return argparse.Namespace(x=1)
            def set_extra_state(self, state):
                self.x = state.x
        def restore(path):
            net = Net()
            net.load_state_dict(torch.load(path, weights_only=False))
            print(net.x)
        torch.save(Net().state_dict(), sys.argv[-1] + ".pt")
        restore(sys.argv[-1] + ".pt")
        """,
    "an optimizer with a number of numpy": """
        # main.py
        import sys
        import numpy as np
        import torch
        net = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for group in optimizer.param_groups:
            group["lr"] = np.float64(0.2)
        torch.save(optimizer.state_dict(), sys.argv[-1] + ".pt")
        optimizer.load_state_dict(torch.load(sys.argv[-1] + ".pt", weights_only=False))
        """,
    "a caller that says False": """
        # main.py
        import torch
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        print(read("ckpt.pt", weights_only=False)["a"].x)
        """,
    "a caller of the constructor that says False": """
        # main.py
        import torch
        class Store:
            def __init__(self, path, **options):
                self.held = torch.load(path, **options)
        class Other(Store):
            pass
        print(Store("x.pt").held.keys(), Other("ckpt.pt", weights_only=False).held["a"].x)
        """,
    "a default that one caller changes by place": """
        # main.py
        import torch
        def read(path, weights_only=True):
            return torch.load(path, weights_only=weights_only)
        print(read("ckpt.pt", False)["a"].x)
        """,
    "a caller that says it in a dictionary": """
        # main.py
        import torch
        OPTIONS = {"weights_only": False}
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        print(read("x.pt") and read("ckpt.pt", **OPTIONS)["a"].x)
        """,
    "the function sets it": """
        # main.py
        import torch
        def read(path, **kwargs):
            kwargs.setdefault("weights_only", False)
            return torch.load(path, **kwargs)
        print(read("ckpt.pt")["a"].x)
        """,
    "the function is handed on": """
        # main.py
        import torch
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        def call(function):
            return function("ckpt.pt", weights_only=False)
        read("x.pt")
        print(call(read)["a"].x)
        """,
    "the function is decorated": """
        # main.py
        import functools
        import torch
        def unsafe(function):
            return functools.partial(function, weights_only=False)
        @unsafe
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        print(read("ckpt.pt")["a"].x)
        """,
    "the function has another name in another file": """
        # tio.py
        import torch
        def read(path, **kwargs):
            return torch.load(path, **kwargs)
        # main.py
        from tio import read
        from tio import read as fetch
        read("x.pt")
        print(fetch("ckpt.pt", weights_only=False)["a"].x)
        """,
    "a second function gives it": """
        # main.py
        import torch
        def inner(path, **kw):
            return torch.load(path, **kw)
        def outer(path, **kw):
            return inner(path, **kw)
        print(outer("ckpt.pt", weights_only=False)["a"].x)
        """,
    "another pickle": """
        # other.py
        from pickle import *
        from pickle import Unpickler
        # main.py
        import torch
        import other
        print(torch.load("ckpt.pt", pickle_module=other)["a"].x)
        """,
}
"""Run, and are not changed."""

OWN_STATE = {
    "an object of an own class": """
        # model.py
        import torch
        class Table(dict):
            pass
        class Net(torch.nn.Linear):
            pass
        # save.py
        from model import *
        torch.save(Table(Net(1, 1).state_dict()), "state.pt")
        # main.py
        import runpy
        from model import *
        runpy.run_path("save.py")
        net = Net(1, 1)
        net.load_state_dict(torch.load("state.pt", weights_only=False))
        print("restored")
        """,
    "a tensor of an own class": """
        # model.py
        import torch
        class Marked(torch.Tensor):
            pass
        class Net(torch.nn.Linear):
            pass
        # save.py
        from model import *
        state = Net(1, 1).state_dict()
        torch.save({key: value.as_subclass(Marked) for key, value in state.items()}, "state.pt")
        # main.py
        import runpy
        from model import *
        runpy.run_path("save.py")
        net = Net(1, 1)
        net.load_state_dict(torch.load("state.pt", weights_only=False))
        print("restored")
        """,
}
"""Write what a module restores as something that torch does not allow, when they run."""

NEEDED = {
    "t.save": """
        # save.py
        import argparse
        import torch as t
        def g():
            t.save({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "torch.serialization.save": """
        # save.py
        import argparse
        from torch import serialization
        def g():
            serialization.save({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "save as": """
        # save.py
        import argparse
        from torch import (
            save as keep,
        )
        def g():
            keep({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "an alias": """
        # save.py
        import argparse
        import torch
        keep = torch.save
        def g():
            keep({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "a partial": """
        # save.py
        import argparse
        import functools
        import torch
        write = functools.partial(torch.save, _use_new_zipfile_serialization=False)
        def g():
            write({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "a partial that has the object": """
        # save.py
        import argparse
        import functools
        import torch
        def g():
            functools.partial(torch.save, {"args": argparse.Namespace(a=1)})("out/model_state.pt")
        """,
    "getattr": """
        # save.py
        import argparse
        import torch
        def g():
            getattr(torch, "save")({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "a partial that has the file": """
        # save.py
        import argparse
        from functools import partial
        import torch as tt
        def g():
            write = partial(tt.save, f="out/model_state.pt")
            write({"args": argparse.Namespace(a=1)})
        """,
    "the module of its own": """
        # save.py
        import argparse
        from torch import serialization as written
        def g():
            written.save({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "import_module": """
        # save.py
        import argparse
        from importlib import import_module
        library = import_module("torch")
        def g():
            library.save({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "a class attribute": """
        # save.py
        import argparse
        import torch
        class Writer:
            write = staticmethod(torch.save)
            def g(self):
                self.write({"args": argparse.Namespace(a=1)}, "out/model_state.pt")
        """,
    "what is unpacked": """
        # save.py
        import argparse
        import torch
        def g():
            torch.save(*({"args": argparse.Namespace(a=1)}, "out/model_state.pt"))
        """,
    "a buffer": """
        # save.py
        import argparse
        import io
        import torch
        from pathlib import Path
        def g():
            buffer = io.BytesIO()
            torch.save({"args": argparse.Namespace(a=1)}, buffer)
            Path("out/model_state.pt").write_bytes(buffer.getvalue())
        """,
    "a buffer in an open file": """
        # save.py
        import argparse
        from io import BytesIO
        import torch
        def g():
            held = BytesIO()
            torch.save({"args": argparse.Namespace(a=1)}, held)
            with open("out/model_state.pt", "wb") as file:
                file.write(held.getbuffer())
        """,
    "keywords that are unpacked": """
        # save.py
        import argparse
        import torch
        def g():
            given = {"f": "out/model_state.pt"}
            torch.save({"args": argparse.Namespace(a=1)}, **given)
        """,
}
"""What is saved to ``out/model_state.pt``, which another file loads."""

SAME_OPTION = {
    "one option": """
        # main.py
        import argparse
        import torch
        def convert(output_file):
            torch.save({"a": argparse.Namespace(x=1)}, output_file)
        def replace(weights_file):
            return torch.load(weights_file, weights_only=True)
        if __name__ == "__main__":
            p = argparse.ArgumentParser()
            p.add_argument("--out", required=True)
            args = p.parse_args()
            convert(args.out)
            replace(args.out)
        """,
    "one variable": """
        # main.py
        import argparse
        import os
        import torch
        def write(to):
            torch.save({"a": argparse.Namespace(x=1)}, to)
        def read(source):
            return torch.load(source, weights_only=True)
        def main(folder, name):
            where = os.path.join(folder, name)
            write(where)
            return read(where)
        """,
    "two files": """
        # writing.py
        import argparse
        import torch
        def write(to):
            torch.save({"a": argparse.Namespace(x=1)}, to)
        # main.py
        import sys
        import torch
        from writing import write
        def read(source):
            return torch.load(source, weights_only=True)
        target = sys.argv[1]
        write(target)
        read(target)
        """,
}
"""The load reads what is saved under a path that nobody knows."""

OTHER_OPTION = {
    "two options": """
        # main.py
        import argparse
        import torch
        def convert(output_file):
            torch.save({"a": argparse.Namespace(x=1)}, output_file)
        def replace(weights_file):
            return torch.load(weights_file, weights_only=True)
        p = argparse.ArgumentParser()
        p.add_argument("--out", required=True)
        p.add_argument("--weights", required=True)
        args = p.parse_args()
        convert(args.out)
        replace(args.weights)
        """,
    "the same name in two functions": """
        # main.py
        import argparse
        import torch
        def store(to):
            torch.save({"a": argparse.Namespace(x=1)}, to)
        def fetch(source):
            return torch.load(source, weights_only=True)
        def first(where):
            store(where)
        def second(where):
            return fetch(where)
        """,
}
"""Nothing says that the load reads what is saved."""

REFUSED = {
    "the highest": "pickle_protocol=pickle.HIGHEST_PROTOCOL",
    "the default of pickle": "pickle_protocol=pickle.DEFAULT_PROTOCOL",
    "four": "pickle_protocol=4",
    "by place": "pickle, 5",
    "a constant": "pickle_protocol=PROTOCOL",
    "from the end": "pickle_protocol=-1",
    "in a dictionary": '**{"pickle_protocol": 4}',
    "in a dictionary that is made": "**dict(pickle_protocol=PROTOCOL)",
}
"""Arguments of ``torch.save`` after which the file does not load."""
LOADABLE = {
    "two": "pickle_protocol=2",
    "none": "",
    "torch's own default": "pickle_protocol=torch.serialization.DEFAULT_PROTOCOL",
}
