"""What is known of each library's loaders: data, one file a library.

A file is imported only where a program names its library, or uses one of its signs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.facts.loader import Library

ROOTS = {
    "TTS": "tts",
    "accelerate": "accelerate",
    "catalyst": "catalyst",
    "chemprop": "chemprop",
    "deepspeed": "deepspeed",
    "detectron2": "detectron2",
    "diffusers": "diffusers",
    "e3nn": "e3nn",
    "esm": "esm",
    "fairseq": "fairseq",
    "fastai": "fastai",
    "flair": "flair",
    "fvcore": "detectron2",
    "gfpgan": "gfpgan",
    "ignite": "ignite",
    "lightning": "lightning",
    "lightning_fabric": "lightning",
    "mace": "mace",
    "mmaction": "mmaction",
    "mmcv": "mmengine",
    "mmdet": "mmdet",
    "mmengine": "mmengine",
    "mmpose": "mmpose",
    "mmseg": "mmseg",
    "monai": "monai",
    "nemo": "nemo",
    "nnunetv2": "nnunetv2",
    "pyannote": "pyannote",
    "pytorch_lightning": "lightning",
    "realesrgan": "realesrgan",
    "sb3_contrib": "stable_baselines3",
    "segment_anything": "segment_anything",
    "skorch": "skorch",
    "speechbrain": "speechbrain",
    "stable_baselines3": "stable_baselines3",
    "timm": "timm",
    "torch": "torch",
    "torch_geometric": "torch_geometric",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "ultralytics": "ultralytics",
    "whisper": "whisper",
    "whisperx": "whisperx",
}
"""The first part of a dotted name → the file that knows the library."""
MAKERS = {"deepspeed.initialize": "deepspeed.DeepSpeedEngine"}
"""A library's function → the class of the object that it returns, alone or first of several."""
SAVING_CLASSES = frozenset({"Accelerator"})
"""Classes whose ``save(obj, f)`` hands on to ``torch.save``, unless ``safe_serialization`` is given
(accelerate 1.15.0, accelerator.py)."""
TELLING = {
    "ckpt_path": "lightning",
    "load_from_checkpoint": "lightning",
    "resume_from_checkpoint": "transformers",
    "load_state": "accelerate",
    "initialize_from_trained_model_folder": "nnunetv2",
    "load_module_strict": "deepspeed",
    "f_params": "skorch",
}
"""Words that tell a library's loader in a file that need not name the library."""
ENOUGH = ("ckpt_path", "load_from_checkpoint")
"""Those of them for which alone a file is looked into."""


def libraries_in(text: str) -> list[Library]:
    """The libraries whose loaders a file with this text may call."""
    words = {file for word, file in (*ROOTS.items(), *TELLING.items()) if word in text}
    return [library(file) for file in sorted(words)]


def library(file: str) -> Library:
    """What one file knows."""
    found: Library = import_module(f"{__name__}.{file}").LIBRARY
    return found
