"""diffusers: pipelines and models of a single file."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

LIBRARY = Library(
    roots=("diffusers",),
    distributions=("diffusers",),
    words=("from_single_file",),
    loaders=(
        Loader(
            "from_single_file", "pretrained_model_link_or_path", ("pretrained_model_link_or_path",),
            (Behaviour(Does.TRUE, "diffusers 0.42.1, models/model_loading_utils.py"),),
            of="*",
        ),
    ),
)  # fmt: skip
