"""torchvision: other names of torch.hub's function, and the weights of its models."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

LIBRARY = Library(
    roots=("torchvision",),
    distributions=("torchvision",),
    loaders=(
        Loader(
            "load_state_dict_from_url",
            "url",
            ("url", "model_dir", "map_location", "progress", "check_hash", "file_name",
             "weights_only"),
            (Behaviour(Does.FALSE, "torchvision 0.29.1, torchvision/_internally_replaced_utils.py",
                       keyword="weights_only"),),
        ),
    ),
)  # fmt: skip
