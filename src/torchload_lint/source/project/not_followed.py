"""Installed packages that are not worth being followed into."""

from __future__ import annotations

NOT_FOLLOWED = frozenset(
    "builtins torch torchvision torchaudio numpy scipy pandas PIL cv2 sklearn matplotlib tqdm yaml "
    "click requests pytest setuptools huggingface_hub safetensors tensorflow jax".split()
)
"""Packages that load nothing with torch.load, or whose loaders a table knows."""
