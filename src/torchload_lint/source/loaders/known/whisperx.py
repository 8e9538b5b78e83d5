"""whisperx: its model, and the one that finds voices."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_WHISPERX = (Behaviour(Does.DEFAULT, "whisperx 3.8.6, vads/pyannote.py, over pyannote's Model"),)

LIBRARY = Library(
    roots=("whisperx",),
    distributions=("whisperx",),
    words=("load_model", "load_vad_model"),
    loaders=(
        Loader("load_model", "", ("whisper_arch", "device"), _WHISPERX),
        Loader("load_vad_model", "model_fp",
               ("device", "vad_onset", "vad_offset", "token", "model_fp"), _WHISPERX),
    ),
)  # fmt: skip
