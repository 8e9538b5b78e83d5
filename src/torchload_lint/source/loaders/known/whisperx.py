"""whisperx: its model, and those that find voices, align words and tell speakers apart."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_WHISPERX = (Behaviour(Does.DEFAULT, "whisperx 3.8.6, vads/pyannote.py, over pyannote's Model"),)

_ALIGNS = (
    Behaviour(Does.FALSE, "whisperx 3.8.6, alignment.py, over torchaudio's bundles and torch.hub"),
)
_DIARIZES = (Behaviour(Does.DEFAULT, "whisperx 3.8.6, diarize.py, over pyannote's Pipeline"),)

LIBRARY = Library(
    roots=("whisperx",),
    distributions=("whisperx",),
    words=("load_model", "load_vad_model", "load_align_model", "DiarizationPipeline"),
    loaders=(
        Loader("load_model", "", ("whisper_arch", "device"), _WHISPERX),
        Loader("load_vad_model", "model_fp",
               ("device", "vad_onset", "vad_offset", "token", "model_fp"), _WHISPERX),
        Loader("load_align_model", "", ("language_code", "device", "model_name", "model_dir"),
               _ALIGNS),
        Loader("DiarizationPipeline", "", ("model_name", "token", "device"), _DIARIZES),
    ),
)  # fmt: skip
