"""Lists the functions on tensors and numbers that a class may call and still be harmless.

    python tools/harmless_functions.py > harmless_functions.txt  (in source/proofs/known)

They are those that torch itself makes from its operators (nothing in them calls Python that the
caller hands over, but for ``__torch_function__``), and the functions of ``math``.
"""

from __future__ import annotations

import inspect
import math

import torch

NOT_HARMLESS = set(
    "from_file compile frombuffer asarray boolean_dispatch segment_reduce resize_as_sparse_ "
    "fused_moving_avg_obs_fake_quant".split()
)
"""What reaches the disk, runs what it is given later, trusts an address or believes a length."""
UNCHECKED = ("sparse_", "unsafe_", "fbgemm_", "quantized_", "cudnn_", "miopen_", "mkldnn_", "sym_")
"""How functions start that do not check what they are given."""

OPERATORS = torch._C._VariableFunctions
MODULES = {
    "torch.nn.functional": torch.nn.functional,
    "torch.nn.init": torch.nn.init,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "torch.special": torch.special,
}


def main() -> None:
    print("# Made by tools/harmless_functions.py from torch", torch.__version__.partition("+")[0])
    write("torch", [name for name in dir(OPERATORS) if hasattr(torch, name)])
    for module, found in MODULES.items():
        own = [name for name, value in vars(found).items() if is_own(value, module)]
        write(module, own)
    write("math", dir(math))


def is_own(value: object, module: str) -> bool:
    """Whether it is an operator, or a function that the module itself writes."""
    if inspect.isbuiltin(value):
        return True
    return inspect.isfunction(value) and str(value.__module__) in {module, "torch._jit_internal"}


def write(module: str, names: list[str]) -> None:
    public = sorted(
        {name for name in names if not name.startswith(("_", *UNCHECKED))} - NOT_HARMLESS
    )
    for start in range(0, len(public), 40):
        print(f"{module}: {' '.join(public[start : start + 40])}")


if __name__ == "__main__":
    main()
