"""OpenAI's Whisper: a model by its name, or a file of one."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_WHISPER = (
    Behaviour(Does.DEFAULT, "openai-whisper before its commit 1f8fc97, __init__.py"),
    Behaviour(Does.TRUE, "openai-whisper 20250625, __init__.py", since="20250625"),
)

LIBRARY = Library(
    roots=("whisper",),
    distributions=("openai-whisper",),
    words=("whisper.load_model(", "whisper import load_model"),
    loaders=(
        Loader("load_model", "name", ("name", "device", "download_root", "in_memory"), _WHISPER,
               within="whisper", only=".pt"),
    ),
)  # fmt: skip
