"""Which save belongs to a load where no path tells."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.producers import producers_for

RESTORES_NET = """
            from nets import Net
            def main(args):
                net = Net()
                net.load_state_dict(torch.load(args.weights))
            """

# title: (files, how the save in any of them is matched to the load in use.py; None for not)
CASES = {
    "weights to begin with, which need not fit": (
        {"use.py": """
            def main(args, model):
                state = torch.load(args.pretrained)["state_dict"]
                model.load_state_dict(state, strict=False)
                torch.save({"state_dict": model.state_dict()}, "last.pt")
            """},
        None,
    ),
    "what has to fit": (
        {"use.py": """
            def main(args, model):
                state = torch.load(args.pretrained)["state_dict"]
                model.load_state_dict(state, strict=True)
                while True:
                    torch.save({"state_dict": model.state_dict()}, args.out)
            """},
        "object",
    ),
    "one buffer": (
        {"use.py": """
            def copy(m):
                buffer = io.BytesIO()
                torch.save(m.state_dict(), buffer)
                return torch.load(io.BytesIO(buffer.getvalue()))
            """},
        "expression",
    ),
    "one temporary file": (
        {"use.py": """
            def copy(m, f):
                torch.save(m.state_dict(), f.name)
                return torch.load(f)
            """},
        "expression",
    ),
    "two buffers of one name": (
        {"use.py": """
            def write(m, buffer):
                torch.save(m.state_dict(), buffer)
            def copy(buffer):
                return torch.load(buffer)
            """},
        None,
    ),
    "a name that is set anew": (
        {"use.py": """
            def copy(m, path, get):
                torch.save(m.state_dict(), path)
                path = get()
                return torch.load(path)
            """},
        None,
    ),
    "a common name of one self": (
        {"use.py": """
            class Agent:
                def write(self):
                    torch.save(self.net.state_dict(), self.path)
                def take(self):
                    return torch.load(self.path)
            """},
        "expression",
    ),
    "methods of one class, one more explicit": (
        {"use.py": """
            class Agent:
                def save_model(self, to):
                    torch.save(self.net.state_dict(), to)
                def load(self, path):
                    return torch.load(path)
            """},
        "methods",
    ),
    "functions of one file about different things": (
        {"use.py": """
            def save_model(m, to):
                torch.save(m.state_dict(), to)
            def load(path):
                return torch.load(path)
            """},
        None,
    ),
    "functions of two files side by side": (
        {"write.py": "def save_model(m, to):\n    torch.save(m.state_dict(), to)",
         "use.py": "def load_model(path):\n    return torch.load(path)"},
        "methods",
    ),
    "verbs of two files side by side": (
        {"write.py": "def save(m, to):\n    torch.save(m.state_dict(), to)",
         "use.py": "def load(path):\n    return torch.load(path)"},
        None,
    ),
    "a key of a display, whose state is restored": (
        {"lib/write.py": "torch.save({'net': net.state_dict(), 'epoch': 2}, get())",
         "use.py": "def f(p):\n    ckpt = torch.load(p)\n    net.load_state_dict(ckpt['net'])"},
        "keys",
    ),
    "a key of a display, whose state something else takes": (
        {"lib/write.py": "torch.save({'net': net.state_dict(), 'epoch': 2}, get())",
         "use.py": "def f(p, m):\n    ckpt = torch.load(p)\n    m.load_state_dict(ckpt['net'])"},
        None,
    ),
    "an ending that is no name": (
        {"lib/write.py": "def f(d, step, m):\n    torch.save(m, f'{d}/{step}.pth.tar')",
         "use.py": "torch.load('hifigan/generator.pth.tar')"},
        None,
    ),
    "keys stored one by one": (
        {"lib/write.py": "state = dict(epoch=1)\nstate['net'] = 1\ntorch.save(state, get())",
         "use.py": "def f(p):\n    c = torch.load(p)\n    return c['net'], c['epoch']"},
        "keys",
    ),
    "one key, which stands in many files": (
        {"lib/write.py": "torch.save({'net': 1, 'epoch': 2}, get())",
         "use.py": "def f(p):\n    return torch.load(p)['net']"},
        None,
    ),
    "one key of two": (
        {"lib/write.py": "torch.save({'net': 1}, get())  # no 'epoch'",
         "use.py": "def f(p):\n    c = torch.load(p)\n    return c['net'], c['epoch']"},
        None,
    ),
    "keys, but another file": (
        {"lib/write.py": "torch.save({'net': 1}, 'runs/last.pt')",
         "use.py": "torch.load('vgg16.pt')['net']"},
        None,
    ),
    "keys that are written, not asked for": (
        {"lib/write.py": "torch.save({'net': 1}, get())",
         "use.py": "def f(p):\n    c = torch.load(p)\n    c['net'] = 2"},
        None,
    ),
    "keys that the caller asks for": (
        {"lib/write.py": "torch.save({'net': 1, 'epoch': 2}, get())",
         "use.py": "def read(p):\n    return torch.load(p)\ns = read(x)\ns['net'], s['epoch']"},
        "keys",
    ),
    "the state of the object that is restored": (
        {"use.py": """
            def main(args, policy, log):
                def keep(policy):
                    torch.save(policy.state_dict(), log)
                if args.resume:
                    policy.load_state_dict(torch.load(args.resume))
            """},
        "object",
    ),
    "its state under a key": (
        {"use.py": """
            def main(args, net):
                saved = torch.load(args.resume)
                net.load_state_dict(saved["net"])
                for epoch in range(3):
                    torch.save({"net": net.module.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a state under a key, which gets a name of its own": (
        {"use.py": """
            def main(args, net):
                state = torch.load(args.resume)["net"]
                net.load_state_dict(state)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a state under a key whose own keys are renamed": (
        {"use.py": """
            def main(args, net):
                state = torch.load(args.resume)["net"]
                state = {key.removeprefix("module."): value for key, value in state.items()}
                net.load_state_dict(state)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a function that puts a state into an object": (
        {"use.py": """
            def main(args, net):
                load_weights(net, torch.load(args.resume)["net"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a function that puts a state into another object": (
        {"use.py": """
            def main(args, net, teacher):
                load_weights(teacher, torch.load(args.resume)["net"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        None,
    ),
    "a function that takes a state for something else": (
        {"use.py": """
            def main(args, net):
                compare(net, torch.load(args.resume)["net"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        None,
    ),
    "a state that is merged into the object's own": (
        {"use.py": """
            def main(args, net):
                found = torch.load(args.resume)["net"]
                own = net.state_dict()
                fitting = {key: value for key, value in found.items() if key in own}
                own.update(fitting)
                net.load_state_dict(own)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a state that a loop copies": (
        {"use.py": """
            def main(args, net):
                found = clean_state_dict(torch.load(args.resume)["net"])
                state = {}
                for key, value in found.items():
                    state[key[7:]] = value
                net.load_state_dict(state)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        "object",
    ),
    "a state that is merged into another object's": (
        {"use.py": """
            def main(args, net):
                found = torch.load(args.resume)["net"]
                own = args.teacher.state_dict()
                own.update(found)
                args.teacher.load_state_dict(own)
                net.load_state_dict(args.other)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        None,
    ),
    "a loop that copies something else": (
        {"use.py": """
            def main(args, net):
                found = torch.load(args.resume)["net"]
                state = {}
                for key, value in found.items():
                    state[key] = args.other
                net.load_state_dict(state)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        None,
    ),
    "a save by accelerate": (
        {"use.py": """
            from accelerate import Accelerator
            engine = Accelerator()
            def keep(net):
                engine.save(net.state_dict(), "runs/net.pt")
            def start():
                return torch.load("runs/net.pt")
            """},
        "path",
    ),
    "a save by accelerate in another format": (
        {"use.py": """
            from accelerate import Accelerator
            engine = Accelerator()
            def keep(net):
                engine.save(net.state_dict(), "runs/net.pt", safe_serialization=True)
            def start():
                return torch.load("runs/net.pt")
            """},
        None,
    ),
    "a save by something else beside accelerate": (
        {"use.py": """
            from accelerate import Accelerator
            engine = Accelerator()
            def keep(net, store):
                store.save(net.state_dict(), "runs/net.pt")
            def start():
                return torch.load("runs/net.pt")
            """},
        None,
    ),
    "a state under a key that nobody saves": (
        {"use.py": """
            def main(args, net):
                state = torch.load(args.resume)["ema"]
                net.load_state_dict(state)
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch}, args.out)
            """},
        None,
    ),
    "the state of another name of what is restored": (
        {"use.py": """
            def keep(args, net):
                bare = net.module if hasattr(net, "module") else net
                torch.save(bare.state_dict(), args.out)
            def start(args):
                net = get(args)
                net.load_state_dict(torch.load(args.resume))
            """},
        "object",
    ),
    "the state of another name of something else": (
        {"use.py": """
            def keep(args, teacher):
                bare = teacher.module if hasattr(teacher, "module") else teacher
                torch.save(bare.state_dict(), args.out)
            def start(args):
                net = get(args)
                net.load_state_dict(torch.load(args.resume))
            """},
        None,
    ),
    "the state of what the same class makes, in another file": (
        {"nets.py": "class Net:\n    pass\nclass Other:\n    pass",
         "train.py": """
            from nets import Net
            def main(args):
                model = torch.nn.DataParallel(Net().to(args.device))
                Trainer(model).run(args)
            class Trainer:
                def __init__(self, model):
                    self.model = model
                def run(self, args):
                    torch.save(self.model.module.state_dict(), args.out)
            """,
         "use.py": """
            from nets import Net
            def main(args):
                net = Net()
                net = net.cuda().eval()
                net.load_state_dict(torch.load(args.weights))
            """},
        "object",
    ),
    "the state of what another class makes": (
        {"nets.py": "class Net:\n    pass\nclass Other:\n    pass",
         "train.py": """
            from nets import Other
            model = Other()
            torch.save(model.state_dict(), get())
            """,
         "use.py": RESTORES_NET},
        None,
    ),
    "the state of what the same class makes, under another key": (
        {"nets.py": "class Net:\n    pass",
         "train.py": """
            from nets import Net
            model = Net()
            torch.save({"model": model.state_dict()}, get())
            """,
         "use.py": RESTORES_NET},
        None,
    ),
    "the state of what the same function makes, under the same key": (
        {"nets.py": "def build(name):\n    return timm.create_model(name)",
         "train.py": """
            from nets import build
            def main(args):
                model = build(args.name)
                torch.save({"net": model.state_dict(), "epoch": 1}, args.out)
            """,
         "use.py": """
            from nets import build
            def main(args):
                net = build(args.name)
                net.load_state_dict(torch.load(args.weights)["net"])
            """},
        "object",
    ),
    "the state of what a library's function makes": (
        {"train.py": """
            import timm
            model = timm.create_model("a")
            torch.save(model.state_dict(), get())
            """,
         "use.py": """
            import timm
            def main(args):
                net = timm.create_model("a")
                net.load_state_dict(torch.load(args.weights))
            """},
        None,
    ),
    "the state of what one class makes, in too many files": (
        {"nets.py": "class Net:\n    pass",
         **{f"train_{name}.py": """
            from nets import Net
            model = Net()
            torch.save(model.state_dict(), get())
            """ for name in "abc"},
         "use.py": RESTORES_NET},
        None,
    ),
    "the state of another object": (
        {"use.py": """
            def main(args, net, teacher):
                teacher.load_state_dict(torch.load(args.teacher))
                torch.save(net.state_dict(), args.out)
            """},
        None,
    ),
    "its state, but from a file of another name": (
        {"use.py": """
            def main(args, net):
                net.load_state_dict(torch.load("pretrained/resnet.pt"))
                torch.save(net.state_dict(), "runs/last.pt")
            """},
        None,
    ),
    "its state in another file of the project": (
        {"write.py": "def f(net, to):\n    torch.save(net.state_dict(), to)",
         "use.py": "def g(net, p):\n    net.load_state_dict(torch.load(p))"},
        None,
    ),
    "the parts of a tuple": (
        {"use.py": """
            def main(args, net, optimizer):
                state, optimizer_state, step = torch.load(args.resume)
                net.load_state_dict(state)
                for step in range(9):
                    saved = (net.state_dict(), optimizer.state_dict(), step)
                    torch.save(saved, args.out)
            """},
        "object",
    ),
    "a tuple of more parts": (
        {"use.py": """
            def main(args, net, optimizer):
                state, step = torch.load(args.resume)
                net.load_state_dict(state)
                for step in range(9):
                    torch.save((net.state_dict(), optimizer.state_dict(), step), args.out)
            """},
        None,
    ),
    "the parts of a tuple in another order": (
        {"use.py": """
            def main(args, net):
                step, state = torch.load(args.resume)
                net.load_state_dict(state)
                for step in range(9):
                    torch.save((net.state_dict(), step), args.out)
            """},
        None,
    ),
    "the state of what a caller hands on": (
        {"use.py": """
            class Trainer:
                def __init__(self, args):
                    self.net.load_state_dict(torch.load(args.resume))
                def train(self, epoch):
                    keep(self.net, epoch)
            def keep(model, epoch):
                if hasattr(model, "module"):
                    model = model.module
                torch.save(model.state_dict(), get(epoch))
            """},
        "object",
    ),
    "the state of another thing that a caller hands on": (
        {"use.py": """
            class Trainer:
                def __init__(self, args):
                    self.net.load_state_dict(torch.load(args.resume))
                def train(self, epoch):
                    keep(self.teacher, epoch)
            def keep(model, epoch):
                torch.save(model.state_dict(), get(epoch))
            """},
        None,
    ),
    "a dictionary that the load's own file hands to a function that saves": (
        {"use.py": """
            from lib.saver import save_checkpoint
            class Trainer:
                def __init__(self, args):
                    checkpoint = torch.load(args.resume)
                    self.net.load_state_dict(checkpoint["state_dict"])
                def train(self, epoch):
                    save_checkpoint({"state_dict": self.net.module.state_dict()}, epoch)
            """,
         "lib/saver.py": "def save_checkpoint(state, n):\n    torch.save(state, get(n))"},
        "object",
    ),
    "a dictionary that another file hands to it, by its keys": (
        {"use.py": """
            def read(path):
                checkpoint = torch.load(path)
                return checkpoint["state_dict"], checkpoint["best"]
            """,
         "train.py": """
            from saver import save_checkpoint
            save_checkpoint({"state_dict": net.state_dict(), "best": 3}, 1)
            """,
         "saver.py": "def save_checkpoint(state, n):\n    torch.save(state, get(n))"},
        "keys",
    ),
    "a dictionary with the state of something else": (
        {"use.py": """
            from lib.saver import save_checkpoint
            class Trainer:
                def __init__(self, args):
                    checkpoint = torch.load(args.resume)
                    self.net.load_state_dict(checkpoint["state_dict"])
                def train(self, epoch):
                    save_checkpoint({"teacher": self.teacher.state_dict()}, epoch)
            """,
         "lib/saver.py": "def save_checkpoint(state, n):\n    torch.save(state, get(n))"},
        None,
    ),
    "what another load of the same option restores": (
        {"use.py": """
            from trainer import Trainer
            args = parse()
            config = torch.load(args.resume)["config"]
            Trainer(args.resume).run(config)
            """,
         "trainer.py": """
            class Trainer:
                def __init__(self, resume):
                    self._resume_checkpoint(resume)
                def _save_checkpoint(self, epoch):
                    torch.save({"config": self.config, "net": self.net.state_dict()}, get(epoch))
                def _resume_checkpoint(self, resume_path):
                    self.net.load_state_dict(torch.load(resume_path)["net"])
            """},
        "methods",
    ),
    "what a load of another option restores": (
        {"use.py": """
            from trainer import Trainer
            args = parse()
            config = torch.load(args.teacher)["config"]
            Trainer(args.resume).run(config)
            """,
         "trainer.py": """
            class Trainer:
                def __init__(self, resume):
                    self._resume_checkpoint(resume)
                def _save_checkpoint(self, epoch):
                    torch.save({"config": self.config, "net": self.net.state_dict()}, get(epoch))
                def _resume_checkpoint(self, resume_path):
                    self.net.load_state_dict(torch.load(resume_path)["net"])
            """},
        None,
    ),
    "a state without what is asked for around it": (
        {"use.py": """
            def save_model(net, path):
                torch.save(net.state_dict(), path)
            def load_model(net, path):
                net.load_state_dict(torch.load(path)["state_dict"])
            """},
        None,
    ),
    "the keys of the file's own save, and fewer": (
        {"use.py": """
            def start(net, path, folder):
                found = torch.load(path)
                restore(net, found["net"], found["epoch"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict(), "epoch": epoch, "more": 1}, get(epoch))
            """,
         "other.py": """
            def keep(net, epoch):
                torch.save({"net": net.state_dict(), "epoch": epoch}, get(epoch))
            """},
        "keys",
    ),
    "the state of one of two nets": (
        {"use.py": """
            class Trainer:
                def save(self, folder):
                    torch.save({"a": self.gen.state_dict()}, get(folder, "gen"))
                    torch.save({"a": self.dis.state_dict()}, get(folder, "dis"))
                def load(self, folder):
                    self.dis.load_state_dict(torch.load(find(folder, "dis"))["a"])
            """},
        "methods",
    ),
    "a state without a key that is asked for": (
        {"use.py": """
            def main(args, net):
                found = torch.load(args.refine)
                net.build(found["cfg"])
                net.load_state_dict(found["net"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict()}, get(epoch))
            """},
        None,
    ),
    "a state without a key that need not be there": (
        {"use.py": """
            def main(args, net):
                found = torch.load(args.resume)
                if "cfg" in found:
                    net.build(found["cfg"])
                net.load_state_dict(found["net"])
                for epoch in range(3):
                    torch.save({"net": net.state_dict()}, get(epoch))
            """},
        "object",
    ),
    "a key of another program of the repository": (
        {"use.py": "import torch",
         "demos/track/use.py": """
            import util.misc as utils
            def start(net, path):
                net.load_state_dict(torch.load(path)["model"])
            """,
         "lib/utils/keep.py": """
            def keep(net, epoch):
                torch.save({"model": net.state_dict()}, get(epoch))
            """},
        None,
    ),
    "a key of the package that is used": (
        {"use.py": "import torch",
         "demos/track/use.py": """
            from lib.nets import Net
            def start(net, path):
                net.load_state_dict(torch.load(path)["model"])
            """,
         "lib/utils/keep.py": """
            def keep(net, epoch):
                torch.save({"model": net.state_dict()}, get(epoch))
            """},
        "keys",
    ),
    "what is published": (
        {"use.py": """
            def start(net, url):
                net.load_state_dict(torch.hub.load_state_dict_from_url(url)["model"])
            def keep(net, epoch):
                torch.save({"model": net.state_dict()}, get(epoch))
            """},
        None,
    ),
    "paths whose short names are spelled alike": (
        {"use.py": """
            def f(n, epoch):
                torch.load(f"saved_models/{n}/G_{epoch}.pt")
            def g(n, epoch, m):
                torch.save(m, "saved_models/%s/G_%d.pt" % (n, epoch))
            """},
        "path",
    ),
    "short names that differ": (
        {"use.py": """
            def f(n, epoch):
                torch.load(f"saved_models/{n}/G_{epoch}.pt")
            def g(n, epoch, m):
                torch.save(m, "saved_models/%s/D_%d.pt" % (n, epoch))
            """},
        None,
    ),
    "a number, and more words of a name": (
        {"use.py": """
            def f(folder, seed):
                torch.load(f"{folder}/seed-{seed}-last-info.pth")
            def g(folder, seed, m):
                torch.save(m, f"{folder}/seed-{seed}.pth")
            """},
        None,
    ),
    "one name in folders that two other programs choose": (
        {
            "demos/track/use.py": "torch.load('runs/search/results.pth')",
            "a/one.py": "def f(d, m):\n    torch.save(m, d + '/results.pth')",
            "b/two.py": "def g(d, m):\n    torch.save(m, d + '/results.pth')",
        },
        None,
    ),
    "one name in folders that two files beside it choose": (
        {
            "use.py": "torch.load('runs/best.pth')",
            "a.py": "def f(d, m):\n    torch.save(m, d + '/best.pth')",
            "b.py": "def g(d, m):\n    torch.save(m, d + '/best.pth')",
        },
        None,
    ),
    "one name that another save writes into a folder that is known": (
        {
            "use.py": "torch.load('runs/net/best.pth')",
            "a.py": "def f(d, m):\n    torch.save(m, d + '/best.pth')",
            "b.py": "def g(m):\n    torch.save(m, 'runs/other/best.pth')",
        },
        None,
    ),
    "one name in a folder that another program chooses": (
        {
            "demos/track/use.py": "torch.load('runs/search/results.pth')",
            "a/one.py": "def f(d, m):\n    torch.save(m, d + '/results.pth')",
        },
        "path",
    ),
    "names without a word": (
        {"use.py": """
            def f(n):
                torch.load(f"runs/{n}.pt")
            def g(n, m):
                torch.save(m, "runs/%s.pt" % n)
            """},
        None,
    ),
}  # fmt: skip


def matched(files):
    """The files of the saves that are matched to the load in use.py, each with its sign."""
    index = project(
        {path: f"import io\nimport torch\n{dedent(text)}\n" for path, text in files.items()}
    )
    module = index.module_at("demos/track/use.py") or index.module_at("use.py")
    (load,) = every_load(module, index)
    found = producers_for(load, module, resolve_path(load.file, module, index), index)
    return [(each.path, each.match) for each in found]


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_signs_that_a_save_belongs_to_a_load(files, expected):
    assert [match for _, match in matched(files)] == ([expected] if expected else [])
