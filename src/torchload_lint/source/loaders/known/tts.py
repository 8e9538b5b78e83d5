"""TTS and coqui-tts: loading over fsspec."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_TTS = (Behaviour(Does.DEFAULT, "TTS 0.22.0, utils/io.py"),)

LIBRARY = Library(
    roots=("TTS",),
    distributions=("TTS", "coqui-tts"),
    words=("load_fsspec", "load_checkpoint"),
    loaders=(
        Loader("load_fsspec", "path", ("path", "map_location"), _TTS),
        Loader("load_checkpoint", "checkpoint_path", ("model", "checkpoint_path"), _TTS,
               within="io"),
    ),
)  # fmt: skip
