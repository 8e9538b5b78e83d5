"""Real-ESRGAN: its upsampler."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_REALESRGAN = (Behaviour(Does.DEFAULT, "realesrgan 0.3.0, utils.py"),)

LIBRARY = Library(
    roots=("realesrgan",),
    distributions=("realesrgan",),
    words=("RealESRGANer",),
    loaders=(Loader("RealESRGANer", "model_path", ("scale", "model_path"), _REALESRGAN),),
)
