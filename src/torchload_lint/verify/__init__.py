"""Was it true? Real torch, in another process."""

from __future__ import annotations

from torchload_lint.verify.fix_proofs import FixProofs
from torchload_lint.verify.interpreter import find_python
from torchload_lint.verify.parent import (
    DEFAULT_TIMEOUT,
    AllowedObject,
    Interpreter,
    LoadOutcome,
    NoTorchError,
    prove,
)
from torchload_lint.verify.proofs import (
    LoadProof,
    ProofVerdict,
    Prover,
    runs_code_for_sure,
    unreadable_files,
    without,
)
from torchload_lint.verify.written import NotReadableError

__all__ = [
    "DEFAULT_TIMEOUT",
    "AllowedObject",
    "FixProofs",
    "Interpreter",
    "LoadOutcome",
    "LoadProof",
    "NoTorchError",
    "NotReadableError",
    "ProofVerdict",
    "Prover",
    "find_python",
    "prove",
    "runs_code_for_sure",
    "unreadable_files",
    "without",
]
