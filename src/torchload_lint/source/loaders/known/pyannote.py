"""pyannote.audio: pretrained models."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_PYANNOTE = (
    Behaviour(Does.DEFAULT, "pyannote.audio 3.3.2 to 4.0.0, core/model.py, over Lightning's _load"),
    Behaviour(Does.FALSE, "pyannote.audio 4.0.3 to 4.0.7, core/model.py", since="4.0.3"),
)  # fmt: skip

LIBRARY = Library(
    roots=("pyannote",),
    distributions=("pyannote.audio", "pyannote-audio"),
    words=("from_pretrained",),
    loaders=(
        Loader("from_pretrained", "checkpoint", ("checkpoint", "map_location"), _PYANNOTE,
               of="Model"),
        # its path names a configuration, whose models are loaded
        Loader("from_pretrained", "", ("checkpoint",), _PYANNOTE, of="Pipeline"),
    ),
)  # fmt: skip
