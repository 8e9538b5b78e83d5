"""Small projects whose program fails on torch 2.6 and newer, each with its own checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Program:
    """``save`` writes the checkpoint; ``files`` is the project, whose ``main.py`` loads it."""

    name: str
    save: str
    files: dict[str, str]
    prints: str
    fails_before: bool = True
    reads: str = "weights/file.pt"


MODELS = """
    import torch

    class MyModel(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(2, 1)
"""

PROGRAMS = (
    Program(
        "a whole model of a package class",
        save="""
            import torch
            from myapp.models import MyModel
            torch.save(MyModel(), "weights/file.pt")
        """,
        files={
            "myapp/__init__.py": "",
            "myapp/models.py": MODELS,
            "main.py": """
                import torch

                model = torch.load("weights/file.pt")
                print(type(model).__module__, tuple(model.fc.weight.shape))
            """,
        },
        prints="myapp.models (1, 2)",
    ),
    Program(
        "a model saved from __main__",
        save="""
            import torch

            class Net(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.act = torch.nn.ReLU()

            torch.save(Net(), "weights/file.pt")
        """,
        files={
            "nets.py": """
                import torch

                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.act = torch.nn.ReLU()
            """,
            "main.py": """
                import torch

                print(type(torch.load("weights/file.pt").act).__name__)
            """,
        },
        prints="ReLU",
    ),
    Program(
        "a dict with a Namespace, a path, numpy scalars and arrays",
        save="""
            import argparse, pathlib
            import numpy as np
            import torch
            torch.save({
                "args": argparse.Namespace(lr=0.1),
                "out": pathlib.PurePosixPath("runs"),
                "best": np.float64(0.5),
                "curve": np.arange(3, dtype="float32"),
            }, "weights/file.pt")
        """,
        files={
            "main.py": """
                '''A script.'''
                from __future__ import annotations

                from pathlib import Path

                import torch

                WEIGHTS = Path(__file__).parent / "weights"


                def main() -> None:
                    state = torch.load(WEIGHTS / "file.pt", map_location="cpu")
                    print(state["args"].lr, state["out"], state["best"], state["curve"].sum())


                if __name__ == "__main__":
                    main()
            """,
        },
        prints="0.1 runs 0.5 3.0",
    ),
    Program(
        "an optimizer state with a numpy learning rate",
        save="""
            import numpy as np
            import torch
            parameter = torch.nn.Parameter(torch.ones(2))
            optimizer = torch.optim.SGD([parameter], lr=np.float64(0.25), momentum=0.9)
            parameter.sum().backward()
            optimizer.step()
            torch.save({"optimizer": optimizer.state_dict()}, "weights/file.pt")
        """,
        files={
            "train.py": """
                import os
                import torch as t

                def resume(optimizer):
                    path = os.path.join("weights", "file.pt")
                    if os.path.exists(path):
                        checkpoint = t.load(path)
                        optimizer.load_state_dict(checkpoint["optimizer"])
                    return optimizer
            """,
            "main.py": """
                import torch
                from train import resume

                optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=1.0)
                print(float(resume(optimizer).param_groups[0]["lr"]))
            """,
        },
        prints="0.25",
    ),
    Program(
        "a plain state dict",
        save="""
            import torch
            torch.save(torch.nn.Linear(2, 1).state_dict(), "weights/file.pt")
        """,
        files={
            "main.py": """
                import torch

                model = torch.nn.Linear(2, 1)
                print(model.load_state_dict(torch.load("weights/file.pt", weights_only=False)))
            """,
        },
        prints="<All keys matched successfully>",
        fails_before=False,
    ),
)

HOSTILE = Program(
    "a hostile file",
    save="""
        import os
        import torch

        class Payload:
            def __reduce__(self):
                return os.system, ("echo pwned > pwned.txt",)

        torch.save({"weights": torch.ones(1), "extra": Payload()}, "weights/file.pt")
    """,
    files={
        "main.py": """
            import torch

            state = torch.load("weights/file.pt", weights_only=False)
        """,
    },
    prints="",
)


def source(text: str) -> str:
    """The text of a file, dedented, without the first empty line."""
    return dedent(text).removeprefix("\n")
