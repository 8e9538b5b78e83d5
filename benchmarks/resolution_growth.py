"""What resolving costs as a project grows: recipes with a saving, a loading and a shared file.

    python benchmarks/resolution_growth.py [RECIPES …]

Every recipe is a folder of four files whose load gets its path from a caller in another file, by
way of an option; the function names are the same in all recipes, which is the hard case.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from torchload_lint.config import Config
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.saving.producers import producers_for
from torchload_lint.workspace.on_disk.source_files import DiskFiles

FILES = {
    "model.py": "from torch import nn\nclass Net(nn.Module):\n    pass\n",
    "common.py": "import torch\ndef load_model(path):\n    return torch.load(path)['net']\n",
    "train.py": "import torch\nfrom model import Net\nnet = Net()\n"
    "torch.save({'net': net.state_dict()}, 'exp/best.pt')\n",
    "test.py": "import argparse\nfrom common import load_model\n"
    "parser = argparse.ArgumentParser()\nparser.add_argument('--exp', default='exp')\n"
    "args = parser.parse_args()\nload_model(args.exp + '/best.pt')\n",
}


def measure(recipes):
    with tempfile.TemporaryDirectory() as folder:
        for number in range(recipes):
            recipe = Path(folder, f"recipe{number}")
            recipe.mkdir()
            for name, text in FILES.items():
                (recipe / name).write_text(text + "# filling\n" * 200)
        project = ProjectIndex(DiskFiles(Config(root=Path(folder))))
        exact = produced = 0
        start = time.process_time()
        for number in range(recipes):
            module = project.module_at(f"recipe{number}/common.py")
            (load,) = module.loads
            resolution = resolve_path(load.file, module, project)
            exact += [each.text for each in resolution.patterns] == ["exp/best.pt"]
            produced += bool(producers_for(load, module, resolution, project))
        return time.process_time() - start, exact, produced


for count in map(int, sys.argv[1:] or ("25", "50", "100", "200", "400")):
    seconds, exact, produced = measure(count)
    print(
        f"{4 * count:5} files {count:4} loads: {seconds:6.2f} s, {1000 * seconds / count:6.1f} ms "
        f"a load; exact {exact}, with a producer {produced}"
    )
